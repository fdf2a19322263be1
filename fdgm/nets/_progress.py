"""A progress bar with the time left, as a skorch callback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """One bar over the budget of the net's clock, with the last figures behind it.

    Where it cannot be shown, since there is no `sys.stderr` or it is closed, or closes on the way, training goes on
    without it.

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
        except (OSError, ValueError):  # of a stream that takes nothing, the second of one that is closed
            if self.bar_ is not None:
                self.bar_.disable = True  # it would write once more when it is collected
            self.bar_ = None
