"""Turn tables and objects into an array of numbers. Refuse, by column, what would be guessed or lost."""

import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from ._columns import labels_of, library_of

__all__ = ["as_numbers"]

_KINDS = {"M": "dates", "m": "time spans", "c": "complex numbers", "V": "records"}
_STRINGS = ("U", "S", "T")
_HINTS = {
    "strings": "convert or encode it",
    "categories": "encode it, for instance by scikit-learn's OneHotEncoder, or convert it to float if it holds numbers",
    "dates": "convert it to numbers, such as the seconds since a date",
    "time spans": "convert it to numbers, such as their seconds",
    "periods": "convert it to numbers, such as their ordinals",
}


def as_numbers(X: Any, what: str) -> Any:
    """Return X's numbers as an array: a table column by column, objects one by one.

    These are converted: nullable and Arrow dtypes, `decimal.Decimal`, and other real numbers in an object array. A
    missing value among them becomes NaN.

    Parameters
    ----------
    X : object
        Anything but a table, an array of objects or a list is returned as it is.
    what : str
        The name of X for errors, such as "X of VGrowSampler".

    Returns
    -------
    X : ndarray of bool, int or float, or what X was

    Raises
    ------
    TypeError
        If X is a table without an array of values: a polars LazyFrame, a pyarrow Table, sparse columns. Also if it
        holds objects that are no numbers, such as dicts.
    ValueError
        If X holds strings, categories, dates, time spans, complex numbers or masked values. Every message names the
        column or the position.
    """
    library = library_of(X)
    if library == "pyarrow":
        raise TypeError(f"{what} must be an array or a table of pandas or polars, got one of pyarrow; use to_pandas().")
    if library == "polars lazy":
        raise TypeError(f"{what} must be an array or a table with its values, got a polars LazyFrame; use collect().")
    if library is not None:
        return _of_table(X, library, what)
    if isinstance(X, (list, tuple)):
        X = _of_list(X, what)
    if isinstance(X, np.ma.MaskedArray):
        X = _unmasked(X, what)
    if not isinstance(X, np.ndarray):
        return X
    if X.dtype.kind in _STRINGS:
        raise ValueError(f"{what} must hold numbers, got an array of strings (dtype {X.dtype}); convert it.")
    if X.dtype.kind in "Mm":
        raise ValueError(f"{what} must hold numbers, got {_KINDS[X.dtype.kind]} (dtype {X.dtype}); convert them first.")
    return _of_objects(X, what) if X.dtype == object else X


def _of_table(X: Any, library: str, what: str) -> np.ndarray:
    labels = labels_of(X) or ()
    twice = next((label for place, label in enumerate(labels) if label in labels[:place]), None)
    if len(set(labels)) < len(labels):
        raise ValueError(f"{what} must have column names that differ, got {twice!r} more than once.")
    if not len(X):
        return np.empty(X.shape)
    if library == "pandas" and all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in X.dtypes):
        return X.to_numpy(dtype=np.result_type(*X.dtypes)) if len(labels) else X.to_numpy()
    column = _pandas_column if library == "pandas" else _polars_column
    columns = [column(X.iloc[:, k] if library == "pandas" else X[label], label, what) for k, label in enumerate(labels)]
    return np.column_stack(columns) if columns else np.empty(X.shape)


def _pandas_column(column: Any, label: Any, what: str) -> np.ndarray:
    import pandas as pd  # there are no columns of it otherwise

    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return column.to_numpy()
    if isinstance(dtype, pd.SparseDtype):
        raise TypeError(f"{what} must be dense, got the sparse column {label!r}; use X.sparse.to_dense().")
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _of_objects(column.to_numpy(), what, label)
    if isinstance(dtype, pd.CategoricalDtype):
        raise _refused(what, "categories", label)
    if pd.api.types.is_complex_dtype(dtype) or not _is_numeric(pd, dtype):
        raise _refused(what, _kind_of(pd, dtype), label)
    single = str(dtype) in ("Float32", "float[pyarrow]")
    return column.to_numpy(dtype=np.float32 if single else np.float64, na_value=np.nan)


def _is_numeric(pd: Any, dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


def _kind_of(pd: Any, dtype: Any) -> str:
    """Name what a column without numbers holds."""
    if isinstance(dtype, pd.PeriodDtype):
        return "periods"
    if isinstance(dtype, (np.dtype, pd.DatetimeTZDtype)):
        return _KINDS.get(dtype.kind, f"values of dtype {dtype}")
    if pd.api.types.is_string_dtype(dtype):
        return "strings"
    return _KINDS.get(getattr(dtype, "kind", ""), f"values of dtype {dtype}")


def _polars_column(column: Any, label: str, what: str) -> np.ndarray:
    import polars as pl  # there are no columns of it otherwise

    dtype = column.dtype
    if dtype == pl.Float32:
        return column.to_numpy()
    if dtype.is_numeric() or dtype == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    if dtype == pl.Object:
        return _of_objects(np.array(column.to_list(), dtype=object), what, label)
    kinds = {
        "strings": (pl.String,),
        "categories": (pl.Categorical, pl.Enum),
        "dates": (pl.Date, pl.Datetime),
        "time spans": (pl.Duration,),
    }
    kind = next((kind for kind, those in kinds.items() if dtype.base_type() in those), f"values of dtype {dtype}")
    raise _refused(what, kind, label)


def _refused(what: str, kind: str, label: Any) -> ValueError:
    return ValueError(
        f"{what} must hold numbers, got {kind} in column {label!r}; {_HINTS.get(kind, 'convert it')}, or leave it out."
    )


def _of_list(X: Sequence[Any], what: str) -> Any:
    """Make an array, or return X if its rows have different lengths: scikit-learn refuses that later."""
    if any(isinstance(row, np.ma.MaskedArray) for row in X):
        return np.ma.array(X)
    found = next((value for value in _values(X) if isinstance(value, (str, bytes))), None)
    if found is not None:  # numpy would make strings of the numbers beside it
        raise ValueError(f"{what} must hold numbers, got the string {found!r}; convert the column first.")
    try:
        return np.asarray(X)
    except ValueError:
        return X


def _values(X: Sequence[Any]) -> Iterator[Any]:
    for row in X:
        if isinstance(row, (list, tuple)):
            yield from row
        else:
            yield row


def _unmasked(X: np.ma.MaskedArray, what: str) -> np.ndarray:
    masked = np.argwhere(np.ma.getmaskarray(X))
    if len(masked):
        raise ValueError(
            f"{what} must have no masked values, got one at {_place(masked[0])} (one of {len(masked)}); fill or drop"
            " them first."
        )
    return np.asarray(X.data)


def _of_objects(values: np.ndarray, what: str, label: Any = None) -> np.ndarray:
    """Turn real numbers of any kind into floats, and missing values into NaN."""
    flat = values.ravel()
    strange = {kind for kind in set(map(type, flat)) if not _is_number(kind)}
    if strange:
        at = next(k for k, value in enumerate(flat) if type(value) in strange)
        value, place = flat[at], np.unravel_index(at, values.shape)
        where = _place(place) if label is None else f"row {at}, column {label!r}"
        if isinstance(value, (str, bytes)):
            if label is not None:
                raise _refused(what, "strings", label)
            raise ValueError(
                f"{what} must hold numbers, got the string {value!r} at {where}; convert the column first."
            )
        if isinstance(value, (complex, np.complexfloating)):
            raise ValueError(f"Complex data not supported: {what} must hold real numbers, got {value!r} at {where}.")
        raise TypeError(  # in Python's own words, which scikit-learn's checks ask for
            f"{what} must hold numbers, got {value!r} of type {type(value).__name__} at {where}; convert it first:"
            " float's argument must be a string or a real number."
        )
    numbers = np.empty(len(flat))
    for k, value in enumerate(flat):
        try:
            numbers[k] = np.nan if _is_missing(value) else float(value)
        except (ValueError, OverflowError) as error:  # a Decimal's sNaN, an integer of 400 digits
            where = _place(np.unravel_index(k, values.shape)) if label is None else f"row {k}, column {label!r}"
            raise ValueError(f"{what} must hold numbers that float64 can hold, got {value!r} at {where}.") from error
    return numbers.reshape(values.shape)


def _is_number(kind: type) -> bool:
    return issubclass(kind, (Real, Decimal, np.bool_, type(None), type(_pandas_na())))


def _is_missing(value: Any) -> bool:
    return value is None or value is _pandas_na()


def _pandas_na() -> Any:
    """pandas' missing value, or None if pandas was never imported."""
    return getattr(sys.modules.get("pandas"), "NA", None)


def _place(index: Sequence[Any] | np.ndarray) -> str:
    row, *column = (int(i) for i in index)
    if not column:
        return f"row {row}"
    return f"row {row}, column {column[0] if len(column) == 1 else tuple(column)}"
