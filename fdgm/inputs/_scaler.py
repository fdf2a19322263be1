"""The affine map between the user's units and the networks'."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

__all__ = ["AffineScaler", "chunks"]

_CHUNK = 2**21  # numbers read at once: 16 MB as float64


class AffineScaler:
    """An affine map of each column, held in float64, and back.

    A constant column has scale 1 on the way in and comes back as its constant, whatever the generator says of it.

    Parameters
    ----------
    mean, scale : ndarray of shape (*row_shape,), float64
    varies : ndarray of shape (*row_shape,), bool
    """

    def __init__(self, mean: np.ndarray, scale: np.ndarray, varies: np.ndarray) -> None:
        self.mean = mean
        self.scale = scale
        self.varies = varies

    @classmethod
    def standardise(cls, *samples: np.ndarray) -> "AffineScaler":
        """Each column to mean 0 and standard deviation 1, over samples of shape (n, *row_shape) together.

        Raises
        ------
        ValueError
            If a column's values are so large that their standard deviation overflows float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            low, high, mean, variance = _statistics(samples)
            varies = low != high
            scale = np.sqrt(variance)
        if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
            column = np.argwhere(~(np.isfinite(mean) & np.isfinite(scale)))[0].tolist()
            raise ValueError(
                f"X must have a standard deviation that float64 holds in every column, got one that overflows in"
                f" column {column[0] if len(column) == 1 else tuple(column)}; rescale it first."
            )
        # A column whose spread is below the resolution of its dtype would be divided by rounding error.
        return cls(np.where(varies, mean, low), np.where(varies & (scale > 0), scale, 1.0), varies)

    @classmethod
    def to_range(
        cls, X: np.ndarray, target: tuple[float, float], bounds: tuple[float, float] | None = None
    ) -> "AffineScaler":
        """All columns alike, from `bounds`, by default the least and greatest number in X, to `target`.

        Raises
        ------
        ValueError
            If X has numbers outside the bounds.
        """
        least, greatest, _, _ = _statistics((X,))
        found = float(least.min()), float(greatest.max())
        low, high = found if bounds is None else bounds
        if found[0] < low or found[1] > high:
            raise ValueError(
                f"X must lie in the data_range ({low:g}, {high:g}), got numbers from {found[0]:g} to {found[1]:g}."
            )
        scale = (high - low) / (target[1] - target[0]) or 1.0
        varies = least != greatest
        return cls(np.where(varies, low - target[0] * scale, least), np.full(X.shape[1:], scale), varies)

    def to_tensor(self, X: np.ndarray) -> Tensor:
        """Scaled rows as a float32 tensor of shape (n, *row_shape) on the CPU."""
        rows = np.empty(X.shape, dtype=np.float32)
        for part in chunks(X):
            rows[part] = (X[part] - self.mean) / self.scale
        return torch.from_numpy(rows)

    def to_array(self, rows: Tensor, dtype: str) -> np.ndarray:
        """Rows in the user's units and `dtype`, never past the largest number of it."""
        values = self.mean + np.where(self.varies, rows.cpu().numpy().astype(np.float64) * self.scale, 0.0)
        limit = np.finfo(dtype).max
        return np.clip(values, -limit, limit).astype(dtype)


def chunks(X: np.ndarray) -> Iterator[slice]:
    """Slices of X's rows, small enough to be copied, so that a memory-mapped X is never read whole."""
    step = max(1, _CHUNK // max(1, X[0].size)) if len(X) else 1
    return (slice(start, start + step) for start in range(0, len(X), step))


def _statistics(samples: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Least, greatest, mean and variance of each column, in one pass (Chan, Golub and LeVeque, 1979)."""
    shape = samples[0].shape[1:]
    low, high = np.full(shape, np.inf), np.full(shape, -np.inf)
    mean, squares, n = np.zeros(shape), np.zeros(shape), 0
    for X in samples:
        for part in chunks(X):
            rows = np.asarray(X[part], dtype=np.float64)
            low, high = np.minimum(low, rows.min(axis=0)), np.maximum(high, rows.max(axis=0))
            centre = rows.mean(axis=0)
            gap = centre - mean
            total = n + len(rows)
            squares = squares + ((rows - centre) ** 2).sum(axis=0) + gap**2 * (n * len(rows) / total)
            mean = mean + gap * (len(rows) / total)
            n = total
    return low, high, mean, squares / n
