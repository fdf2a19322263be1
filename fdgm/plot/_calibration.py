"""Whether a density ratio means what it says."""

from typing import Any, Self

import numpy as np
import pandas as pd

from .._checks import check_count
from ..metrics._log_ratios import calibration
from ._axes import REAL, axes_of

__all__ = ["RatioCalibrationDisplay"]


class RatioCalibrationDisplay:
    """The calibration curve of a density ratio on samples that it was not fitted to.

    A point compares the predicted probability σ(T) of a row to come from P with the fraction that does. Points on the
    diagonal mean that the ratio is calibrated.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    calibration : DataFrame
        Columns ``predicted``, ``observed`` and ``rows``, as in :class:`fdgm.ratios.Diagnosis`.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import RatioCalibrationDisplay
    >>> from fdgm.ratios import ClassifierRatio
    >>> X_p, X_q = np.random.default_rng(0).normal([[[0.5]], [[0.0]]], 1, size=(2, 400, 1))
    >>> ratio = ClassifierRatio().fit(X_p[:200], X_q[:200])
    >>> display = RatioCalibrationDisplay.from_estimator(ratio, X_p[200:], X_q[200:])
    >>> display.calibration["rows"].sum()
    np.int64(400)
    """

    def __init__(self, calibration: pd.DataFrame) -> None:
        self.calibration = calibration

    @classmethod
    def from_estimator(cls, estimator: Any, X_p: Any, X_q: Any, *, n_bins: int = 10, ax: Any = None) -> Self:
        """Draw the curve of a fitted density ratio, or of another model with a log-ratio.

        Parameters
        ----------
        estimator : object with ``log_ratio``
        X_p : array-like of shape (n_p, n_features)
            Held-out sample of the numerator.
        X_q : array-like of shape (n_q, n_features)
            Held-out sample of the denominator.
        n_bins : int, default=10
        ax : Axes or None, default=None

        Returns
        -------
        display : RatioCalibrationDisplay
        """
        return cls.from_predictions(estimator.log_ratio(X_p), estimator.log_ratio(X_q), n_bins=n_bins, ax=ax)

    @classmethod
    def from_predictions(cls, log_ratio_p: Any, log_ratio_q: Any, *, n_bins: int = 10, ax: Any = None) -> Self:
        """Draw the curve of log-ratios.

        Parameters
        ----------
        log_ratio_p : array-like of shape (n_p,)
            Log-ratios at held-out rows of the numerator.
        log_ratio_q : array-like of shape (n_q,)
            The same of the denominator.
        n_bins : int, default=10
        ax : Axes or None, default=None

        Returns
        -------
        display : RatioCalibrationDisplay
        """
        p, q = (np.asarray(values, dtype=np.float64).ravel() for values in (log_ratio_p, log_ratio_q))
        return cls(calibration(p, q, check_count(n_bins, "n_bins", cls.__name__))).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : RatioCalibrationDisplay
            Itself.
        """
        self.figure_, axes = axes_of("RatioCalibrationDisplay", ax)
        self.ax_ = axes[0, 0]
        self.ax_.plot([0, 1], [0, 1], color="0.5", linestyle=":", label="calibrated")
        self.ax_.plot(self.calibration["predicted"], self.calibration["observed"], "o-", color=REAL, label="this ratio")
        self.ax_.set(xlabel="predicted probability of P", ylabel="observed fraction of P", xlim=(0, 1), ylim=(0, 1))
        self.ax_.legend(fontsize=8)
        return self
