"""Columns as positions among their distinct training values, in an order that trees can split."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["Positions"]

_WIDE = 200  # levels from which on a column has no say in the order of others
_ORDERED_ON = 50_000  # rows that are enough to order levels


class Positions:
    """The distinct values of each column. A position counts them from 1; 0 is a missing value.

    Values that have an order are sorted. Levels of a category are sorted along the first principal component of all
    columns, so that neighbouring levels are alike. For this, ordered columns are ranks, and others are scaled one-hots.

    Parameters
    ----------
    values : list of ndarray of shape (n_values,), float64
        For each column, the values in the order of their positions.
    categorical : ndarray of shape (n_columns,), bool
        Whether a column's values have no order.
    """

    def __init__(self, values: list[np.ndarray], categorical: np.ndarray) -> None:
        self.values = values
        self.categorical = categorical

    @classmethod
    def of(cls, codes: np.ndarray, categorical: np.ndarray, seed: int) -> Self:
        """Learn the values of rows (n, d) of numbers, in which NaN is missing."""
        values = [np.unique(column[~np.isnan(column)]) for column in codes.T]
        made = cls(values, np.asarray(categorical, dtype=bool))
        if made.categorical.any():
            rng = np.random.default_rng(seed)
            rows = rng.permutation(len(codes))[:_ORDERED_ON]
            made._order(made.encode(codes[rows]).astype(np.int64), rng)
        return made

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """Positions (n, d), float32, in the first d columns. A number between two values is between their positions.

        Raises
        ------
        ValueError
            If a category has a level that was not there.
        """
        found = np.zeros(codes.shape, dtype=np.float32)
        for place, column in enumerate(codes.T):
            found[:, place] = self.encode_column(place, column)
        return found

    def encode_column(self, place: int, column: np.ndarray) -> np.ndarray:
        """As `encode`, of one column (n,)."""
        values, seen = self.values[place], ~np.isnan(column)
        found = np.zeros(len(column), dtype=np.float32)
        if not seen.any():
            return found
        if self.categorical[place]:
            order = np.argsort(values)
            where = np.searchsorted(values, column[seen], sorter=order)
            hit = order[np.minimum(where, len(values) - 1)] if len(values) else where
            if len(values) == 0 or (values[hit] != column[seen]).any():
                raise ValueError("a category must have a level that was in the training rows")
            found[seen] = hit + 1
            return found
        if not len(values):
            found[seen] = 1  # nothing is known of any
            return found
        below = np.searchsorted(values, column[seen], side="right")
        low, high = values[np.maximum(below - 1, 0)], values[np.minimum(below, len(values) - 1)]
        between = np.where((low < column[seen]) & (column[seen] < high), 0.5, 0.0)
        found[seen] = np.where(below == 0, 0.5, below + between)
        return found

    def decode(self, positions: np.ndarray) -> np.ndarray:
        """Numbers (n, d) of whole positions, in the first d columns. NaN is missing."""
        codes = np.empty(positions.shape)
        for place in range(positions.shape[1]):
            codes[:, place] = self.decode_column(place, positions[:, place])
        return codes

    def decode_column(self, place: int, positions: np.ndarray) -> np.ndarray:
        """As `decode`, of one column (n,)."""
        return np.concatenate([[np.nan], self.values[place]])[positions.astype(np.int64)]

    def _order(self, positions: np.ndarray, rng: np.random.Generator) -> None:
        """Sort the levels of categories along the first principal component."""
        blocks = [
            _Block.of(column, len(values), free)
            for column, values, free in zip(positions.T, self.values, self.categorical, strict=True)
            if not free or len(values) < _WIDE
        ]
        along = _first_component(blocks, len(positions), rng)
        for place in np.flatnonzero(self.categorical):
            column, values = positions[:, place], self.values[place]
            count = np.bincount(column, minlength=len(values) + 1)[1:]
            total = np.bincount(column, weights=along, minlength=len(values) + 1)[1:]
            self.values[place] = values[np.argsort(total / np.maximum(count, 1), kind="stable")]

    def to_state(self) -> State:
        """The whole state, for a file."""
        sizes = np.array([len(values) for values in self.values])
        tensors = {"values": as_tensor(np.concatenate(self.values)), "sizes": as_tensor(sizes)}
        return State({**tensors, "categorical": as_tensor(self.categorical)})

    @classmethod
    def from_state(cls, state: State, n_columns: int) -> Self:
        """Restore what `to_state` gave."""
        sizes = state.array("sizes", (n_columns,), "int64", least=0)
        held = state.array("values", (None,), finite=False)
        categorical = state.array("categorical", (n_columns,), "bool")
        if sizes.max(initial=0) > len(held) or sizes.sum() != len(held) or np.isnan(held).any():
            raise FileError("values of the columns must be as many as their sizes say, and no NaN")
        values = np.split(held, np.cumsum(sizes)[:-1])
        for column, free in zip(values, categorical, strict=True):
            if (np.diff(np.sort(column) if free else column) <= 0).any():
                raise FileError("values of a column must be distinct, and sorted where they have an order")
        return cls(values, categorical)


@dataclass(frozen=True)
class _Block:
    """Some columns of the matrix whose first principal component is sought: a row has one of `loads`, by its position.

    Parameters
    ----------
    column : ndarray of shape (n,), int
        Positions.
    loads : ndarray of shape (n_values + 1, size)
        Centred over the rows.
    """

    column: np.ndarray
    loads: np.ndarray

    @classmethod
    def of(cls, column: np.ndarray, n_values: int, free: bool) -> "_Block":
        """One-hots over the root of their fractions, centred, or standardised ranks."""
        share = np.bincount(column, minlength=n_values + 1) / len(column)
        if free:
            loads = (np.eye(n_values + 1) - share) / np.sqrt(np.maximum(share, 1e-9))
            return cls(column, np.where(share > 0, loads, 0.0))
        ranks = np.cumsum(share) - share / 2 - 0.5
        spread = np.sqrt(share @ ranks**2)
        return cls(column, ranks[:, None] / (spread if spread > 0 else 1.0))


def _first_component(blocks: list[_Block], n: int, rng: np.random.Generator) -> np.ndarray:
    """The first principal component (n,) of all blocks, concatenated."""
    sizes = [block.loads.shape[1] for block in blocks]
    ends = np.cumsum(sizes)
    if not blocks or ends[-1] < 2:
        return np.zeros(n)

    def along(weights: np.ndarray) -> np.ndarray:
        parts = np.split(np.ravel(weights), ends[:-1])
        return np.sum([(b.loads @ part)[b.column] for b, part in zip(blocks, parts, strict=True)], axis=0)

    def back(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([np.bincount(b.column, rows, len(b.loads)) @ b.loads for b in blocks])

    start = rng.normal(size=ends[-1])
    if not np.abs(along(start)).max() > 0:  # no column varies
        return np.zeros(n)
    product = LinearOperator((ends[-1], ends[-1]), matvec=lambda w: back(along(w)), dtype=np.float64)
    _, vectors = eigsh(product, k=1, v0=start, tol=1e-4)
    return along(vectors[:, 0])
