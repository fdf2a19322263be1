"""Columns of pyarrow, which is imported where there is a table of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._polars import describe_labels, restored_labels

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


def columns(table: Any) -> list[Any]:
    """Every column."""
    return list(table.columns)


def taken(levels: Sequence[Any], marker: Any, codes: np.ndarray, dtype: Any) -> Any:
    """The level of each code; -1 is missing."""
    import pyarrow as pa

    if pa.types.is_dictionary(dtype):
        coded = pa.array(codes, type=dtype.index_type, mask=codes < 0)
        return pa.DictionaryArray.from_arrays(coded, pa.array([*levels], type=dtype.value_type), ordered=dtype.ordered)
    return pa.array([*levels], type=dtype).take(pa.array(codes, mask=codes < 0))


def numbers(values: np.ndarray, missing: np.ndarray, dtype: Any, zone: str | None) -> Any:
    """Numbers, dates or durations with holes."""
    import pyarrow as pa

    if zone is not None:
        made = pa.array(values.astype(np.int64), mask=missing)
        return made.cast(pa.timestamp(np.datetime_data(values.dtype)[0], tz=zone)).cast(dtype)
    return pa.array(values, mask=missing).cast(dtype)


def frame(labels: Sequence[str], made: Sequence[Any], n: int, index: Any = None) -> Any:
    """The table of these columns."""
    import pyarrow as pa

    return pa.Table.from_arrays(list(made), names=list(labels))


def labels_of(table: Any) -> list[str]:
    """Names of the columns."""
    return list(table.column_names)


def describe_dtype(dtype: Any) -> Any:
    """A type as JSON.

    Raises
    ------
    TypeError
        If it is none that can be made again.
    """
    import pyarrow as pa

    if pa.types.is_timestamp(dtype):
        return {"timestamp": dtype.unit, "zone": dtype.tz}
    if pa.types.is_decimal128(dtype):
        return {"decimal": [dtype.precision, dtype.scale]}
    if pa.types.is_dictionary(dtype):
        of, index = describe_dtype(dtype.value_type), describe_dtype(dtype.index_type)
        return {"dictionary": of, "index": index, "ordered": dtype.ordered}
    name = {"double": "float64", "float": "float32", "halffloat": "float16"}.get(str(dtype), str(dtype))
    try:
        if pa.type_for_alias(name) == dtype:
            return name
    except ValueError:
        pass
    raise TypeError(f"type {dtype} is none that can be made again")


def dtype_of(described: Any) -> Any:
    """The inverse of `describe_dtype`."""
    import pyarrow as pa

    if isinstance(described, str):
        return pa.type_for_alias(described)
    if "timestamp" in described:
        return pa.timestamp(described["timestamp"], tz=described["zone"])
    if "decimal" in described:
        return pa.decimal128(*described["decimal"])
    index, of = dtype_of(described["index"]), dtype_of(described["dictionary"])
    return pa.dictionary(index, of, ordered=described["ordered"])
