"""A report as a picture."""

from typing import Any, Self

import numpy as np
import pandas as pd

from ..metrics import report
from ._axes import GENERATED, REAL, axes_of, flat_axes

__all__ = ["ReportDisplay"]


class ReportDisplay:
    """A panel for each measure of a report: its value with its interval, and the value of held-out data.

    Use `from_estimator`, `from_predictions` or `from_report` to make one.

    Parameters
    ----------
    report : DataFrame
        As :func:`fdgm.metrics.report` returns it.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import ReportDisplay
    >>> real, generated = np.random.default_rng(0).normal(size=(2, 100, 2))
    >>> display = ReportDisplay.from_predictions(real, generated, n_resamples=0, random_state=0)
    >>> "energy_distance" in display.report.index
    True
    """

    def __init__(self, report: pd.DataFrame) -> None:
        self.report = report

    @classmethod
    def from_report(cls, report: pd.DataFrame, *, ax: Any = None) -> Self:
        """Draw a report that was made before.

        Parameters
        ----------
        report : DataFrame
        ax : array of Axes or None, default=None

        Returns
        -------
        display : ReportDisplay
        """
        return cls(report).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, X_held_out: Any = None, *, random_state: Any = None, ax: Any = None, **params: Any
    ) -> Self:
        """Make a report of as many samples of a model as X has rows, 5,000 at most, and draw it.

        Parameters
        ----------
        estimator : object with ``sample``
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        X_held_out : array-like of shape (n_held_out, n_features) or None, default=None
        random_state : int, Generator, RandomState or None, default=None
            Seed of the samples and of the report.
        ax : array of Axes or None, default=None
        **params
            Of :func:`fdgm.metrics.report`.

        Returns
        -------
        display : ReportDisplay
        """
        generated = estimator.sample(min(len(X), 5000), random_state=random_state)
        return cls.from_predictions(X, generated, X_held_out, random_state=random_state, ax=ax, **params)

    @classmethod
    def from_predictions(
        cls, X_real: Any, X_generated: Any, X_held_out: Any = None, *, ax: Any = None, **params: Any
    ) -> Self:
        """Make a report of two samples, and draw it.

        Parameters
        ----------
        X_real, X_generated : array-like of shape (n_samples, ...)
        X_held_out : array-like of shape (n_held_out, ...) or None, default=None
        ax : array of Axes or None, default=None
        **params
            Of :func:`fdgm.metrics.report`.

        Returns
        -------
        display : ReportDisplay
        """
        return cls(report(X_real, X_generated, X_held_out, **params)).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : array of Axes or None, default=None
            Where to draw, as many as measures. None makes a new figure.

        Returns
        -------
        display : ReportDisplay
            Itself.
        """
        n = len(self.report)
        across = min(n, 4)
        shape = (1, n) if ax is not None else (-(-n // across), across)
        self.figure_, self.axes_ = axes_of("ReportDisplay", ax, shape, size=(2.6 * shape[1], 1.2 * shape[0] + 0.3))
        for axis, (name, line) in zip(flat_axes(self.axes_, n), self.report.iterrows(), strict=True):
            value = float(line["value"])
            axis.plot([line["low"], line["high"]], [0, 0], color=GENERATED, linewidth=3, alpha=0.5)
            axis.plot(value, 0, "o", color=GENERATED, label="samples")
            axis.plot(float(line["held_out"]), 0, "|", color=REAL, markersize=16, markeredgewidth=2, label="data")
            axis.set_title(f"{name}\n({_better(line['better'])})", fontsize=7)
            axis.set(yticks=[], ylim=(-1, 1))
            axis.tick_params(labelsize=7)
            if np.isinf(value):
                axis.text(0.5, 0.6, "infinite", transform=axis.transAxes, ha="center", fontsize=8)
        self.axes_.flat[0].legend(fontsize=6)
        return self


def _better(better: str) -> str:
    return f"{better} is better" if better in ("lower", "higher") else f"{better} is perfect"
