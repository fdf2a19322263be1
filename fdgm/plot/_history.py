"""The history of a training, with its failures marked."""

from typing import Any, Self

import pandas as pd

from ._axes import FAILURE, REAL, axes_of, flat_axes

__all__ = ["HistoryDisplay"]

_FAILURES = {
    "non_finite": "a figure became NaN or infinite",
    "explosion": "samples exploded",
    "collapse": "samples collapsed",
}


class HistoryDisplay:
    """A panel for each figure that training recorded, over the iterations.

    Use `from_estimator` or `from_history` to make one.

    Parameters
    ----------
    history : DataFrame of shape (n_iterations, n_figures)
    stop_reason : str or None, default=None
        What ended training. A failure is marked by a red line after the last iteration that was kept.
    best_iter : int or None, default=None
        The iteration that was kept, counted from 1. It is marked by a dotted line.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import VGrowSampler
    >>> from fdgm.plot import HistoryDisplay
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> display = HistoryDisplay.from_estimator(VGrowSampler(max_iter=2, random_state=0).fit(X))
    >>> display.stop_reason
    'max_iter'
    """

    def __init__(self, history: pd.DataFrame, *, stop_reason: str | None = None, best_iter: int | None = None) -> None:
        self.history = history
        self.stop_reason = stop_reason
        self.best_iter = best_iter

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        estimator : object with ``history_``
        ax : array of Axes or None, default=None
            Where to draw, as many as figures. None makes a new figure.

        Returns
        -------
        display : HistoryDisplay
        """
        reason, best = getattr(estimator, "stop_reason_", None), getattr(estimator, "best_iter_", None)
        return cls(estimator.history_, stop_reason=reason, best_iter=best).plot(ax=ax)

    @classmethod
    def from_history(cls, history: pd.DataFrame, *, stop_reason: str | None = None, ax: Any = None) -> Self:
        """Draw a table of figures.

        Parameters
        ----------
        history : DataFrame of shape (n_iterations, n_figures)
        stop_reason : str or None, default=None
        ax : array of Axes or None, default=None

        Returns
        -------
        display : HistoryDisplay
        """
        return cls(history, stop_reason=stop_reason).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : array of Axes or None, default=None
            Where to draw, as many as figures. None makes a new figure.

        Returns
        -------
        display : HistoryDisplay
            Itself.
        """
        names = [name for name in self.history.columns if name != "seconds"]
        across = min(len(names), 3)
        shape = (1, len(names)) if ax is not None else (-(-len(names) // across), across)
        self.figure_, self.axes_ = axes_of("HistoryDisplay", ax, shape, size=(3.0 * shape[1], 2.2 * shape[0]))
        loops = range(1, len(self.history) + 1)
        for axis, name in zip(flat_axes(self.axes_, len(names)), names, strict=True):
            axis.plot(loops, self.history[name], color=REAL, linewidth=1.2, marker="." if len(loops) < 20 else None)
            axis.set_title(name.replace("_", " "), fontsize=9)
            if self.stop_reason in _FAILURES:
                axis.axvline(len(loops) + 0.5, color=FAILURE, linewidth=1.5)
            if self.best_iter is not None:
                axis.axvline(self.best_iter, color="0.5", linestyle=":")
        self.axes_[-1, 0].set_xlabel("iteration")
        if self.stop_reason in _FAILURES:
            self.figure_.suptitle(
                f"training failed after iteration {len(loops)}: {_FAILURES[self.stop_reason]}",
                color=FAILURE,
                fontsize=10,
            )
        return self
