"""Levels: the values of a column that is coded by their positions, as JSON, in order, and looked up."""

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["from_json", "grown", "looked_up", "to_json"]


def to_json(value: Any) -> Any:
    """A value as JSON.

    Raises
    ------
    TypeError
        If it is of a type that JSON and the tags here do not hold.
    """
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**63 else {"int": str(value)}
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is tuple:
        return {"tuple": [to_json(part) for part in value]}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, pd.Interval):
        return {"interval": [to_json(value.left), to_json(value.right)], "closed": value.closed}
    if isinstance(value, pd.Timestamp):
        zone = None if value.tz is None else str(value.tz)
        return {"timestamp": int(value.asm8.astype(np.int64)), "unit": value.unit, "zone": zone}
    if isinstance(value, pd.Timedelta):
        return {"timedelta": int(value.asm8.astype(np.int64)), "unit": value.unit}
    if type(value) is dt.timedelta:
        return {"duration": [value.days, value.seconds, value.microseconds]}
    for name, kind in (("datetime", dt.datetime), ("date", dt.date), ("time", dt.time)):
        if type(value) is kind and getattr(value, "tzinfo", None) is None:
            return {name: value.isoformat()}
    raise TypeError(f"values of {type(value).__name__}")


def from_json(value: Any) -> Any:
    """The inverse of `to_json`."""
    if not isinstance(value, dict):
        return value
    (tag, held), *rest = value.items()
    more = dict(rest)
    simple: dict[str, Callable[[Any], Any]] = {
        "int": int,
        "float": float,
        "decimal": Decimal,
        "bytes": bytes.fromhex,
        "datetime": dt.datetime.fromisoformat,
        "date": dt.date.fromisoformat,
        "time": dt.time.fromisoformat,
        "tuple": lambda parts: tuple(from_json(part) for part in parts),
        "duration": lambda parts: dt.timedelta(*parts),
        "interval": lambda ends: pd.Interval(from_json(ends[0]), from_json(ends[1]), closed=more["closed"]),
        "timedelta": lambda n: pd.Timedelta(np.timedelta64(n, more["unit"])),
    }
    if tag in simple:
        return simple[tag](held)
    stamp = pd.Timestamp(np.datetime64(held, more["unit"]))
    return stamp if more["zone"] is None else stamp.tz_localize("UTC").tz_convert(more["zone"])


def grown(values: np.ndarray) -> tuple[list[Any], bool]:
    """The levels among values (n,) of objects without missing ones, and whether they have an order of numbers or time.

    Levels that can be compared are sorted; others stay in the order in which they come.

    Raises
    ------
    TypeError
        If a value cannot be hashed, such as a list.
    """
    kinds = {type(value) for value in values}
    distinct = pd.unique(values) if len(kinds) == 1 else _by_type(values)
    levels = list(distinct)
    numeric = bool(kinds) and all(
        issubclass(kind, (int, float, np.number, Decimal, dt.date, dt.time, dt.timedelta, pd.Interval))
        and kind not in (bool, np.bool_)
        for kind in kinds
    )
    try:
        levels.sort()
    except TypeError:
        return levels, False
    return levels, numeric


def looked_up(values: np.ndarray, levels: Sequence[Any]) -> np.ndarray:
    """The position (n,) of each object among the levels; -1 where it is none of them."""
    kinds = {type(level) for level in levels}
    if len(kinds) == 1 and {type(value) for value in values} <= kinds:
        table = np.empty(len(levels), dtype=object)
        table[:] = levels
        return np.asarray(pd.Index(table, dtype=object, tupleize_cols=False).get_indexer(_objects(values)))
    places = {(type(level), level): place for place, level in enumerate(levels)}
    return np.array([places.get((type(value), value), -1) for value in values], dtype=np.int64)


def _objects(values: np.ndarray) -> pd.Index:
    return pd.Index(values, dtype=object, tupleize_cols=False)


def _by_type(values: np.ndarray) -> list[Any]:
    """Distinct values, where True, 1 and 1.0 are three."""
    return [value for _, value in dict.fromkeys((type(value), value) for value in values)]
