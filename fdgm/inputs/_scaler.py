"""The affine map between the user's units and the networks'."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["AffineScaler", "chunks"]

_FARTHEST = 1e30  # scaled units: products of what is farther out would leave float32
_LEAST = float(np.nextafter(0.0, 1.0))  # that a scale can be
_CHUNK = 2**21  # numbers read at once: 16 MB as float64


class AffineScaler:
    """An affine map of each column, held in float64, and back.

    A column that was constant comes back as its constant, whatever the generator says of it.

    Parameters
    ----------
    mean, scale : ndarray of shape (*row_shape,), float64
    constants : ndarray of shape (*row_shape,), float64
        In X's units; NaN where a column varies.
    """

    #: What there is to store.
    names: ClassVar[tuple[str, ...]] = ("mean", "scale", "constants")

    def __init__(self, mean: np.ndarray, scale: np.ndarray, constants: np.ndarray) -> None:
        self.mean = mean
        self.scale = scale
        self.constants = constants

    @classmethod
    def identity(cls, shape: tuple[int, ...]) -> Self:
        """The map that leaves rows as they are."""
        return cls(np.zeros(shape), np.ones(shape), np.full(shape, np.nan))

    @classmethod
    def standardise(cls, *samples: np.ndarray) -> Self:
        """Each column to mean 0 and standard deviation 1, over samples of shape (n, *row_shape) together.

        Of images, (n, channels, height, width), each channel: a pixel of the margin that hardly varies is no more
        important than the others.

        Raises
        ------
        ValueError
            If a column's values are so large that their standard deviation overflows float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            low, high, mean, variance = _statistics(samples)
            varies = scaled = low != high
            if varies.ndim == 3:
                mean, variance = _of_channels(mean, variance)
                scaled = np.broadcast_to(varies.any(axis=(1, 2), keepdims=True), varies.shape)
            scale = np.sqrt(variance)
        if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
            column = np.argwhere(~(np.isfinite(mean) & np.isfinite(scale)))[0].tolist()
            raise ValueError(
                f"X must have a standard deviation that float64 holds in every column, got one that overflows in"
                f" column {column[0] if len(column) == 1 else tuple(column)}; rescale it first."
            )
        # A column whose spread is below the resolution of its dtype would be divided by rounding error.
        scale = np.where(scaled & (scale > 0), scale, 1.0)
        return cls(np.where(scaled, mean, low), scale, np.where(varies, np.nan, low))

    @classmethod
    def to_range(cls, X: np.ndarray, target: tuple[float, float], bounds: tuple[float, float] | None = None) -> Self:
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
        shape = X.shape[1:]
        constants = np.where(least == greatest, least, np.nan)
        return cls(np.full(shape, low - target[0] * scale), np.full(shape, scale), constants)

    @classmethod
    def from_state(cls, state: State, shape: tuple[int, ...]) -> Self:
        """What `to_state` gave, for rows of this shape."""
        mean = state.array("mean", shape)
        scale = state.array("scale", shape, least=_LEAST)
        constants = state.array("constants", shape, finite=False)
        if np.isinf(constants).any():
            raise FileError("constants of the scaler must be finite, got infinity")
        return cls(mean, scale, constants)

    def ordered(self, order: np.ndarray | None) -> Self:
        """The map of the same columns in another order, of shape (n_features,); itself for None."""
        return self if order is None else type(self)(*(getattr(self, name)[order] for name in self.names))

    def to_state(self) -> State:
        """Everything, to be stored."""
        return State({name: as_tensor(getattr(self, name)) for name in self.names})

    @property
    def varies(self) -> np.ndarray:
        """Whether a column does, of shape (*row_shape,)."""
        return np.isnan(self.constants)

    def to_tensor(self, X: np.ndarray) -> Tensor:
        """Scaled rows as a float32 tensor of shape (n, *row_shape) on the CPU, none farther out than 1e30."""
        rows = np.empty(X.shape, dtype=np.float32)
        for part in chunks(X):
            rows[part] = np.clip((X[part] - self.mean) / self.scale, -_FARTHEST, _FARTHEST)
        return torch.from_numpy(rows)

    def pinned(self, rows: Tensor) -> Tensor:
        """Scaled rows, with the constants of X in the columns that do not vary in X."""
        varies = self.varies
        if varies.all():
            return rows
        values = np.where(varies, 0.0, (self.constants - self.mean) / self.scale)
        return torch.where(
            torch.from_numpy(varies).to(rows.device), rows, torch.from_numpy(values).to(rows.device, rows.dtype)
        )

    def to_array(self, rows: Tensor, dtype: str) -> np.ndarray:
        """Rows in the user's units and `dtype`, never past the largest number of it."""
        values = self.mean + rows.cpu().numpy().astype(np.float64) * self.scale
        values = np.where(self.varies, values, self.constants)
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


def _of_channels(mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each channel, at each of its pixels, from those of the pixels."""
    centre = mean.mean(axis=(1, 2), keepdims=True)
    total = (variance + (mean - centre) ** 2).mean(axis=(1, 2), keepdims=True)
    return np.broadcast_to(centre, mean.shape).copy(), np.broadcast_to(total, mean.shape).copy()
