"""Columns of polars, which is imported where there is a table of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

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

_PLAIN = (
    "Binary", "Boolean", "Categorical", "Date", "Float32", "Float64", "Int8", "Int16", "Int32", "Int64", "Int128",
    "Null", "String", "Time", "UInt8", "UInt16", "UInt32", "UInt64",
)  # fmt: skip


def columns(table: Any) -> list[Any]:
    """Every column."""
    found: list[Any] = table.get_columns()
    return found


def taken(levels: Sequence[Any], marker: Any, codes: np.ndarray, dtype: Any) -> Any:
    """The level of each code; -1 is missing."""
    import polars as pl

    return pl.Series([*levels, None], dtype=dtype).gather(np.where(codes < 0, len(levels), codes))


def numbers(values: np.ndarray, missing: np.ndarray, dtype: Any, zone: str | None) -> Any:
    """Numbers, dates or durations with holes."""
    import polars as pl

    made = pl.Series(values)
    if zone is not None:
        made = made.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return made.cast(dtype).zip_with(pl.Series(~missing), pl.Series([None], dtype=dtype))


def frame(labels: Sequence[str], made: Sequence[Any], n: int, index: Any = None) -> Any:
    """The table of these columns."""
    import polars as pl

    return pl.DataFrame([column.alias(label) for label, column in zip(labels, made, strict=True)])


def labels_of(table: Any) -> list[str]:
    """Names of the columns."""
    return list(table.columns)


def describe_labels(labels: Sequence[str]) -> Any:
    """Names of the columns, as JSON."""
    return list(labels)


def restored_labels(described: Any) -> list[str]:
    """The inverse of `describe_labels`."""
    return list(described)


def describe_dtype(dtype: Any) -> Any:
    """A dtype as JSON.

    Raises
    ------
    TypeError
        If it is none that can be made again.
    """
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return {"datetime": dtype.time_unit, "zone": dtype.time_zone}
    if isinstance(dtype, pl.Duration):
        return {"duration": dtype.time_unit}
    if isinstance(dtype, pl.Decimal):
        return {"decimal": [dtype.precision, dtype.scale]}
    if isinstance(dtype, pl.Enum):
        return {"enum": dtype.categories.to_list()}
    name = type(dtype).__name__
    if name in _PLAIN:
        return name
    raise TypeError(f"dtype {dtype} is none that can be made again")


def dtype_of(described: Any) -> Any:
    """The inverse of `describe_dtype`."""
    import polars as pl

    if isinstance(described, str):
        if described not in _PLAIN:
            raise ValueError(f"polars has no dtype {described!r}")
        return getattr(pl, described)()
    if "datetime" in described:
        return pl.Datetime(described["datetime"], described["zone"])
    if "duration" in described:
        return pl.Duration(described["duration"])
    if "decimal" in described:
        return pl.Decimal(*described["decimal"])
    return pl.Enum(described["enum"])
