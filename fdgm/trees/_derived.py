"""The distribution of a number that is nearly a function of earlier ones: that of what it is besides."""

from typing import Self

import numpy as np

from ..exceptions import FileError
from ..persistence import State, as_tensor
from ._conditional import Conditional, Recipe
from ._identity import Identity

__all__ = ["Derived"]

_ATOM = 0.002  # the fraction of rows above which a value is kept as it is
_DIGITS = 9  # of residuals of logarithms, and of numbers with many digits


class Derived:
    """A number given others, as a near-identity and a residual; values that many rows have are kept as they are.

    Parameters
    ----------
    identity : Identity
    inner : Conditional
        Of positions among the frequent values, first, and the residuals.
    frequent : ndarray of shape (n_frequent,), float64
        Sorted.
    residuals : ndarray of shape (n_residuals,), float64
        Sorted.
    """

    def __init__(self, identity: Identity, inner: Conditional, frequent: np.ndarray, residuals: np.ndarray) -> None:
        self.identity = identity
        self.inner = inner
        self.frequent = frequent
        self.residuals = residuals

    @classmethod
    def fit(
        cls, identity: Identity, features: np.ndarray, numbers: np.ndarray, y: np.ndarray, recipe: Recipe, seed: int
    ) -> Self:
        """Fit it.

        Parameters
        ----------
        identity : Identity
            Of y in the numbers.
        features : ndarray of shape (n, n_features), float32
        numbers : ndarray of shape (n, n_numbers)
        y : ndarray of shape (n,)
            NaN is missing.
        recipe : Recipe
        seed : int
        """
        residual = identity.residual(numbers, y)
        residual = np.round(residual, _DIGITS if identity.logarithmic or identity.decimals < 0 else identity.decimals)
        # A frequent value is kept, unless its residual is frequent too: then it is one of an exact function.
        often = (_is_frequent(y) & ~_is_frequent(residual)) | np.isnan(residual)
        frequent = np.unique(y[often & ~np.isnan(y)])
        residuals = np.unique(residual[~often])
        target = len(frequent) + 1 + np.searchsorted(residuals, np.where(often, 0.0, residual))
        target = np.where(often, 1 + np.searchsorted(frequent, y), target)
        target = np.where(np.isnan(y), 0, target)
        inner = Conditional.fit(features, target, len(frequent) + len(residuals), True, recipe, seed)
        return cls(identity, inner, frequent, residuals)

    def draw(self, features: np.ndarray, numbers: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Draw numbers (n,), NaN where they are missing.

        Parameters
        ----------
        features : ndarray of shape (n, n_features), float32
        numbers : ndarray of shape (n, n_numbers)
        uniform : ndarray of shape (n, 3)
            All the randomness.
        """
        place = self.inner.draw(features, uniform)
        besides = np.concatenate([np.zeros(1 + len(self.frequent)), self.residuals])[place]
        kept = np.concatenate([[np.nan], self.frequent, np.zeros(len(self.residuals))])[place]
        found = self.identity.back(self.identity.fitted(numbers) + besides)
        return np.where(place > len(self.frequent), found, kept)

    def to_state(self) -> State:
        """The whole state, for a file."""
        tensors = {"frequent": as_tensor(self.frequent), "residuals": as_tensor(self.residuals)}
        return State(tensors, parts={"identity": self.identity.to_state(), "inner": self.inner.to_state()})

    @classmethod
    def from_state(cls, state: State, n_features: int, n_numbers: int) -> Self:
        """What `to_state` gave, for that many features and numbers."""
        frequent = state.array("frequent", (None,), finite=False)
        residuals = state.array("residuals", (None,))
        if (np.diff(frequent) <= 0).any() or np.isnan(frequent).any():
            raise FileError("frequent values of a column must be sorted, and are not")
        inner = Conditional.from_state(state.part("inner"), n_features, len(frequent) + len(residuals))
        return cls(Identity.from_state(state.part("identity"), n_numbers), inner, frequent, residuals)


def _is_frequent(values: np.ndarray) -> np.ndarray:
    """A mask (n,) of values that many rows have."""
    _, code, count = np.unique(values, return_inverse=True, return_counts=True, equal_nan=True)
    return np.asarray(count[code] > max(3, _ATOM * len(values)))
