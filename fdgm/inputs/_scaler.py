"""The monotone map between the user's units and the networks'."""

from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from ..exceptions import FileError
from ..persistence import State, as_tensor
from ._spread import Columns, by_channel, chunks, extremes

__all__ = ["SCALINGS", "Scaler"]

SCALINGS = ("standard", "robust", "whole")

_FARTHEST = 1e30  # scaled units: products of what is farther out would leave float32
_LEAST = float(np.nextafter(0.0, 1.0))  # that a scale can be
_MOST_EXCESS = 700.0  # scaled units past a knee, of which exp is still a float64
_COLUMNS_WITH_A_UNIT = 8  # the fewest that show whether they share a unit
_WIDEST = 4.0  # range of a column with the others' unit, in ranges of the median column
_KNEE = 5.0  # standard deviations, where the map of a column turns logarithmic at the latest


class Scaler:
    """An increasing map of each column and its inverse, in float64.

    Between two knees it is affine, u = (x − mean)/scale. Beyond a knee k it is logarithmic, k + log(1 + u − k), so that
    a far value is at most a few units out. The inverse clamps values to their column's bounds. A column that was
    constant is mapped back to its constant, whatever the generator gives.

    Parameters
    ----------
    mean, scale : ndarray of shape (*row_shape,), float64
    lower, upper : ndarray of shape (*row_shape,), float64
        The knees, in scaled units. Infinite where the map is affine.
    constants : ndarray of shape (*row_shape,), float64
        In X's units. NaN where a column varies.
    low, high : ndarray of shape (*row_shape,), float64
        The bounds, in X's units. Infinite where there are none.
    """

    #: What there is to store.
    names: ClassVar[tuple[str, ...]] = ("mean", "scale", "lower", "upper", "constants", "low", "high")

    def __init__(
        self,
        mean: np.ndarray,
        scale: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        constants: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
    ) -> None:
        self.mean = mean
        self.scale = scale
        self.lower = lower
        self.upper = upper
        self.constants = constants
        self.low = low
        self.high = high

    @classmethod
    def identity(cls, shape: tuple[int, ...], *, varies: np.ndarray | None = None) -> Self:
        """The map that leaves rows as they are. Columns that do not vary are 0."""
        free = np.full(shape, np.inf)
        constants = np.full(shape, np.nan) if varies is None else np.where(varies, np.nan, 0.0)
        return cls(np.zeros(shape), np.ones(shape), -free, free, constants, -free, free)

    @classmethod
    def of(cls, *samples: np.ndarray, scaling: str = "robust") -> Self:
        """The map of a `scaling` over all samples of shape (n, *row_shape) together, bounded by their values.

        ``"standard"`` maps each column to mean 0 and standard deviation 1. ``"robust"`` does so for the values within
        fences, beyond which the map is logarithmic. ``"whole"`` is ``"robust"`` with one scale for all columns: the
        root mean square of their scales. ``"shared"`` is ``"whole"`` if the columns seem to share a unit, as pixels
        and counts do, and otherwise ``"robust"``.

        Channels of images (n, channels, height, width) are treated like columns of vectors. A pixel at the margin that
        hardly varies then counts no more than the others.

        Raises
        ------
        ValueError
            If the range of a column overflows float64.
        """
        found = Columns.of(samples, fenced=scaling != "standard")
        varies = found.low != found.high
        if scaling == "shared":
            scaling = "whole" if _share_a_unit(found.low[varies], found.high[varies]) else "robust"
        scaled = varies
        low, high = found.low, found.high
        if varies.ndim == 3:
            scaled = np.broadcast_to(varies.any(axis=(1, 2), keepdims=True), varies.shape)
            low, high = by_channel(low, np.min), by_channel(high, np.max)
        deviation = found.deviation
        if scaling == "whole" and scaled.any():
            greatest = deviation[scaled].max()
            deviation = np.full_like(deviation, greatest * np.sqrt(np.square(deviation[scaled] / greatest).mean()))
        mean, scale = np.where(scaled, found.mean, found.low), np.where(scaled, deviation, 1.0)
        lower, upper = np.full(mean.shape, -np.inf), np.full(mean.shape, np.inf)
        if scaling != "standard":
            with np.errstate(over="ignore"):
                lower = np.maximum((found.fences[0] - mean) / scale, -_KNEE)
                upper = np.minimum((found.fences[1] - mean) / scale, _KNEE)
        return cls(mean, scale, lower, upper, np.where(varies, np.nan, found.low), low, high)

    @classmethod
    def to_range(cls, X: np.ndarray, target: tuple[float, float], bounds: tuple[float, float] | None = None) -> Self:
        """Map all columns alike from `bounds`, by default the smallest and largest number in X, to `target`.

        Raises
        ------
        ValueError
            If X has numbers outside the bounds, or the range overflows float64.
        """
        least, greatest = extremes((X,))
        found = float(least.min()), float(greatest.max())
        low, high = found if bounds is None else bounds
        if not low <= found[0] <= found[1] <= high:
            raise ValueError(
                f"X must lie in the data_range ({low:g}, {high:g}), got numbers from {found[0]:g} to {found[1]:g}."
            )
        width = target[1] - target[0]
        with np.errstate(over="ignore"):
            scale = float(np.subtract(high, low)) / width or 1.0
        if not np.isfinite(scale):
            raise ValueError(f"data_range must be narrower than the greatest float64, got ({low:g}, {high:g}).")
        made = cls.identity(X.shape[1:]).within(low, high)
        made.mean, made.scale = np.full(made.mean.shape, low - target[0] * scale), np.full(made.scale.shape, scale)
        made.constants = np.where(least == greatest, least, np.nan)
        return made

    def within(self, low: float, high: float) -> Self:
        """The same map with other bounds, for all columns."""
        shape = self.mean.shape
        bounds = np.full(shape, low), np.full(shape, high)
        return type(self)(self.mean, self.scale, self.lower, self.upper, self.constants, *bounds)

    def with_rows(self, *samples: np.ndarray, scaling: str | None) -> Self:
        """The map for continued training on more samples of shape (n, *row_shape). All that was learned stays.

        A column that was constant and now varies begins to vary, since nothing was learned of it. With a `scaling` it
        gets that scaling's mean and scale over these samples and its constant. Bounds that were found in samples widen
        to the new values.
        """
        low, high = extremes(samples)
        freed = ~self.varies & ((low != self.constants) | (high != self.constants))
        made = type(self)(**{name: getattr(self, name).copy() for name in self.names})
        made.constants[freed] = np.nan
        if scaling is None:
            return made
        unknown = freed
        if freed.ndim == 3:
            unknown = np.broadcast_to(~self.varies.any(axis=(1, 2), keepdims=True), freed.shape) & freed.any()
            low, high = by_channel(low, np.min), by_channel(high, np.max)
        if unknown.any():
            if scaling == "shared":
                scaling = "whole" if len(np.unique(self.scale[self.varies])) == 1 else "robust"
            before = np.where(self.varies, self.mean, self.constants)[None]
            found = type(self).of(*samples, before, scaling=scaling)
            for name in ("mean", "scale", "lower", "upper"):
                getattr(made, name)[unknown] = getattr(found, name)[unknown]
            if scaling == "whole" and self.varies.any():
                made.scale[unknown] = self.scale[self.varies][0]
        bounded = np.isfinite(self.low)
        made.low[bounded] = np.minimum(self.low, low)[bounded]
        made.high[bounded] = np.maximum(self.high, high)[bounded]
        return made

    @classmethod
    def from_state(cls, state: State, shape: tuple[int, ...]) -> Self:
        """What `to_state` gave, for rows of this shape."""
        mean = state.array("mean", shape)
        scale = state.array("scale", shape, least=_LEAST)
        others = {name: state.array(name, shape, finite=False) for name in cls.names[2:]}
        if np.isinf(others["constants"]).any():
            raise FileError("constants of the scaler must be finite, got infinity")
        for first, last in (("lower", "upper"), ("low", "high")):
            if not (others[first] <= others[last]).all():
                raise FileError(f"{first} and {last} of the scaler must be in this order")
        return cls(mean, scale, **others)

    def ordered(self, order: np.ndarray | None) -> Self:
        """The map of the same columns in another order (n_features,). None gives the map itself."""
        return self if order is None else type(self)(*(getattr(self, name)[order] for name in self.names))

    def to_state(self) -> State:
        """The whole state, for a file."""
        return State({name: as_tensor(getattr(self, name)) for name in self.names})

    def maps_like(self, other: "Scaler") -> bool:
        """Whether both maps give the same scaled rows for all rows."""
        return all(np.array_equal(getattr(self, n), getattr(other, n)) for n in ("mean", "scale", "lower", "upper"))

    @property
    def varies(self) -> np.ndarray:
        """A mask of shape (*row_shape,) of the columns that vary."""
        return np.isnan(self.constants)

    def to_tensor(self, X: np.ndarray) -> Tensor:
        """Scaled rows as a float32 tensor of shape (n, *row_shape) on the CPU, none farther out than 1e30."""
        rows = np.empty(X.shape, dtype=np.float32)
        bent = np.isfinite(self.lower).any() or np.isfinite(self.upper).any()
        with np.errstate(over="ignore"):
            for part in chunks(X):
                u = (X[part] - self.mean) / self.scale
                if bent:
                    over, under = np.maximum(u - self.upper, 0.0), np.maximum(self.lower - u, 0.0)
                    u = np.clip(u, self.lower, self.upper) + np.log1p(over) - np.log1p(under)
                rows[part] = np.clip(u, -_FARTHEST, _FARTHEST)
        return torch.from_numpy(rows)

    def scaled(self, x: Tensor) -> Tensor:
        """The map of a tensor (n, *row_shape) in X's units, differentiable, in float64 on its device."""
        mean, scale, lower, upper = self._tensors(x.device)
        u = (x.double() - mean) / scale
        return torch.clamp(u, lower, upper) + torch.log1p(torch.relu(u - upper)) - torch.log1p(torch.relu(lower - u))

    def unscaled(self, rows: Tensor) -> Tensor:
        """The inverse map of a tensor (n, *row_shape) of scaled rows, differentiable, in float64, without bounds."""
        mean, scale, lower, upper = self._tensors(rows.device)
        y = rows.double()
        over, under = (torch.relu(excess).clamp(max=_MOST_EXCESS) for excess in (y - upper, lower - y))
        return mean + scale * (torch.clamp(y, lower, upper) + torch.expm1(over) - torch.expm1(under))

    def log_volume(self, X: np.ndarray) -> np.ndarray:
        """log of the volume (n,), in X's units, of a unit cube in scaled units at each row of X.

        Only the columns that vary count.
        """
        u = (X - self.mean) / self.scale
        excess = np.maximum(u - self.upper, 0.0) + np.maximum(self.lower - u, 0.0)
        return (np.log(self.scale) + np.log1p(excess))[:, self.varies].sum(axis=1)

    def restore_constants(self, rows: Tensor) -> Tensor:
        """Scaled rows, with the constants of X in the columns that do not vary in X."""
        varies = self.varies
        if varies.all():
            return rows
        values = self.to_tensor(np.where(varies, self.mean, self.constants)[None])[0]
        return torch.where(torch.from_numpy(varies).to(rows.device), rows, values.to(rows.device, rows.dtype))

    def to_array(self, rows: Tensor, dtype: str) -> np.ndarray:
        """Rows in the user's units and `dtype`, within the bounds and never past the largest number of it."""
        values = np.where(self.varies, self.unscaled(rows.detach().cpu()).numpy(), self.constants)
        return self.held(values, dtype)

    def held(self, X: np.ndarray, dtype: str) -> np.ndarray:
        """A copy of rows in the user's units, in `dtype`, within the bounds and never past its largest number."""
        limit = np.finfo(dtype).max
        values = np.clip(X, -limit, limit).astype(dtype)
        return np.clip(values, _inward(self.low, dtype, np.inf), _inward(self.high, dtype, -np.inf))

    def _tensors(self, device: torch.device) -> tuple[Tensor, ...]:
        return tuple(torch.from_numpy(a).to(device) for a in (self.mean, self.scale, self.lower, self.upper))


def _inward(bounds: np.ndarray, dtype: str, inner: float) -> np.ndarray:
    """Bounds in another dtype, rounded towards `inner`."""
    limit = np.finfo(dtype).max
    rounded = np.clip(bounds, -limit, limit).astype(dtype)
    outside = rounded < bounds if inner > 0 else rounded > bounds
    return np.where(outside, np.nextafter(rounded, np.array(inner, dtype)), rounded)


def _share_a_unit(low: np.ndarray, high: np.ndarray) -> bool:
    """Whether columns with these smallest and largest values, each (n_columns,), seem to have the same unit.

    Most of them must have the same smallest value, as ink and counts have zero, and none a range far above the others'.
    """
    if len(low) < _COLUMNS_WITH_A_UNIT:
        return False
    with np.errstate(over="ignore"):
        ranges = high - low
    _, counts = np.unique(low, return_counts=True)
    return bool(counts.max() > len(low) / 2 and ranges.max() <= _WIDEST * np.median(ranges))
