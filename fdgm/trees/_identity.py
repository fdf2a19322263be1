"""A number that is nearly a function of others: a robust linear fit, of logarithms where that is nearer."""

from typing import Self

import numpy as np

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["Identity"]

_SMALL = 0.01  # of a column's spread: residuals that are smaller make a near-identity
_STEPS = 15  # of reweighted least squares
_FITTED_ON = 20_000  # rows
_DECIMALS = 10
_ATOM = 0.002


class Identity:
    """What a number nearly is, given earlier numbers: their linear function, or a product of their powers.

    Parameters
    ----------
    slope : ndarray of shape (n_numbers,), float64
    offset : float
    logarithmic : bool
        Whether it is fitted to logarithms.
    usual : ndarray of shape (n_numbers,), float64
        Medians, which stand for missing values.
    decimals : int
        Digits after the point that the number has; -1 if it has many.
    low, high : float
        Bounds of the number.
    """

    def __init__(
        self,
        slope: np.ndarray,
        offset: float,
        logarithmic: bool,
        usual: np.ndarray,
        decimals: int,
        low: float,
        high: float,
    ) -> None:
        self.slope = slope
        self.offset = offset
        self.logarithmic = logarithmic
        self.usual = usual
        self.decimals = decimals
        self.low = low
        self.high = high

    @classmethod
    def find(cls, numbers: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Self | None:
        """The near-identity of y (n,) in numbers (n, n_numbers), or None if there is none.

        It is fitted to one half of the rows. There is one if the other half's residuals are small: their median size
        is at most a hundredth of that of y about its median. Rows are left out where y is missing, infinite or a value
        that many rows have.
        """
        values, code, count = np.unique(y, return_inverse=True, return_counts=True, equal_nan=True)
        rare = count[code] <= max(3, _ATOM * len(y))
        rows = rng.permutation(np.flatnonzero(np.isfinite(y) & rare))[:_FITTED_ON]
        if len(rows) < 100 or not numbers.shape[1]:
            return None
        finite = np.where(np.isfinite(numbers), numbers, np.nan)
        seen = ~np.isnan(finite).all(axis=0)
        usual = np.where(seen, np.nanmedian(np.where(seen, finite, 0.0), axis=0), 0.0)
        filled = np.where(np.isnan(finite), usual, finite)
        known = values[np.isfinite(values)]
        decimals = next((d for d in range(_DECIMALS + 1) if (np.round(known, d) == known).all()), -1)
        inside, outside = np.array_split(rows, 2)
        spread = np.median(np.abs(y[outside] - np.median(y[outside])))
        best, least = None, _SMALL * spread
        for logarithmic in (False, True):
            if logarithmic and not ((filled[rows] > 0).all(axis=0).any() and (y[rows] > 0).all()):
                continue
            usable = (filled > 0).all(axis=0) if logarithmic else np.ones(filled.shape[1], dtype=bool)
            if not usable.any():
                continue
            slope = np.zeros(filled.shape[1])
            features = np.log(filled[inside][:, usable]) if logarithmic else filled[inside][:, usable]
            slope[usable], offset = _sparse(features, np.log(y[inside]) if logarithmic else y[inside])
            made = cls(slope, offset, logarithmic, usual, decimals, float(known.min()), float(known.max()))
            size = float(np.median(np.abs(y[outside] - made.back(made.fitted(numbers[outside])))))
            if size < least:
                best, least = made, size
        return best

    def fitted(self, numbers: np.ndarray) -> np.ndarray:
        """The function (n,) of numbers (n, n_numbers), in the units of residuals."""
        filled = np.where(np.isfinite(numbers), numbers, self.usual)
        if self.logarithmic:
            filled = np.log(np.maximum(filled, 1e-300))
        return np.asarray(filled @ self.slope + self.offset)

    def residual(self, numbers: np.ndarray, y: np.ndarray) -> np.ndarray:
        """What y (n,) is besides; NaN where y is missing or has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = (np.log(y) if self.logarithmic else y) - self.fitted(numbers)
        return np.where(np.isfinite(found), found, np.nan)

    def back(self, total: np.ndarray) -> np.ndarray:
        """Fitted values and residuals (n,) together as numbers, with the decimals and within the bounds of y."""
        with np.errstate(over="ignore"):
            y = np.exp(total) if self.logarithmic else total
        if self.decimals >= 0:
            y = np.round(y, self.decimals)
        return np.clip(y, self.low, self.high)

    def to_state(self) -> State:
        """The whole state, for a file."""
        json = {name: getattr(self, name) for name in ("offset", "logarithmic", "decimals", "low", "high")}
        return State({"slope": as_tensor(self.slope), "usual": as_tensor(self.usual)}, json)

    @classmethod
    def from_state(cls, state: State, n_numbers: int) -> Self:
        """What `to_state` gave, for that many numbers."""
        low, high = state.number("low"), state.number("high")
        if not np.isfinite([low, high]).all() or low > high:
            raise FileError("bounds of a near-identity must be finite and in order, and are not")
        return cls(
            state.array("slope", (n_numbers,)),
            state.number("offset", -1e300, 1e300),
            state.choice("logarithmic", (True, False)),
            state.array("usual", (n_numbers,)),
            state.integer("decimals", -1, _DECIMALS),
            low,
            high,
        )


def _sparse(features: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """As `_robust`, without the features that add less than the residuals are."""
    slope, offset = _robust(features, y)
    size = np.median(np.abs(y - features @ slope - offset))
    used = np.abs(slope) * features.std(axis=0) > size
    if used.any() and not used.all():
        slope = np.zeros(features.shape[1])
        slope[used], offset = _robust(features[:, used], y)
    return slope, offset


def _robust(features: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Slopes and offset with the least absolute residuals, by reweighted least squares."""
    centre, scale = features.mean(axis=0), features.std(axis=0)
    scaled = np.column_stack([(features - centre) / np.where(scale > 0, scale, 1.0), np.ones(len(y))])
    weight = np.ones(len(y))
    found = np.zeros(scaled.shape[1])
    for _ in range(_STEPS):
        gram = (scaled * weight[:, None]).T @ scaled
        gram[np.diag_indices_from(gram)] += 1e-10 * np.trace(gram) / len(gram)
        found = np.linalg.solve(gram, (scaled * weight[:, None]).T @ y)
        size = np.abs(y - scaled @ found)
        weight = 1 / np.maximum(size, 1e-3 * np.median(size) + 1e-12 * np.abs(y).max() + 1e-300)
        weight /= weight.max()
    slope = found[:-1] / np.where(scale > 0, scale, 1.0)
    near = np.round(slope, 6)  # a sum is a sum
    slope = np.where(np.abs(slope - near) < 1e-7, near, slope)
    return slope, float(np.median(y - features @ slope))
