"""The affine map between the user's units and the networks'."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["AffineScaler"]


class AffineScaler:
    """Each column to mean 0 and standard deviation 1, in float64, and back.

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
    def fit(cls, X: np.ndarray) -> "AffineScaler":
        """From rows of shape (n, *row_shape).

        Raises
        ------
        ValueError
            If a column's values are so large that their standard deviation overflows float64.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            varies = X.min(axis=0) != X.max(axis=0)
            mean = np.where(varies, X.mean(axis=0, dtype=np.float64), X[0].astype(np.float64))
            scale = np.where(varies, X.std(axis=0, dtype=np.float64), 1.0)
        if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
            column = np.argwhere(~(np.isfinite(mean) & np.isfinite(scale)))[0].tolist()
            raise ValueError(
                f"X must have a standard deviation that float64 holds in every column, got one that overflows in"
                f" column {column[0] if len(column) == 1 else tuple(column)}; rescale it first."
            )
        # A column whose spread is below the resolution of its dtype would be divided by rounding error.
        scale = np.where(scale > 0, scale, 1.0)
        return cls(mean, scale, varies)

    def to_tensor(self, X: np.ndarray) -> Tensor:
        """Scaled rows as a float32 tensor of shape (n, *row_shape) on the CPU."""
        return torch.from_numpy(((X - self.mean) / self.scale).astype(np.float32))

    def to_array(self, rows: Tensor, dtype: str) -> np.ndarray:
        """Rows in the user's units and `dtype`, never past the largest number of it."""
        values = self.mean + np.where(self.varies, rows.cpu().numpy().astype(np.float64) * self.scale, 0.0)
        limit = np.finfo(dtype).max
        return np.clip(values, -limit, limit).astype(dtype)
