"""From what a user passes to an array, and the record that gives outputs the same form."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_array, validate_data

from .._columns import Labels, align, labels_of, restored
from ..exceptions import FileError
from ..persistence import State
from ._scaler import chunks

__all__ = [
    "Record",
    "columns_of",
    "index_of",
    "is_mapped",
    "plain_columns",
    "set_columns",
    "validate",
    "validate_count",
    "validate_latents",
    "validate_pair",
]


_PLAIN = (str, int, float, bool, type(None))  # what a column's label may be made of, for files
_FLOATS = ("float64", "float32", "float16", np.dtype(np.longdouble).name)  # what outputs are of


@dataclass(frozen=True)
class Record:
    """What X was: enough to give samples its container, columns, dtype and shape.

    Parameters
    ----------
    shape : tuple of int
        Shape of one row.
    dtype : str
        dtype of outputs: X's where that is a float, else float64.
    columns : tuple or None
        Column labels if X was a DataFrame.
    """

    shape: tuple[int, ...]
    dtype: str
    columns: Labels | None

    def to_state(self) -> State:
        """Everything, to be stored.

        Raises
        ------
        TypeError
            If a column's label is no string, number or tuple of them.
        """
        return State(json={"shape": list(self.shape), "dtype": self.dtype, "columns": _listed(self.columns)})

    @classmethod
    def from_state(cls, state: State) -> "Record":
        """What `to_state` gave."""
        shape, dtype = state.shape("shape"), state.choice("dtype", _FLOATS)
        return cls(shape, dtype, _checked_labels(state.value("columns"), shape[0]))

    def restore(self, rows: np.ndarray, index: pd.Index | None = None) -> Any:
        """Rows of shape (n, *shape) in the form X had; a DataFrame with the index of what they were made from."""
        rows = rows.astype(self.dtype, copy=False)
        if self.columns is None:
            return rows
        levels = all(isinstance(label, tuple) for label in self.columns)
        columns = pd.MultiIndex.from_tuples(self.columns) if levels else list(self.columns)
        return pd.DataFrame(rows, columns=columns, index=index)


def validate(estimator: BaseEstimator, X: Any, *, reset: bool, min_samples: int = 1) -> tuple[np.ndarray, Record]:
    """Check X and return it as an array of floats or integers, with its record.

    Without `reset`, a table's columns are put in the order that they had at fit.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If X holds strings, complex numbers, infinity or, unless the estimator's tags allow it, NaN (naming the first
        row and column), has too few rows, or rows of another shape or columns of other names than at `fit` when `reset`
        is false.
    """
    if not reset:
        X = align(X, columns_of(estimator), f"X of {type(estimator).__name__}", "X at fit")
    array, record = _checked(estimator, X, min_samples)
    _hold_columns(estimator, X, array, reset=reset)
    return array, record


def _checked(estimator: BaseEstimator, X: Any, min_samples: int) -> tuple[np.ndarray, Record]:
    """X by itself, as `validate` returns it; nothing is taken down."""
    name = type(estimator).__name__
    if is_mapped(X):
        return _checked_mapped(name, X, min_samples, allow_nan=_allows_nan(estimator))
    _refuse_strings(name, X)
    array = check_array(
        X,
        dtype="numeric",
        allow_nd=True,
        ensure_all_finite=False,
        ensure_min_samples=min_samples,
        estimator=estimator,
        input_name="X",
    )
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    _refuse_non_finite(name, array, allow_nan=_allows_nan(estimator))
    return array, Record(array.shape[1:], array.dtype.name, labels_of(X))


def validate_pair(
    estimator: BaseEstimator, X_p: Any, X_q: Any, *, reset: bool, min_samples: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Check a sample of the numerator P and one of the denominator Q, and return both as arrays.

    A table's columns are put in the order of X_p's, or without `reset` in that at fit. Nothing is taken down until both
    samples are checked.

    Raises
    ------
    TypeError, ValueError
        As `validate`, of each sample, or if the rows of the two have different shapes or columns of different names.
        Every message names the sample and the order of the two.
    """
    name = type(estimator).__name__
    order = f"{name} takes X_p, a sample of the numerator P, first and X_q, of the denominator Q, second."
    expected, like = (labels_of(X_p), "X_p") if reset else (columns_of(estimator), "X_p at fit")
    tables, arrays = [], []
    for sample, X in (("X_p", X_p), ("X_q", X_q)):
        with _named(sample, name, order):
            table = align(X, expected, f"X of {name}", like)
            arrays.append(_checked(estimator, table, min_samples)[0])
            tables.append(table)
    p, q = arrays
    if p.shape[1:] != q.shape[1:]:
        raise ValueError(
            f"X_q of {name} must have rows of the shape of X_p's, {p.shape[1:]}, got {q.shape[1:]}. {order}"
        )
    for sample, table, array in zip(("X_p", "X_q"), tables, arrays, strict=True):
        with _named(sample, name, order):
            _hold_columns(estimator, table, array, reset=reset and sample == "X_p")
    return p, q


@contextmanager
def _named(sample: str, name: str, order: str) -> Iterator[None]:
    """Errors with the sample that they are of."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{sample} of {name}: {error} {order}") from error
    except ValueError as error:
        raise ValueError(f"{sample} of {name}: {error} {order}") from error


def validate_latents(owner: str, Z: Any, size: int, *, hint: str = "") -> np.ndarray:
    """Check latents and return a copy of them, (n, size) of float32; a hint for those of another shape may be given.

    Raises
    ------
    TypeError
        If Z is sparse.
    ValueError
        If Z is not at least one row of `size` real numbers that are finite, also in float32.
    """
    _refuse_strings(owner, Z, "Z")
    given = check_array(
        Z,
        dtype="numeric",
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
        ensure_all_finite=False,
        input_name="Z",
        estimator=owner,
    )
    if given.ndim != 2 or given.shape[1] != size or not len(given):
        raise ValueError(f"Z of {owner} must have shape (n_samples, {size}), got {given.shape}{hint}.")
    with np.errstate(over="ignore"):
        latents = np.array(given, dtype=np.float32, order="C")
    bad = np.argwhere(~np.isfinite(latents))
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(
            f"Z of {owner} must be finite in float32, got {given[row, column]} at row {row}, column {column}."
        )
    return latents


def columns_of(estimator: BaseEstimator) -> Labels | None:
    """The names of the columns that an estimator of this package was fitted on; None where they had none."""
    return vars(estimator).get("_columns")


def plain_columns(estimator: BaseEstimator) -> list[Any] | None:
    """The names of the columns that an estimator was fitted on, for files.

    Raises
    ------
    TypeError
        If a name is no string, number or tuple of them.
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
    """Names out of a file."""
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


def index_of(X: Any) -> pd.Index | None:
    """The labels of X's rows, if it is a DataFrame."""
    return X.index if isinstance(X, pd.DataFrame) else None


def is_mapped(X: Any) -> bool:
    """Whether X is an array in a file, of numbers that can be used as they lie there."""
    return isinstance(X, np.memmap) and X.dtype.kind in "fiub" and X.ndim > 1


def _checked_mapped(name: str, X: np.memmap, min_samples: int, *, allow_nan: bool) -> tuple[np.ndarray, Record]:
    """As `_checked`, in chunks: the array stays in its file."""
    if len(X) < min_samples:
        raise ValueError(
            f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of {min_samples} is required"
            f" by {name}."
        )
    for part in chunks(X):
        _refuse_non_finite(name, X[part], first=part.start, allow_nan=allow_nan)
    return X, Record(X.shape[1:], X.dtype.name if X.dtype.kind == "f" else "float64", None)


def _hold_columns(estimator: BaseEstimator, X: Any, array: np.ndarray, *, reset: bool) -> None:
    """Take down names, number and shape of columns, or hold X to those at `fit`.

    Once all else is checked, so that an X that is refused leaves nothing behind.
    """
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if reset:
        estimator._row_shape, estimator._columns = array.shape[1:], labels_of(X)
    expected = tuple(vars(estimator).get("_row_shape", array.shape[1:]))
    if array.shape[1:] != expected:  # scikit-learn compares the first dimension alone
        raise ValueError(
            f"X of {type(estimator).__name__} must have rows of shape {expected}, as at fit, got {array.shape[1:]}."
        )


def _refuse_strings(name: str, X: Any, argument: str = "X") -> None:
    """Strings are refused even where they spell numbers: scikit-learn would convert those of an object array."""
    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()][0]
            raise ValueError(f"{argument} of {name} must have column names that differ, got {twice!r} more than once.")
        text = [c for c in X.columns if pd.api.types.is_string_dtype(X[c].dtype) and len(X)]
        if text:
            raise ValueError(f"{argument} of {name} must hold numbers, got strings in column {text[0]!r}.")
        return
    kind = getattr(getattr(X, "dtype", None), "kind", None)
    values = np.asarray(X, dtype=object) if kind == "O" else X
    if kind is None and isinstance(X, (list, tuple)):
        values = np.array([v for row in X for v in (row if isinstance(row, (list, tuple)) else [row])], dtype=object)
        kind = "O"
    if kind in ("U", "S", "T"):
        raise ValueError(f"{argument} of {name} must hold numbers, got an array of strings (dtype {X.dtype}).")
    if kind == "O":
        found = next((v for v in np.asarray(values, dtype=object).ravel() if isinstance(v, (str, bytes))), None)
        if found is not None:
            raise ValueError(
                f"{argument} of {name} must hold numbers, got the string {found!r}; convert the column first."
            )


def _allows_nan(estimator: BaseEstimator) -> bool:
    """Whether it takes missing values, as its tags say."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def _refuse_non_finite(name: str, array: np.ndarray, *, first: int = 0, allow_nan: bool = False) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = np.argwhere(np.isinf(array) if allow_nan else ~np.isfinite(array))
    if not len(bad):
        return
    row, *column = bad[0].tolist()
    value = array[tuple(bad[0])]
    what = "NaN" if np.isnan(value) else "infinity"
    where = column[0] if len(column) == 1 else tuple(column)
    raise ValueError(
        f"Input X of {name} must be finite, got {what} at row {first + row}, column {where}"
        f" (one of {len(bad)} such values); drop or impute them first."
    )


def validate_count(owner: str, name: str, value: Any) -> int:
    """A positive number of rows.

    Raises
    ------
    TypeError, ValueError
        If `value` is not an integer of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} of {owner} must be an int of at least 1, got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} of {owner} must be an int of at least 1, got {value!r}.")
    return int(value)
