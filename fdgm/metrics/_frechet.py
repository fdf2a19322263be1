"""Fréchet distance between the Gaussians of two samples' means and covariances."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .._chunks import slices
from ..exceptions import SmallSampleWarning
from ._extractors import Features, feature_pair
from ._interrupt import interruptible
from ._pairs import unit_scale, warn_of_rounding

__all__ = ["frechet_distance"]

_QUICK = 512  # rows and columns of a matrix whose decomposition takes a tenth of a second


def frechet_distance(X_real: Any, X_generated: Any, *, features: Features = None, chunk_size: int = 500) -> float:
    """Fréchet distance ‖μ_r − μ_g‖² + Tr(C_r + C_g − 2 (C_r C_g)^½) between two samples.

    It is the squared 2-Wasserstein distance between the Gaussians with the samples' means μ and covariances C. The
    difference of the means enters squared, as in Heusel et al.; some texts drop the square. It is the Fréchet
    Inception Distance (FID) only with ``features="inception"``.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples, at least 2. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, at least 2, with as many features.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows to give to `features`, or to add to a covariance, at once, at least 1.

    Returns
    -------
    distance : float
        In the squared units of the features, >= 0.

    Warns
    -----
    SmallSampleWarning
        If a sample has no more rows than features. Its covariance is then singular. The distance stays finite, but
        depends more on the number of rows than on the samples.
    PrecisionWarning
        If the distance is so much smaller than the values that rounding leaves fewer than three digits.

    Raises
    ------
    ValueError
        If a sample has fewer than 2 rows, is not numeric or holds a NaN or an infinity. Also if the numbers of features
        differ.

    Notes
    -----
    Covariances have n − 1 in the denominator. Everything is float64. Each covariance has a symmetric
    eigendecomposition C = R Rᵀ, and Tr (C_r C_g)^½ is the sum of the singular values of R_rᵀ R_g. This loses less to
    rounding than the square root of a product. With no more rows than features, R is the centred sample itself.

    The estimate has an upward bias of order 1/n. Compare models at one sample size only.

    References
    ----------
    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NIPS 2017,
    equation 6.
    Chong and Forsyth, "Effectively Unbiased FID and Inception Score and Where to Find Them", CVPR 2020 (the bias).

    Examples
    --------
    >>> from fdgm.metrics import frechet_distance
    >>> frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])
    9.0
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "frechet_distance", chunk_size)
    small = []
    for rows, name in ((x, "X_real"), (y, "X_generated")):
        if len(rows) < 2:
            raise ValueError(f"{name} of frechet_distance must have at least 2 rows for a covariance, got {len(rows)}.")
        if len(rows) <= rows.shape[1]:
            small.append(f"{name} has {len(rows)} rows")
    if small:
        warnings.warn(
            f"frechet_distance needs many more rows than features, of which there are {x.shape[1]}, but "
            f"{' and '.join(small)}: the covariance is singular and the distance far from its limit. "
            "Give more rows, or fewer features.",
            SmallSampleWarning,
            stacklevel=2,
        )
    x, y, scale = unit_scale(x, y)
    shift, trace_real, root_real = _moments(x, chunk_size)
    shift_generated, trace_generated, root_generated = _moments(y, chunk_size)
    shift = shift - shift_generated
    cross = _long(np.linalg.svd, root_real.T @ root_generated, compute_uv=False).sum()
    value = max(float(shift @ shift + trace_real + trace_generated - 2 * cross), 0.0)
    warn_of_rounding(x, y, value, 2.0**-52 * (trace_real + trace_generated), "frechet_distance")
    return scale * (scale * value)


def _moments(x: np.ndarray, chunk_size: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Mean (d,), trace of the covariance, and R (d, ·) with R Rᵀ the covariance."""
    n, width = x.shape
    mean = x.mean(axis=0)
    if n <= width:
        root = (x - mean).T / np.sqrt(n - 1)  # (d, n)
        return mean, float(np.square(root).sum()), root
    covariance = np.zeros((width, width))
    for rows in slices(n, chunk_size):
        centred = x[rows] - mean
        covariance += centred.T @ centred
    covariance /= n - 1
    values, vectors = _long(np.linalg.eigh, covariance)
    return mean, float(np.trace(covariance)), vectors * np.sqrt(np.maximum(values, 0.0))


def _long(decompose: Callable[..., Any], matrix: np.ndarray, **options: Any) -> Any:
    """A decomposition by numpy, since scipy's would block Ctrl-C."""
    if max(matrix.shape) <= _QUICK:
        return decompose(matrix, **options)
    return interruptible(lambda _: decompose(matrix, **options))
