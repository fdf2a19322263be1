"""Columns of pandas."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import _arrow
from ._levels import from_json, to_json

__all__ = [
    "columns",
    "describe_dtype",
    "describe_labels",
    "dtype_of",
    "frame",
    "labels_of",
    "numbers",
    "restored_labels",
    "taken",
]


def columns(table: pd.DataFrame) -> list[pd.Series]:
    """Every column, by position, since names may be equal."""
    return [table.iloc[:, place] for place in range(table.shape[1])]


def taken(levels: Sequence[Any], marker: Any, codes: np.ndarray, dtype: Any) -> pd.Series:
    """The level of each code; -1 is missing."""
    if pd.api.types.is_object_dtype(dtype):
        table = np.empty(len(levels) + 1, dtype=object)
        table[:-1], table[-1] = [*levels], marker
        return pd.Series(table[codes], dtype=object)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))
    if isinstance(dtype, np.dtype) and (codes < 0).any():
        raise ValueError(f"a column of {dtype} holds no missing values")
    if not levels:
        return pd.Series([None] * len(codes), dtype=dtype)
    return pd.Series(pd.array([*levels], dtype=dtype).take(codes, allow_fill=True))


def numbers(values: np.ndarray, missing: np.ndarray, dtype: Any, zone: str | None) -> pd.Series:
    """Numbers, dates or durations with holes."""
    series = pd.Series(values)
    if zone is not None:
        series = series.dt.tz_localize("UTC")
    if missing.any() and not (isinstance(dtype, np.dtype) and dtype.kind == "f"):
        if isinstance(dtype, np.dtype) and dtype.kind not in "mM":
            raise ValueError(f"a column of {dtype} holds no missing values")
        series = series.astype(dtype)
        series[missing] = None
        return series
    if missing.any():
        series[missing] = np.nan
    return series.astype(dtype)


def frame(labels: pd.Index, made: Sequence[Any], n: int, index: Any = None) -> pd.DataFrame:
    """The table of these columns."""
    table = pd.DataFrame(dict(enumerate(made)), index=pd.RangeIndex(n))
    table.columns = labels
    if index is not None:
        table.index = index
    return table


def labels_of(table: pd.DataFrame) -> pd.Index:
    """The index of the columns."""
    return table.columns


def describe_labels(labels: pd.Index) -> Any:
    """The index of the columns as JSON.

    Raises
    ------
    TypeError
        If a label is not a string, a number or a tuple of them.
    """
    plain = (str, int, float, bool, type(None))
    for label in labels:
        if not all(isinstance(part, plain) for part in (label if isinstance(label, tuple) else (label,))):
            raise TypeError(f"columns of X must be strings, numbers or tuples of them, got {label!r}; rename them.")
    dtype = None if isinstance(labels, pd.MultiIndex) else describe_dtype(labels.dtype)
    return {"labels": [to_json(label) for label in labels], "names": list(labels.names), "dtype": dtype}


def restored_labels(described: Any) -> pd.Index:
    """The inverse of `describe_labels`."""
    labels = [from_json(label) for label in described["labels"]]
    if described["dtype"] is None:
        return pd.MultiIndex.from_tuples(labels, names=described["names"])
    made = pd.Index(labels, dtype=dtype_of(described["dtype"]), tupleize_cols=False)
    return made.set_names(described["names"])


def describe_dtype(dtype: Any) -> Any:
    """A dtype as JSON.

    Raises
    ------
    TypeError
        If it is none that can be made again.
    """
    if isinstance(dtype, pd.CategoricalDtype):
        levels = [to_json(level) for level in dtype.categories]
        return {"category": levels, "of": describe_dtype(dtype.categories.dtype), "ordered": bool(dtype.ordered)}
    if isinstance(dtype, pd.StringDtype):
        return {"string": dtype.storage, "na": dtype.na_value is pd.NA}
    if isinstance(dtype, pd.ArrowDtype):
        return {"arrow": _arrow.describe_dtype(dtype.pyarrow_dtype)}
    if isinstance(dtype, pd.IntervalDtype) and dtype.subtype is not None:
        return {"interval": describe_dtype(dtype.subtype), "closed": dtype.closed}
    if pd.api.types.pandas_dtype(str(dtype)) == dtype and not isinstance(dtype, pd.SparseDtype):
        return str(dtype)
    raise TypeError(f"dtype {dtype} is none that can be made again")


def dtype_of(described: Any) -> Any:
    """The inverse of `describe_dtype`."""
    if isinstance(described, str):
        return pd.api.types.pandas_dtype(described)
    if "category" in described:
        levels = [from_json(level) for level in described["category"]]
        of = dtype_of(described["of"])
        return pd.CategoricalDtype(pd.Index(levels, dtype=of, tupleize_cols=False), ordered=described["ordered"])
    if "string" in described:
        more = {} if described["na"] else {"na_value": np.nan}
        return pd.StringDtype(described["string"], **more)
    if "interval" in described:
        return pd.IntervalDtype(dtype_of(described["interval"]), described["closed"])
    return pd.ArrowDtype(_arrow.dtype_of(described["arrow"]))
