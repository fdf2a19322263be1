"""Rows between two samples, made column by column according to the kind of each column."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

__all__ = ["Bridges"]

_ATOM = 0.05  # fraction of a sample's rows with one value, from which on a column has atoms
_TIED = 0.5  # fraction of rows that share their value with another, from which on a column lies on a grid


@dataclass(frozen=True)
class Bridges:
    """Makes rows between two samples, without values that neither sample can have.

    - Continuous columns are added, in proportions that keep variances.
    - Columns of categories, or with atoms, have no values between. Each takes its value from one of the two rows at
      random.
    - Columns on a fine grid, such as years of age, are added and rounded to values that occur.

    Parameters
    ----------
    mixed : ndarray of shape (d,), bool
        Columns in which one value has a twentieth of a sample's rows, and at least two.
    grids : dict of int to ndarray
        Sorted values of the other columns in which most rows share their value.
    """

    mixed: np.ndarray
    grids: dict[int, np.ndarray]

    @classmethod
    def of(cls, *samples: np.ndarray) -> Self:
        """Make it from samples (n, d)."""
        d = samples[0].shape[1]
        mixed, grids = np.zeros(d, dtype=bool), {}
        for column in range(d):
            counts = [np.unique(X[:, column], return_counts=True)[1] for X in samples]
            mixed[column] = any(c.max() > 1 and c.max() >= _ATOM * c.sum() for c in counts)
            tied = sum(int(c[c > 1].sum()) for c in counts) / sum(len(X) for X in samples)
            if not mixed[column] and tied >= _TIED:
                grids[column] = np.unique(np.concatenate([X[:, column] for X in samples]))
        return cls(mixed, grids)

    def between(
        self,
        first: np.ndarray,
        last: np.ndarray,
        angle: float,
        units: tuple[np.ndarray, np.ndarray],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Make rows (n, d) from n pairs of rows.

        Parameters
        ----------
        first, last : ndarray of shape (n, d)
        angle : float in [0, π/2]
            0 is `first`, π/2 is `last`.
        units : (ndarray of shape (d,), ndarray of shape (d,))
            Location and scale of the units in which rows are added.
        rng : Generator
        """
        location, scale = units
        x, y = ((rows - location) / scale for rows in (first, last))
        rows = np.asarray((math.cos(angle) * x + math.sin(angle) * y) * scale + location)
        if self.mixed.any():
            from_last = rng.random((len(rows), int(self.mixed.sum()))) < math.sin(angle) ** 2
            rows[:, self.mixed] = np.where(from_last, last[:, self.mixed], first[:, self.mixed])
        for column, values in self.grids.items():
            rows[:, column] = values[np.searchsorted((values[1:] + values[:-1]) / 2, rows[:, column])]
        return rows
