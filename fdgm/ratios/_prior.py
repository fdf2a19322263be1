"""The prior odds inside a classifier's log-odds, found from its own probabilities."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

__all__ = ["fits_the_counts", "prior_log_odds"]

_ERRORS = 2.0  # standard errors by which the expected number of rows may differ from the true one


def fits_the_counts(log_odds: np.ndarray, labels: np.ndarray, counts: tuple[float, float] | None = None) -> bool:
    """Whether the probabilities' expected number of rows agrees with the true one, within the errors of a count.

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
        Log-odds of label 1.
    labels : ndarray of shape (n,)
        0 or 1.
    counts : (float, float) or None, default=None
        Counts of the labels 0 and 1 that these rows represent. None counts the rows themselves.
    """
    weights, (_, n_one) = _weights(labels, counts)
    p = expit(log_odds)
    error = np.sqrt(np.sum(weights**2 * p * (1 - p)))
    return bool(abs(weights @ p - n_one) <= _ERRORS * error + 1e-9 * weights.sum())


def prior_log_odds(log_odds: np.ndarray, labels: np.ndarray, counts: tuple[float, float] | None = None) -> float:
    """The prior log-odds to subtract from log-odds, which leaves a log-ratio.

    With log-ratios T and n₁ of n rows in the class, the probabilities σ(T + log n₁/n₀) of the rows have mean n₁/n.
    This fixes the constant in T, whatever prior the classifier assumed.

    Parameters
    ----------
    log_odds : ndarray of shape (n,)
        Log-odds of label 1, at rows that the classifier was not fitted on or fits no better than others.
    labels, counts
        As in `fits_the_counts`.

    Returns
    -------
    prior : float
        It is log n₁/n₀ if the probabilities fit the counts as they are.
    """
    weights, (n_zero, n_one) = _weights(labels, counts)
    prior = float(np.log(n_one) - np.log(n_zero))
    if fits_the_counts(log_odds, labels, counts):
        return prior

    def excess(shift: float) -> float:
        return float(weights @ expit(log_odds + shift)) - n_one

    # Every probability is below the fraction of the class at one end, and above it at the other.
    shift = brentq(excess, prior - log_odds.max() - 1e-6, prior - log_odds.min() + 1e-6, xtol=1e-9)
    return prior - float(shift)


def _weights(labels: np.ndarray, counts: tuple[float, float] | None) -> tuple[np.ndarray, tuple[float, float]]:
    """A weight for each row (n,), and the sum of the weights of each label."""
    present = np.bincount(labels, minlength=2)
    zero, one = present if counts is None else counts
    return np.array([zero, one])[labels] / present[labels], (float(zero), float(one))
