"""The permutation test of two samples."""

from typing import Any, Self

import numpy as np

from .._checks import as_generator, check_count
from ..metrics._log_ratios import TwoSampleTest, permutation_test
from ._axes import FAILURE, REAL, axes_of

__all__ = ["TwoSampleTestDisplay"]


class TwoSampleTestDisplay:
    """The statistic of a two-sample test, beside its distribution where the samples come from one distribution.

    Use `from_test`, `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    test : TwoSampleTest

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import TwoSampleTestDisplay
    >>> from fdgm.ratios import two_sample_test
    >>> X_p, X_q = np.random.default_rng(0).normal([[[0.5]], [[0.0]]], 1, size=(2, 300, 2))
    >>> display = TwoSampleTestDisplay.from_test(two_sample_test(X_p, X_q, random_state=0))
    >>> display.test.p_value
    0.001
    """

    def __init__(self, test: TwoSampleTest) -> None:
        self.test = test

    @classmethod
    def from_test(cls, test: TwoSampleTest, *, ax: Any = None) -> Self:
        """Draw the result of :func:`fdgm.ratios.two_sample_test` or :func:`fdgm.ratios.diagnose`.

        Parameters
        ----------
        test : TwoSampleTest
        ax : Axes or None, default=None

        Returns
        -------
        display : TwoSampleTestDisplay
        """
        return cls(test).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X_p: Any,
        X_q: Any,
        *,
        n_permutations: int = 999,
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Test two samples by a density ratio that was fitted to other rows.

        Parameters
        ----------
        estimator : object with ``log_ratio``
        X_p : array-like of shape (n_p, n_features)
            Held-out sample of the numerator.
        X_q : array-like of shape (n_q, n_features)
            Held-out sample of the denominator.
        n_permutations : int, default=999
        random_state : int, RandomState, Generator or None, default=None
            Seed of the permutations.
        ax : Axes or None, default=None

        Returns
        -------
        display : TwoSampleTestDisplay
        """
        values = estimator.log_ratio(X_p), estimator.log_ratio(X_q)
        return cls.from_predictions(*values, n_permutations=n_permutations, random_state=random_state, ax=ax)

    @classmethod
    def from_predictions(
        cls, log_ratio_p: Any, log_ratio_q: Any, *, n_permutations: int = 999, random_state: Any = None, ax: Any = None
    ) -> Self:
        """Test by held-out log-ratios.

        Parameters
        ----------
        log_ratio_p : array-like of shape (n_p,)
            Log-ratios at held-out rows of the numerator.
        log_ratio_q : array-like of shape (n_q,)
            The same of the denominator.
        n_permutations : int, default=999
        random_state : int, RandomState, Generator or None, default=None
            Seed of the permutations.
        ax : Axes or None, default=None

        Returns
        -------
        display : TwoSampleTestDisplay
        """
        p, q = (np.asarray(values, dtype=np.float64).ravel() for values in (log_ratio_p, log_ratio_q))
        n = check_count(n_permutations, "n_permutations", cls.__name__)
        return cls(permutation_test(p, q, n, as_generator(random_state, cls.__name__))).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : TwoSampleTestDisplay
            Itself.
        """
        self.figure_, axes = axes_of("TwoSampleTestDisplay", ax, size=(5.0, 3.2))
        self.ax_ = axes[0, 0]
        self.ax_.hist(self.test.null, bins=40, color=REAL, alpha=0.6, label="under one distribution")
        self.ax_.axvline(self.test.statistic, color=FAILURE, label=f"observed, p = {self.test.p_value:.3g}")
        self.ax_.set(xlabel="difference of mean σ(T)", ylabel="permutations")
        self.ax_.legend(fontsize=8)
        return self
