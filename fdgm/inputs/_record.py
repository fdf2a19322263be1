"""A record of X's form and column names, so that outputs have the same form."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from .._columns import Labels, restored
from ..exceptions import FileError
from ..persistence import State
from ..tables import Ranks, Schema

__all__ = ["Record", "columns_of", "index_of", "plain_columns", "set_columns"]

_PLAIN = (str, int, float, bool, type(None))  # what a column's label may be made of, for files
_FLOATS = ("float64", "float32", "float16", np.dtype(np.longdouble).name)  # what outputs are of


@dataclass(frozen=True)
class Record:
    """A record of X that gives samples its container, columns, dtype and shape.

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    dtype : str
        dtype of outputs: X's if that is a float, or else float64.
    columns : tuple or None
        Column labels if X was a table.
    library : str, default="pandas"
        The table's library, "pandas" or "polars".
    schema : Schema or None, default=None
        What the columns of a table of mixed kinds are. None if X was numbers, `dtype` of which comes back.
    ranks : Ranks or None, default=None
        The map from numbers to the normal scores that `validate` gives. None if it gives the numbers themselves.
    """

    shape: tuple[int, ...]
    dtype: str
    columns: Labels | None
    library: str = "pandas"
    schema: Schema | None = None
    ranks: Ranks | None = None

    def to_state(self) -> State:
        """The whole state, for a file.

        Raises
        ------
        TypeError
            If a column's label is not a string, a number or a tuple of them.
        """
        state = State(json={"shape": list(self.shape), "dtype": self.dtype, "columns": _listed(self.columns)})
        if self.schema is not None:
            state.tensors["schema"] = self.schema.to_tensor()
        elif self.library != "pandas":
            state.json["library"] = self.library
        if self.ranks is not None:
            state.parts["ranks"] = self.ranks.to_state()
        return state

    @classmethod
    def from_state(cls, state: State) -> "Record":
        """Restore what `to_state` gave."""
        shape, dtype = state.shape("shape"), state.choice("dtype", _FLOATS)
        columns = _checked_labels(state.value("columns"), shape[0])
        library = state.choice("library", ("polars",)) if "library" in state.json else "pandas"
        if library == "polars" and not all(isinstance(label, str) for label in columns or ()):
            raise FileError("columns must be strings in a table of polars, and are not")
        if not state.has("ranks"):
            return cls(shape, dtype, columns, library)
        if len(shape) > 1:
            raise FileError(f"rows with ranks must be vectors, got the shape {shape}")
        ranks = Ranks.from_state(state.part("ranks"), shape[0])
        schema = Schema.from_state(state, shape[0]) if state.has("schema") else None
        if schema is not None:
            schema.check_values([column.values for column in ranks.columns])
        return cls(shape, dtype, columns, library, schema, ranks)

    def named_like(self, earlier: "Record") -> "Record":
        """With the names that an earlier X had, where this one has none: its columns are the same ones."""
        return self if self.columns is not None else replace(self, columns=earlier.columns, library=earlier.library)

    def scores(self, X: Any) -> np.ndarray:
        """Normal scores (n, d) of rows in X's form, as `validate` gives them."""
        if self.ranks is None:
            raise ValueError("a record without ranks has no scores.")
        return self.ranks.encode(np.asarray(X, dtype=np.float64) if self.schema is None else self.schema.encode(X))

    def settled(self, rows: np.ndarray) -> np.ndarray:
        """Rows as `validate` would give them after `restore`: scores of values that there are."""
        return rows if self.ranks is None else self.ranks.encode(self.ranks.decode(rows))

    def spread(self, rows: np.ndarray, seed: int) -> np.ndarray:
        """Rows as networks learn them: scores of ties at random over the interval of their ranks."""
        return rows if self.ranks is None else self.ranks.spread(rows, seed)

    def restore(self, rows: np.ndarray, index: pd.Index | None = None) -> Any:
        """Rows of shape (n, *shape) in X's form. A DataFrame has the index of what the rows were made from.

        Raises
        ------
        ImportError
            If X was a table of polars or pyarrow, and that is not installed where a file is read.
        """
        if self.ranks is not None:
            rows = self.ranks.decode(rows)
        if self.schema is not None:
            return self.schema.decode(rows, index)
        rows = rows.astype(self.dtype, copy=False)
        if self.columns is None:
            return rows
        if self.library == "polars":
            import polars as pl  # no dependency: there was a table of it

            return pl.DataFrame(rows, schema=list(self.columns), orient="row")
        levels = all(isinstance(label, tuple) for label in self.columns)
        columns = pd.MultiIndex.from_tuples(self.columns) if levels else list(self.columns)
        return pd.DataFrame(rows, columns=columns, index=index)


def index_of(X: Any) -> pd.Index | None:
    """The labels of X's rows, if it is a DataFrame."""
    return X.index if isinstance(X, pd.DataFrame) else None


def columns_of(estimator: BaseEstimator) -> Labels | None:
    """The names of the columns that an estimator of this package was fitted on. None if they had none."""
    return vars(estimator).get("_columns")


def plain_columns(estimator: BaseEstimator) -> list[Any] | None:
    """The names of the columns that an estimator was fitted on, for files.

    Raises
    ------
    TypeError
        If a name is not a string, a number or a tuple of them.
    """
    return _listed(columns_of(estimator))


def set_columns(estimator: BaseEstimator, columns: Any, n: int) -> None:
    """Give an estimator of `n` columns the names that `plain_columns` took from a fitted one.

    Raises
    ------
    FileError
        If they are no such names.
    """
    estimator._columns = labels = _checked_labels(columns, n)
    if labels and all(isinstance(label, str) for label in labels):
        estimator.feature_names_in_ = np.array(labels, dtype=object)


def _listed(columns: Labels | None) -> list[Any] | None:
    if columns is None:
        return None
    odd = next((label for label in columns if not all(isinstance(part, _PLAIN) for part in _parts(label))), None)
    if odd is not None:
        raise TypeError(
            f"columns of X must be strings, numbers or tuples of them to be saved, got {odd!r}; rename them."
        )
    return list(columns)


def _checked_labels(columns: Any, n: int) -> Labels | None:
    """Names read from a file."""
    if columns is None:
        return None
    labels = restored(columns) if isinstance(columns, list) and len(columns) == n else None
    if labels is None or not all(isinstance(part, _PLAIN) for label in labels for part in _parts(label)):
        raise FileError(f"columns must be None or {n} strings, numbers or lists of them, and are not")
    if len({len(label) if isinstance(label, tuple) else 0 for label in labels}) > 1 or () in labels:
        raise FileError("columns must have names of as many levels as one another, and have not")
    if len(set(labels)) < n:
        raise FileError("columns must have names that differ, and have not")
    return labels


def _parts(label: Any) -> tuple[Any, ...]:
    return label if isinstance(label, tuple) else (label,)
