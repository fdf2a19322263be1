"""Log-likelihood of real samples under a kernel density estimate of the generated ones."""

import math
from typing import Any

import numpy as np
from scipy.special import logsumexp

from .._checks import check_count, check_number
from .._chunks import slices
from ._extractors import Features, feature_pair
from ._pairs import gaussian_exponents, unit_scale

__all__ = ["kde_score"]


def kde_score(
    X_real: Any,
    X_generated: Any,
    *,
    bandwidth: float = 0.1,
    n_rows: int = 5000,
    features: Features = None,
    chunk_size: int = 500,
) -> float:
    """Log-likelihood of real samples under a Gaussian kernel density estimate of the generated ones.

    As in DGflow's table, it is the sum over 5,000 real rows: the mean over the given rows, times `n_rows`. Perfect
    samples of DGflow's 25 Gaussians, 5,000 against 5,000, give about −2,570.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples, whose likelihood is computed. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, from which the density is estimated, with as many features.
    bandwidth : float, default=0.1
        Standard deviation of the kernel, in the units of the features, > 0. Report it with the score.
    n_rows : int, default=5000
        Number of rows whose likelihoods the score sums, at least 1.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of samples to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    score : float
        In nats. Higher is better.

    Raises
    ------
    ValueError
        If a sample is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, or
        if a parameter is out of its range.

    Notes
    -----
    The sum over all pairs is exact, up to rounding. :class:`sklearn.neighbors.KernelDensity` drops distant kernels even
    at zero tolerance, which matters for far outliers. Use the score for data in the plane. With more than some ten
    features a kernel density estimate depends more on its bandwidth than on the samples (Theis et al.).

    References
    ----------
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 5.1 and
    appendix D.1.
    Theis et al., "A note on the evaluation of generative models", ICLR 2016, section 3.2.

    Examples
    --------
    >>> from fdgm.metrics import kde_score
    >>> round(kde_score([[0.0]], [[0.0]], bandwidth=1.0, n_rows=1), 6)  # log of the standard normal density at 0
    -0.918939
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "kde_score", chunk_size)
    bandwidth = check_number(bandwidth, "bandwidth", "kde_score")
    n_rows = check_count(n_rows, "n_rows", "kde_score")
    x, y, scale = unit_scale(x, y)
    total = math.fsum(
        float(_log_sums(x[rows], y, bandwidth / scale, chunk_size).sum()) for rows in slices(len(x), chunk_size)
    )
    normalizer = math.log(len(y)) + x.shape[1] * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi))
    return n_rows * (total / len(x) - normalizer)


def _log_sums(x: np.ndarray, y: np.ndarray, bandwidth: float, chunk_size: int) -> np.ndarray:
    """Log of the sum over y of exp(−‖x − y‖²/(2 bandwidth²)) for each row of x: (n,)."""
    sums = np.full(len(x), -np.inf)
    for rows in slices(len(y), chunk_size):
        exponents = gaussian_exponents(x, y[rows], bandwidth)  # (n, c)
        sums = np.logaddexp(sums, logsumexp(exponents, axis=1))
    return sums
