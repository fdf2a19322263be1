"""Distances between all pairs of rows, computed in blocks so that memory does not grow with their number."""

import math
import warnings
from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from .._chunks import slices
from ..exceptions import PrecisionWarning

__all__ = ["blocks", "distances", "gaussian_exponents", "unit_scale", "warn_of_rounding"]

_WIDE = 64  # from this width on a matrix product beats the direct sum of squares
_CLOSE = 1e-6  # below this fraction of ‖x‖² + ‖y‖² the product has lost 6 of 16 digits, and the pair is recomputed


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Euclidean distances of the rows of x (n, d) and y (m, d), to ten digits. Equal rows have distance exactly 0."""
    if x.shape[1] < _WIDE:
        return cdist(x, y)
    scale = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)  # (n, m)
    # If x and y are the same array, numpy uses another routine with other rounding. The copy prevents that.
    squared = scale - 2 * (x @ np.ascontiguousarray(y.T))
    rows, columns = np.nonzero(squared < _CLOSE * scale)
    if len(rows) > squared.size // 4:
        return cdist(x, y)
    for some in slices(len(rows), 2000):
        i, j = rows[some], columns[some]
        squared[i, j] = np.square(x[i] - y[j]).sum(axis=1)
    return np.sqrt(squared)


def blocks(
    x: np.ndarray, y: np.ndarray, chunk_size: int, *, upper: bool = False
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yield (rows of x, rows of y, their distances) over all pairs. With `upper`, omit blocks below the diagonal."""
    for rows in slices(len(x), chunk_size):
        for columns in slices(len(y), chunk_size):
            if columns.start >= rows.start or not upper:
                yield rows, columns, distances(x[rows], y[columns])


def unit_scale(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Divide both samples by one power of two, so that their largest entry is in [1, 2). Return also that power.

    Squares then neither overflow nor vanish, and nothing is rounded. Measures then scale with units as they should.
    """
    largest = max(float(np.abs(rows).max()) for rows in (x, y))
    scale = math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest else 1.0
    return x / scale, y / scale, scale


def gaussian_exponents(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    """−‖x − y‖²/(2 bandwidth²) for all pairs of rows, (n, m). −∞ where the square exceeds all floats."""
    with np.errstate(over="ignore"):
        return -0.5 * np.square(distances(x, y) / max(bandwidth, np.finfo(np.float64).tiny))


def warn_of_rounding(x: np.ndarray, y: np.ndarray, value: float, error: float, function: str) -> None:
    """Warn, at the caller's caller, if the relative error of a distance is not small, unless it is truly 0.

    `x`, `y`, `value` and `error` are in the units of `unit_scale`.
    """
    if error <= 1e-3 * value or _one_distribution(x, y):
        return
    warnings.warn(
        f"{function} is too small beside the values of the samples for float64: rounding leaves it fewer than three "
        "digits. Remove outliers that both samples have, subtract what all values have in common, or scale the "
        "features.",
        PrecisionWarning,
        stacklevel=3,
    )


def _one_distribution(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether both have the same rows with the same frequencies."""
    (rows, counts), (others, other_counts) = (np.unique(a, axis=0, return_counts=True) for a in (x, y))
    return np.array_equal(rows, others) and np.array_equal(counts * len(y), other_counts * len(x))
