"""A skorch callback that shows a progress bar with the remaining time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """One bar over the budget of the net's clock, followed by the last figures.

    Training continues without the bar if there is no `sys.stderr`, or if it is closed before or during training.

    Parameters
    ----------
    label : str
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.bar_: Any = None

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        if sys.stderr is None or getattr(sys.stderr, "closed", False):
            return
        look = {"desc": self.label, "bar_format": "{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}", "leave": True}
        with self._while_it_can_be_shown():
            self.bar_ = tqdm(total=100, **look)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if self.bar_ is None:
            return
        clock = net.clock_
        done = clock.seconds / max(clock.seconds + clock.seconds_left(), 1e-9)
        loss = net.history_names[0]
        figures = f"{clock.seconds_left():.0f} s left, {loss.replace('_', ' ')} {net.history[-1][loss]:.3f}"
        with self._while_it_can_be_shown():
            self.bar_.set_postfix_str(figures, refresh=False)
            self.bar_.update(100 * done - self.bar_.n)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        if self.bar_ is not None:
            with self._while_it_can_be_shown():
                self.bar_.close()

    @contextmanager
    def _while_it_can_be_shown(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError):  # OSError: the stream takes nothing; ValueError: it is closed
            if self.bar_ is not None:
                self.bar_.disable = True  # it would write again when it is garbage-collected
            self.bar_ = None
