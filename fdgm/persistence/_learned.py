"""What a learned attribute must be: `from_state` refuses a file that differs."""

import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..exceptions import FileError
from ._state import State

__all__ = ["Array", "Count", "Float", "Rule", "Sign"]


@dataclass(frozen=True)
class Array:
    """An array of floats.

    Parameters
    ----------
    shape : tuple of str or int
        A string stands for a size, the same one wherever it occurs. ``"d"`` is the size of a flat row.
    least, most : float
        Bounds of the numbers, both included. An infinite bound allows infinity.
    nan : bool, default=False
        Whether NaN is allowed.
    dtype : str
    """

    shape: tuple[str | int, ...]
    least: float = -float(np.finfo(np.float64).max)
    most: float = float(np.finfo(np.float64).max)
    nan: bool = False
    dtype: str = "float64"

    def take(self, state: State, name: str, sizes: MutableMapping[str, int]) -> np.ndarray:
        """Take the array out of a state."""
        wanted = tuple(sizes.get(size) if isinstance(size, str) else size for size in self.shape)
        found = state.array(name, wanted, self.dtype, finite=False)
        sizes.update((size, n) for size, n in zip(self.shape, found.shape, strict=True) if isinstance(size, str))
        inside = (found >= self.least) & (found <= self.most)
        if not (inside | np.isnan(found) if self.nan else inside).all():
            raise FileError(f"{name} must lie from {self.least:g} to {self.most:g}, and does not")
        return found


@dataclass(frozen=True)
class Float:
    """A number, with its bounds."""

    least: float = -math.inf
    most: float = math.inf

    def take(self, state: State, name: str, sizes: Any) -> float:
        """Take the number out of a state."""
        return state.number(name, self.least, self.most)


@dataclass(frozen=True)
class Count:
    """An int, with its bounds."""

    least: int = 0
    most: int = 2**63 - 1

    def take(self, state: State, name: str, sizes: Any) -> int:
        """Take the int out of a state."""
        return state.integer(name, self.least, self.most)


@dataclass(frozen=True)
class Sign:
    """1 or -1."""

    def take(self, state: State, name: str, sizes: Any) -> int:
        """Take the sign out of a state."""
        sign: int = state.choice(name, (1, -1))
        return sign


Rule = Array | Float | Count | Sign
