"""Statistics of each column of a sample: range, centre and spread, with and without its farthest rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .._chunks import slices

__all__ = ["Columns", "by_channel", "chunks", "extremes"]

_CHUNK = 2**21  # numbers read at once: 16 MB as float64
_TAIL = 0.05  # quantiles of the fences: whatever fewer rows than this on a side do, the fences stay
_SEED = 0  # of the rows that the quantiles of a large sample are taken on: the same ones in each fit


@dataclass(frozen=True)
class Columns:
    """Figures of each column, of shape (*row_shape,) and in X's units; of images, each channel's at all its pixels.

    Parameters
    ----------
    low, high : ndarray
        Smallest and largest value of each column.
    mean, deviation : ndarray
        Mean and standard deviation of the values clamped to the fences.
    fences : (ndarray, ndarray)
        Values below and above them are far out. Infinite where nothing is clamped.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    fences: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, samples: tuple[np.ndarray, ...], *, fenced: bool) -> "Columns":
        """The figures over samples of shape (n, *row_shape) together, in two passes.

        The fences are one range of the middle 90% of the rows below and above it: 4.9 standard deviations of a normal
        column from its mean, and out of reach of a twentieth of the rows. A column that is one value in 90% of the
        rows has the range of its other values, and that one, in their place.

        Raises
        ------
        ValueError
            If the range of a column overflows float64.
        """
        low, high = extremes(samples)
        with np.errstate(over="ignore"):
            overflows = np.argwhere(~np.isfinite(high - low))
        if len(overflows):
            column = tuple(overflows[0].tolist())
            raise ValueError(
                "X must have a standard deviation that float64 holds in every column, got one that overflows in column"
                f" {column[0] if len(column) == 1 else column}; rescale it first."
            )
        fences = np.full(low.shape, -np.inf), np.full(low.shape, np.inf)
        if fenced:
            fences = _fences(_some_rows(samples))
        # In units of a power of two, which rounds nothing, the squares of the smallest spreads are no zeros.
        ends = (np.abs(np.clip(end, *fences)) for end in (low, high))
        _, exponent = np.frexp(by_channel(np.maximum(*ends), np.max))
        mean, variance = _moments(samples, exponent, fences)
        return cls(low, high, np.ldexp(mean, exponent), np.ldexp(np.sqrt(variance), exponent), fences)


def chunks(X: np.ndarray) -> Iterator[slice]:
    """Slices of X's rows, small enough to be copied, so that a memory-mapped X is never read whole."""
    step = max(1, _CHUNK // max(1, X[0].size)) if len(X) else 1
    return slices(len(X), step)


def extremes(samples: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of each column, of shape (*row_shape,)."""
    shape = samples[0].shape[1:]
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    for X in samples:
        for part in chunks(X):
            rows = np.asarray(X[part], dtype=np.float64)
            low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
    return low, high


def by_channel(values: np.ndarray, figure: Callable[..., np.ndarray]) -> np.ndarray:
    """Of images, one figure of each channel at each of its pixels; of vectors, the figures as they are."""
    if values.ndim != 3:
        return values
    return np.broadcast_to(figure(values, axis=(1, 2), keepdims=True), values.shape).copy()


def _moments(
    samples: tuple[np.ndarray, ...], exponent: np.ndarray, fences: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each column within fences, in one pass (Chan, Golub and LeVeque, 1979)."""
    shape = samples[0].shape[1:]
    mean, squares, n = np.zeros(shape), np.zeros(shape), 0
    for X in samples:
        for part in chunks(X):
            rows = np.ldexp(np.clip(np.asarray(X[part], dtype=np.float64), *fences), -exponent)
            centre = rows.mean(axis=0)
            gap = centre - mean
            total = n + len(rows)
            squares = squares + ((rows - centre) ** 2).sum(axis=0) + gap**2 * (n * len(rows) / total)
            mean = mean + gap * (len(rows) / total)
            n = total
    centre = by_channel(mean, np.mean)
    return centre, by_channel(squares / n + (mean - centre) ** 2, np.mean)


def _some_rows(samples: tuple[np.ndarray, ...]) -> np.ndarray:
    """All rows, or as many as are read at once, as float64."""
    total = sum(map(len, samples))
    most = max(64, _CHUNK // max(1, samples[0][0].size))
    index = np.arange(total)
    if total > most:
        index = np.sort(np.random.default_rng(_SEED).choice(total, most, replace=False))
    parts, first = [], 0
    for X in samples:
        parts.append(np.asarray(X[index[(index >= first) & (index < first + len(X))] - first], dtype=np.float64))
        first += len(X)
    return np.concatenate(parts)


def _fences(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fences of each column of rows (n, *row_shape)."""
    shape = rows.shape[1:]
    images = rows.ndim == 4
    values = rows.swapaxes(0, 1).reshape(shape[0], -1) if images else rows.reshape(len(rows), -1).T  # (columns, n)
    low, middle, high = np.quantile(values, [_TAIL, 0.5, 1 - _TAIL], axis=1)
    for k in np.flatnonzero(low == high):
        others = values[k][values[k] != middle[k]]
        if len(others):
            ends = np.quantile(others, [_TAIL, 1 - _TAIL])
            low[k], high[k] = min(ends[0], middle[k]), max(ends[1], middle[k])
    width = np.where(low < high, high - low, np.inf)
    with np.errstate(over="ignore"):
        below, above = low - width, high + width
    if images:
        below, above = below[:, None, None], above[:, None, None]
        return np.broadcast_to(below, shape).copy(), np.broadcast_to(above, shape).copy()
    return below.reshape(shape), above.reshape(shape)
