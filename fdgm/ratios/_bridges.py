"""Rows between two samples, column by column of the kind that each is of."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

__all__ = ["Bridges"]

_ATOM = 0.05  # of a sample's rows that have one value, from which on a column has atoms
_TIED = 0.5  # of the rows that share their value with another, from which on a column lies on a grid


@dataclass(frozen=True)
class Bridges:
    """How to make rows between two samples, none of which has a value that neither sample can have.

    Between numbers of a continuum lie others: they are added, in proportions that keep variances. Between two
    categories, or an atom and all else, there is nothing: such a column takes its value from one row or the other, by
    chance. Numbers of a fine grid, such as years of age, are added and rounded to values that occur.

    Parameters
    ----------
    mixed : ndarray of shape (d,), bool
        Columns of which a value has a twentieth of a sample's rows, twice at least.
    grids : dict of int to ndarray
        The values, sorted, of other columns most of whose rows share theirs.
    """

    mixed: np.ndarray
    grids: dict[int, np.ndarray]

    @classmethod
    def of(cls, *samples: np.ndarray) -> Self:
        """From samples (n, d)."""
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
        """Rows (n, d) of as many pairs of rows.

        Parameters
        ----------
        first, last : ndarray of shape (n, d)
        angle : float in [0, π/2]
            0 is `first`, π/2 `last`.
        units : (ndarray of shape (d,), ndarray of shape (d,))
            Location and scale in which rows are added.
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
