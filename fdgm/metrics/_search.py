"""Nearest neighbours, and pairs within a distance. Neither rounding nor the size of a block decides ties.

A matrix product bounds the distances of all pairs from below. Only pairs that the bound leaves open are computed, each
separately. A distance is then symmetric, exactly 0 for equal samples, and the same in every block.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .._chunks import slices

__all__ = ["TIE", "Hits", "Search", "closest", "nearest", "within"]

#: Squared distances that differ by less than this fraction are equal: the difference is rounding.
TIE = 2.0**-40

_ENTRIES = 2**18  # number of differences in memory at once
_UNIT = 2.0**-53  # relative error of one rounding


class Hits(NamedTuple):
    """Pairs of samples (i, j), and for each pair whether it is within the limit of i, and within that of j."""

    i: np.ndarray
    j: np.ndarray
    within_i: np.ndarray
    within_j: np.ndarray


class Search:
    """Squared distances between the rows of x (n, d) and of y (m, d), scaled by `unit_scale`.

    `lower` gives a bound for a block of pairs, and `exact` the distances of single pairs.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.is_exact = _fits(x) and (y is x or _fits(y))
        width = x.shape[1]
        center = np.zeros(width) if self.is_exact else np.median(x, axis=0)  # (d,), so that less cancels
        # Covers rounding of the centred rows, of their norms and of the product, with a reserve.
        self._margin = 0.0 if self.is_exact else (4 * width + 16) * _UNIT
        self._left, self._norms_x = self._augmented(x - center, left=True)
        right, self._norms_y = self._augmented(y - center, left=False)
        self._right = np.ascontiguousarray(right.T)  # (d + 2, m)

    def _augmented(self, x: np.ndarray, *, left: bool) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, d + 2) whose products are ‖x − y‖² minus the margin."""
        norms = np.einsum("ij,ij->i", x, x)
        lowered, ones = norms * (1 - self._margin), np.ones(len(x))
        columns = [-2 * x, lowered[:, None], ones[:, None]] if left else [x, ones[:, None], lowered[:, None]]
        return np.hstack(columns), norms

    def lower(self, rows: slice, columns: slice) -> np.ndarray:
        """Lower bounds of the squared distances of a block of pairs. They are equal to them if `is_exact`."""
        return self._left[rows] @ self._right[:, columns]

    def upper(self, low: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Upper bounds of the squared distances of single pairs, from their lower bounds."""
        return low + 2 * self._margin * (self._norms_x[i] + self._norms_y[j])

    def exact(self, low: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Squared distances of single pairs with given lower bounds."""
        if self.is_exact:
            return low
        squared = np.empty(len(i))
        step = max(_ENTRIES // self.x.shape[1], 1)
        for some in slices(len(i), step):
            squared[some] = np.square(self.x[i[some]] - self.y[j[some]]).sum(axis=1)
        return squared


def nearest(x: np.ndarray, y: np.ndarray | None, k: int, chunk_size: int) -> np.ndarray:
    """Squared distance (n,) of each row of x to its k-th nearest row of y or, if y is None, of x without itself.

    It is infinite if there are fewer than k.
    """
    search = Search(x, x if y is None else y)
    found = np.full((len(x), k), np.inf)
    for rows in _slices(len(x), chunk_size):
        best = found[rows]  # (c, k)
        for columns in _slices(len(search.y), chunk_size):
            low = search.lower(rows, columns)
            if y is None and rows == columns:
                np.fill_diagonal(low, np.inf)
            limit = best.max(axis=1)
            if np.isinf(limit).any():  # the first blocks: some k pairs give a limit for the others
                few = min(k, low.shape[1])
                i = np.repeat(np.arange(len(low)), few)
                j = np.argpartition(low, few - 1, axis=1)[:, :few].ravel()
                _insert(best, i, search.exact(low[i, j], i + rows.start, j + columns.start), low[i, j])
                low[i, j] = np.inf
                limit = best.max(axis=1)
            i, j = _at_most(low, np.where(limit > 0, limit, -np.inf)[:, None])
            _insert(best, i, search.exact(low[i, j], i + rows.start, j + columns.start), low[i, j])
    return found.max(axis=1)


def closest(x: np.ndarray, n_pairs: int, chunk_size: int) -> tuple[np.ndarray, np.ndarray]:
    """The closest pairs (p, 2) of rows of x, the closest first, then in order, and their squared distances (p,)."""
    search = Search(x, x)
    pairs, squared, limit = np.empty((0, 2), dtype=np.int64), np.empty(0), np.inf
    for rows in _slices(len(x), chunk_size):
        for columns in _slices(len(x), chunk_size, first=rows.start):
            low = search.lower(rows, columns)
            if rows == columns:
                low[np.tril_indices(len(low))] = np.inf
            if np.isinf(limit) and low.size > n_pairs:  # the upper bounds of so many pairs give a limit for the others
                i, j = np.divmod(np.argpartition(low, n_pairs - 1, axis=None)[:n_pairs], low.shape[1])
                high = search.upper(low[i, j], i + rows.start, j + columns.start).max()
            else:
                high = limit
            i, j = _at_most(low, np.array(high))
            low = low[i, j]
            i, j = i[np.isfinite(low)] + rows.start, j[np.isfinite(low)] + columns.start
            pairs = np.vstack([pairs, np.column_stack([i, j])])
            squared = np.concatenate([squared, search.exact(low[np.isfinite(low)], i, j)])
            order = np.lexsort((pairs[:, 1], pairs[:, 0], squared))[:n_pairs]
            pairs, squared = pairs[order], squared[order]
            limit = squared[-1] if len(squared) == n_pairs else np.inf
    return pairs, squared


def within(
    search: Search, limit_x: np.ndarray, limit_y: np.ndarray, chunk_size: int, *, upper: bool = False
) -> Iterator[Hits]:
    """Yield the pairs whose squared distance is at most one of the two limits, (n,) and (m,), including ties.

    With `upper`, blocks below the diagonal are omitted.
    """
    limit_x, limit_y = limit_x * (1 + TIE), limit_y * (1 + TIE)
    for rows in _slices(len(search.x), chunk_size):
        for columns in _slices(len(search.y), chunk_size, first=rows.start if upper else 0):
            low = search.lower(rows, columns)
            i, j = _at_most(low, np.maximum(limit_x[rows, None], limit_y[columns]))
            low = low[i, j]
            i, j = i + rows.start, j + columns.start
            high = search.upper(low, i, j)
            limits = limit_x[i], limit_y[j]
            open_ = np.zeros(len(i), dtype=bool)
            for limit in limits:
                open_ |= (low <= limit) & (limit < high)
            low[open_] = search.exact(low[open_], i[open_], j[open_])
            yield Hits(i, j, *(low <= limit for limit in limits))


def _slices(n: int, size: int, first: int = 0) -> Iterator[slice]:
    for at in range(first, n, size):
        yield slice(at, min(at + size, n))


def _at_most(low: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, j = np.divmod(np.flatnonzero(low <= limit), low.shape[1])
    return i, j


def _insert(best: np.ndarray, i: np.ndarray, squared: np.ndarray, low: np.ndarray) -> None:
    """Keep the smallest k of each row of `best` (c, k) and the new distances of row i. Infinite bounds are no pairs."""
    real = np.isfinite(low)
    i, squared = i[real], squared[real]
    if len(i) == 0:
        return
    k = best.shape[1]
    order = np.lexsort((squared, i))
    i, squared = i[order], squared[order]
    rank = np.arange(len(i)) - np.searchsorted(i, i)
    i, squared, rank = (a[rank < k] for a in (i, squared, rank))
    new = np.full((len(best), k), np.inf)
    new[i, rank] = squared
    best[:] = np.partition(np.hstack([best, new]), k - 1, axis=1)[:, :k]


def _fits(x: np.ndarray) -> bool:
    """Whether x, with entries below 2, has so few digits that no squared distance is rounded, as for integers."""
    digits = int((53 - np.log2(16 * x.shape[1])) // 2)
    shifted = np.ldexp(x, digits)
    return bool((shifted == np.rint(shifted)).all())
