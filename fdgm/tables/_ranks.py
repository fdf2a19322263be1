"""Columns as normal scores of their ranks, from which values, atoms and holes come back exactly."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtr, ndtri

from ..exceptions import FileError
from ..persistence import State, as_tensor
from ._column import decimals_of
from ._positions import Positions

__all__ = ["Ranks"]

_SEED = 0  # of the rows that levels are ordered by: the same ones in each fit
_MOST_KNOTS = 10_000  # of a column without atoms: more say no more of its distribution
_FARTHEST = 1e-7  # probability beyond which a score has no end
_ROUNDING = 1e-12  # of a probability on its way to a score and back


@dataclass(frozen=True)
class Knots:
    """The distribution function of one column: values at some probabilities, straight lines in between.

    Parameters
    ----------
    values : ndarray of shape (n_knots,)
        Distinct codes; of an ordered column they increase.
    low, high : ndarray of shape (n_knots,)
        Each value's interval of probability, in the order of `values`. An atom's is its fraction of the rows. A value
        that few rows have is a point, low = high.
    missing : float
        Fraction of missing values, which have the lowest interval.
    decimals : int or None
        Digits after the point of values between two knots. None is all of them.
    free : bool
        Whether the values have no order.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missing: float
    decimals: int | None
    free: bool

    @classmethod
    def of(cls, column: np.ndarray, levels: np.ndarray, free: bool) -> Self:
        """The distribution of the codes (n,) of a column, whose distinct values are given in their order."""
        seen = column[~np.isnan(column)]
        found, counts = np.unique(seen, return_counts=True)
        if free:
            counts = counts[np.searchsorted(found, levels)]
        missing = 1 - len(seen) / len(column)
        ends = missing + np.concatenate([[0], np.cumsum(counts)]) / len(column)
        ends[-1] = 1.0
        low, high = ends[:-1].copy(), ends[1:].copy()
        points = np.zeros(len(levels), dtype=bool)
        if not free and len(levels) > 1:
            if counts[counts == 1].sum() > len(seen) / 2:
                points = counts == 1
            if len(levels) > _MOST_KNOTS:
                points = counts < len(seen) / _MOST_KNOTS
            points &= np.isfinite(levels)  # nothing lies between a number and infinity
        low[points] = high[points] = ((low + high) / 2)[points]
        kept = ~points
        where = np.flatnonzero(points)
        kept[where[np.unique(np.linspace(0, len(where) - 1, _MOST_KNOTS).astype(int))] if len(where) else []] = True
        return cls(levels[kept], low[kept], high[kept], missing, None if free else decimals_of(seen), free)

    @property
    def varies(self) -> bool:
        """Whether there are two values, or one and holes."""
        return len(self.values) + (self.missing > 0) > 1

    def probabilities(self, column: np.ndarray) -> np.ndarray:
        """The middle of each code's interval. A number between two knots is between their intervals, one beyond all
        knots at the end.

        Raises
        ------
        ValueError
            If a value is missing where none was, or a category has a level that was not there.
        """
        found = np.full(len(column), self.missing / 2)
        holes = np.isnan(column)
        if holes.any() and not self.missing:
            raise ValueError("it must have no missing values, as in fit")
        if not len(self.values):
            return found
        x = column[~holes]
        order = np.argsort(self.values) if self.free else np.arange(len(self.values))
        held = self.values[order]
        right = np.minimum(np.searchsorted(held, x), len(held) - 1)
        left = np.maximum(right - 1, 0)
        hit = held[right] == x
        if self.free and not hit.all():
            raise ValueError("it must have levels that fit saw")
        low, high = self.low[order], self.high[order]
        with np.errstate(invalid="ignore", divide="ignore"):
            along = (x - held[left]) / (held[right] - held[left])
        between = high[left] + np.nan_to_num(along) * (low[right] - high[left])
        ends = np.where(x < held[0], self.missing, 1.0)
        beyond = (x < held[0]) | (x > held[-1])
        found[~holes] = np.where(hit, (low[right] + high[right]) / 2, np.where(beyond, ends, between))
        return found

    def spread(self, p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Probabilities at random within the intervals of atoms and holes that they lie in."""
        low, high = self._interval(p)
        return low + rng.random(len(p)) * (high - low)

    def _interval(self, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(self.values):
            return np.zeros(len(p)), np.ones(len(p))
        place = self._place(p)
        inside = (p > self.low[place]) & (p < self.high[place])
        low, high = np.where(inside, self.low[place], p), np.where(inside, self.high[place], p)
        holes = p < self.missing
        return np.where(holes, 0.0, low), np.where(holes, self.missing, high)

    def codes(self, p: np.ndarray) -> np.ndarray:
        """The value of each probability."""
        if not len(self.values):
            return np.full(len(p), np.nan)
        right = self._place(p)
        left = np.maximum(right - 1, 0)
        gap = self.low[right] - self.high[left]
        with np.errstate(invalid="ignore", divide="ignore"):
            along = np.clip((p - self.high[left]) / gap, 0.0, 1.0)
            between = self.values[left] + along * (self.values[right] - self.values[left])
        if self.decimals is not None:
            between = np.round(between, self.decimals)
        inside = (p >= self.low[right] - _ROUNDING) | (right == 0) | ~np.isfinite(between)
        found = np.where(inside, self.values[right], between)
        found = np.where((p <= self.high[left] + _ROUNDING) & (left < right), self.values[left], found)
        return np.where(p < self.missing, np.nan, found)

    def _place(self, p: np.ndarray) -> np.ndarray:
        """The first knot whose interval does not end below."""
        return np.minimum(np.searchsorted(self.high, p), len(self.values) - 1)


class Ranks:
    """Rows of codes as normal scores, column by column, and back.

    A value becomes the score of the middle of its interval of ranks, and `spread` puts ties at random over it. The
    inverse gives atoms, integers, levels, holes and bounds back exactly. Values of columns without atoms are drawn
    between neighbouring ones. Levels without an order are put in that of :class:`Positions`, and missing values below
    all others.

    Parameters
    ----------
    columns : list of Knots

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.tables import Ranks
    >>> codes = np.array([[0.0], [0.0], [5.0], [np.nan]])
    >>> ranks = Ranks.of(codes, np.array([False]))
    >>> ranks.encode(codes).ravel().round(2)
    array([ 0.  ,  0.  ,  1.15, -1.15])
    >>> ranks.decode(ranks.spread(ranks.encode(codes), 0)).ravel()
    array([ 0.,  0.,  5., nan])
    """

    def __init__(self, columns: list[Knots]) -> None:
        self.columns = columns

    @classmethod
    def of(cls, codes: np.ndarray, categorical: np.ndarray) -> Self:
        """Learn the ranks of rows (n, d), in which NaN is missing."""
        levels = Positions.of(codes, categorical, _SEED).values
        return cls([Knots.of(*column) for column in zip(codes.T, levels, categorical, strict=True)])

    @property
    def varies(self) -> np.ndarray:
        """A mask (d,) of the columns that vary."""
        return np.array([column.varies for column in self.columns])

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """Scores (n, d), 0 in a column that does not vary.

        Raises
        ------
        ValueError
            As `Knots.probabilities`. The message has the number of the column.
        """
        found = np.zeros(codes.shape)
        for place, column in enumerate(self.columns):
            try:
                p = column.probabilities(codes[:, place])
            except ValueError as error:
                raise ValueError(f"column {place}: {error}") from error
            if column.varies:
                found[:, place] = _scores(p)
        return found

    def decode(self, scores: np.ndarray) -> np.ndarray:
        """Codes (n, d) of scores."""
        p = ndtr(np.asarray(scores, dtype=np.float64))
        return np.column_stack([column.codes(p[:, place]) for place, column in enumerate(self.columns)])

    def spread(self, scores: np.ndarray, seed: int) -> np.ndarray:
        """Scores at random over the intervals of the atoms that they lie in, normal in each column."""
        rng = np.random.default_rng(seed)
        p = ndtr(np.asarray(scores, dtype=np.float64))
        found = np.zeros(p.shape)
        for place, column in enumerate(self.columns):
            if column.varies:
                found[:, place] = _scores(column.spread(p[:, place], rng))
        return found

    def to_state(self) -> State:
        """The whole state, for a file."""
        held = {name: np.concatenate([getattr(c, name) for c in self.columns]) for name in ("values", "low", "high")}
        sizes = np.array([len(column.values) for column in self.columns])
        missing = np.array([column.missing for column in self.columns])
        decimals = np.array([-1 if column.decimals is None else column.decimals for column in self.columns])
        free = np.array([column.free for column in self.columns])
        held |= {"sizes": sizes, "missing": missing, "decimals": decimals, "free": free}
        return State({name: as_tensor(array) for name, array in held.items()})

    @classmethod
    def from_state(cls, state: State, n_columns: int) -> Self:
        """Restore what `to_state` gave."""
        sizes = state.array("sizes", (n_columns,), "int64", least=0)
        values = state.array("values", (None,), finite=False)
        low, high = (state.array(name, (len(values),), least=0.0) for name in ("low", "high"))
        missing = state.array("missing", (n_columns,), least=0.0)
        decimals = state.array("decimals", (n_columns,), "int64", least=-1)
        free = state.array("free", (n_columns,), "bool")
        if sizes.max(initial=0) > len(values) or sizes.sum() != len(values) or np.isnan(values).any():
            raise FileError("values of the ranks must be as many as their sizes say, and no NaN")
        if (missing > 1).any() or (decimals > 300).any():
            raise FileError("missing of the ranks must be fractions, and decimals few, and are not")
        parts = [np.split(array, np.cumsum(sizes)[:-1]) for array in (values, low, high)]
        columns = []
        for k, (held, start, end) in enumerate(zip(*parts, strict=True)):
            if (np.diff(np.sort(held) if free[k] else held) <= 0).any():
                raise FileError("values of a column must be distinct, and sorted where they have an order")
            if (np.diff([missing[k], *np.column_stack([start, end]).ravel(), 1.0]) < 0).any():
                raise FileError("low and high of a column must increase within 0 and 1, and do not")
            digits = None if decimals[k] < 0 else int(decimals[k])
            columns.append(Knots(held, start, end, float(missing[k]), digits, bool(free[k])))
        return cls(columns)


def _scores(p: np.ndarray) -> np.ndarray:
    scores: np.ndarray = ndtri(np.clip(p, _FARTHEST, 1 - _FARTHEST))
    return scores
