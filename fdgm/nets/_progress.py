"""A skorch callback that shows a progress bar with the remaining time."""

from typing import Any

from skorch.callbacks import Callback

from .._bar import Bar, Verbose

__all__ = ["ProgressBar"]


class ProgressBar(Callback):
    """One bar over the budget of the net's clock, followed by the last figures.

    Parameters
    ----------
    label : str
    verbose : int or "auto"
        When it is shown, as in :class:`~fdgm._bar.Bar`.
    """

    def __init__(self, label: str, verbose: Verbose) -> None:
        self.label = label
        self.verbose = verbose
        self.bar_: Bar | None = None

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.bar_ = Bar(self.label, self.verbose, remaining=False).__enter__()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        clock = net.clock_
        loss = net.history_names[0]
        figures = f"{clock.seconds_left():.0f} s left, {loss.replace('_', ' ')} {net.history[-1][loss]:.3f}"
        if self.bar_ is not None:
            self.bar_.at(clock.seconds / max(clock.seconds + clock.seconds_left(), 1e-9), figures)

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        if self.bar_ is not None:
            self.bar_.__exit__(None, None, None)
            self.bar_ = None
