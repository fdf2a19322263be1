"""A table from a source that is larger than memory: a random sample of its rows, and the rows that bound it."""

from typing import Any

import numpy as np
import pandas as pd

from .._columns import align, labels_of
from ..inputs import batches_of

__all__ = ["MOST_ROWS", "sampled_table"]

MOST_ROWS = 200_000
_MOST_LEVELS = 1000  # of a column: with more, its values are no categories


def sampled_table(X: Any, what: str, seed: int, most_rows: int = MOST_ROWS) -> tuple[Any, int]:
    """Rows of a source, drawn at random in one pass, and their number in the source.

    The rows that hold the smallest or the largest number of a column, or the first value of each of its levels, are
    there in any case. A source of no more than `most_rows` rows comes whole and in its order.

    Parameters
    ----------
    X : path, Dataset, Array or iterable
        As in :func:`fdgm.inputs.spooled`, with tables of pandas, polars or pyarrow among the batches.
    what : str
        X's name in errors.
    seed : int
    most_rows : int, default=200_000

    Returns
    -------
    table : DataFrame or ndarray
    n_rows : int

    Raises
    ------
    ValueError
        If there are no rows, or if batches differ in their columns.
    """
    rng, keep, n_rows = np.random.default_rng(seed), _Kept(), 0
    named, like = False, None
    for batch in batches_of(X, what):
        if n_rows == 0:
            like = labels_of(batch)
            named = like is not None
        table = _as_frame(align(batch, like, what, "its first batch"))
        keys = pd.Index(np.arange(n_rows, n_rows + len(table)))
        n_rows += len(table)
        keep.take(table.set_axis(keys, axis=0), rng.random(len(table)), most_rows)
    if not n_rows:
        raise ValueError(f"{what} must have rows, got none.")
    found = keep.rows().sort_index().reset_index(drop=True)
    return (found if named else found.to_numpy()), n_rows


class _Kept:
    """A random sample of the rows so far, by the smallest of random keys, and the rows that bound their columns."""

    def __init__(self) -> None:
        self.sample: pd.DataFrame | None = None
        self.keys = np.empty(0)
        self.bounds: dict[tuple[Any, str], tuple[float, pd.DataFrame]] = {}
        self.levels: dict[Any, dict[Any, pd.DataFrame]] = {}

    def take(self, table: pd.DataFrame, keys: np.ndarray, most_rows: int) -> None:
        for place in range(table.shape[1]):
            self._bound(place, table)
        rows = table if self.sample is None else pd.concat([self.sample, table])
        keys = np.concatenate([self.keys, keys])
        if len(rows) > most_rows:
            chosen = np.argpartition(keys, most_rows)[:most_rows]
            rows, keys = rows.iloc[chosen], keys[chosen]
        self.sample, self.keys = rows, keys

    def _bound(self, place: int, table: pd.DataFrame) -> None:
        """Keep the rows that hold a new extreme or a new level of the column at this place."""
        column = table.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            known = column.dropna()
            if known.empty:
                return
            for name, at in (("low", known.argmin()), ("high", known.argmax())):
                value = known.iloc[[int(at)]]
                before = self.bounds.get((place, name))
                better = before is None or (value.iloc[0] < before[0] if name == "low" else value.iloc[0] > before[0])
                if better:
                    self.bounds[place, name] = value.iloc[0], table.loc[value.index]
            return
        seen = self.levels.setdefault(place, {})
        if len(seen) > _MOST_LEVELS:
            return
        for index, value in column.dropna().drop_duplicates().items():
            if value not in seen and len(seen) <= _MOST_LEVELS:
                seen[value] = table.loc[[index]]

    def rows(self) -> pd.DataFrame:
        """The sample, with the bounding rows that it lacks."""
        parts = [rows for _, rows in self.bounds.values()]
        parts += [rows for seen in self.levels.values() for rows in seen.values()]
        found = pd.concat([self.sample, *parts])
        return found[~found.index.duplicated()]


def _as_frame(batch: Any) -> pd.DataFrame:
    """A batch as a DataFrame of pandas."""
    if isinstance(batch, pd.DataFrame):
        return batch
    if hasattr(batch, "to_pandas"):
        return batch.to_pandas()
    return pd.DataFrame(np.asarray(batch))
