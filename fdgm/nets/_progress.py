"""A progress bar with the time left, as a skorch callback."""

from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """One bar over the budget of the net's clock, with the last figures behind it.

    Parameters
    ----------
    label : str
    """

    def __init__(self, label: str) -> None:
        self.label = label

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.bar_ = tqdm(
            total=100, desc=self.label, bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}", leave=True
        )

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        clock = net.clock_
        done = clock.seconds / max(clock.seconds + clock.seconds_left(), 1e-9)
        loss = net.history_names[0]
        self.bar_.set_postfix_str(
            f"{clock.seconds_left():.0f} s left, {loss.replace('_', ' ')} {net.history[-1][loss]:.3f}", refresh=False
        )
        self.bar_.update(100 * done - self.bar_.n)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        self.bar_.close()
