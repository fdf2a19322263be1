"""Conditions of a call of `sample`: values or ranges of some columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._columns import labels_of, library_of
from ..tables import Column

__all__ = ["Given", "read_given"]


@dataclass(frozen=True)
class Given:
    """What is given.

    Parameters
    ----------
    columns : tuple of int
        The given columns, ascending.
    codes : ndarray of shape (n_rows, n_given) or (1, n_given)
        Their values. NaN in a column with a range is one that is still to be drawn.
    rows : ndarray of int or None
        Training rows that satisfy the conditions, from which columns with ranges are drawn. None without ranges.
    """

    columns: tuple[int, ...]
    codes: np.ndarray
    rows: np.ndarray | None


def read_given(given: Any, columns: Mapping[Any, tuple[int, Column | None]], training: np.ndarray, owner: str) -> Given:
    """Check conditions.

    Parameters
    ----------
    given : mapping or table
        Values by column: one for all samples, an Interval, or n of them in a table.
    columns : mapping
        The place of each column by its name, and its description; None of one of an array.
    training : ndarray of shape (n, d)
        Codes of the training rows.
    owner : str
        For messages.

    Raises
    ------
    ValueError
        If there is no such column; if a value or a combination of values is impossible, with the nearest possible one.
    TypeError
        If it is neither a mapping nor a table.
    """
    if library_of(given) is not None:
        labels = labels_of(given) or ()
        held = {label: given.iloc[:, j] if hasattr(given, "iloc") else given[label] for j, label in enumerate(labels)}
        _check_names(held, columns, owner)
        codes = {columns[label][0]: _coded(label, values, columns, owner) for label, values in held.items()}
        places = tuple(sorted(codes))
        return Given(places, np.column_stack([codes[place] for place in places]), None)
    if not isinstance(given, Mapping):
        raise TypeError(f"given of {owner} must be a dict or a table, got {type(given).__name__}.")
    _check_names(given, columns, owner)
    low, high = {}, {}
    for label, value in given.items():
        place = columns[label][0]
        if isinstance(value, pd.Interval):
            low[place], high[place] = _ends(label, value, columns, owner)
        else:
            one = pd.Series([value], dtype=object if isinstance(value, str) else None)
            code = float(_coded(label, one, columns, owner)[0])
            low[place] = high[place] = code
            _check_bounds(label, value, code, training[:, place], columns, owner)
    places = tuple(sorted(low))
    least, most = (np.array([ends[place] for place in places]) for ends in (low, high))
    held_rows = training[:, places]
    inside = (held_rows >= least) & (held_rows <= most) | (np.isnan(held_rows) & np.isnan(least))
    ranged = np.array([isinstance(given[label], pd.Interval) for label in sorted(given, key=lambda k: columns[k][0])])
    free = np.array([not _ordered(columns, place) for place in places])
    strict = inside[:, ranged | free].all(axis=1)  # numbers between known ones are possible
    if not strict.any():
        raise ValueError(_nearest(given, columns, training, inside, owner))
    exact = inside.all(axis=1)
    rows = np.flatnonzero(exact if exact.any() else strict)
    return Given(places, np.where(ranged, np.nan, least)[None], rows if ranged.any() else None)


def _check_names(given: Mapping[Any, Any], columns: Mapping[Any, Any], owner: str) -> None:
    unknown = [label for label in given if label not in columns]
    if unknown or not len(given):
        known = f"{list(columns)[:8]}{' ...' if len(columns) > 8 else ''}"
        raise ValueError(f"given of {owner} must name columns of X, {known}, got {unknown or 'none'}.")


def _coded(label: Any, values: Any, columns: Mapping[Any, tuple[int, Column | None]], owner: str) -> np.ndarray:
    """Values of a column as codes (n,)."""
    column = columns[label][1]
    try:
        if column is None:
            return np.asarray(values, dtype=np.float64)
        if column.kind == "date" and isinstance(values, pd.Series) and values.dtype.kind not in "M":
            values = pd.to_datetime(values)
        codes = column.encode(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"given of {owner}, column {label!r}: {error}.") from error
    if column.levels is None and column.kind != "number" and (codes % 1 > 0).any():
        raise ValueError(f"given of {owner}, column {label!r}: it must be whole {column.kind}s, got {codes[0]:g}.")
    return codes


def _ends(
    label: Any, value: pd.Interval, columns: Mapping[Any, tuple[int, Column | None]], owner: str
) -> tuple[float, float]:
    """An interval as the least and the greatest code inside."""
    column = columns[label][1]
    if column is not None and not column.ordered:
        raise ValueError(
            f"given of {owner}, column {label!r}: a range must be of values with an order, got {value} of a"
            f" {column.kind}; give one level."
        )
    ends = []
    for end in (value.left, value.right):
        one = pd.Series([end])
        if column is None or column.levels is None:
            stamp = column is not None and column.kind in ("date", "duration")
            ends.append(float(column.encode(one)[0]) if stamp and column is not None else float(end))
        else:
            ends.append(float(np.searchsorted(np.array(column.levels, dtype=object), end)))
    low, high = ends
    return (
        low if value.closed_left else float(np.nextafter(low, np.inf)),
        high if value.closed_right else float(np.nextafter(high, -np.inf)),
    )


def _check_bounds(
    label: Any, value: Any, code: float, known: np.ndarray, columns: Mapping[Any, tuple[int, Column | None]], owner: str
) -> None:
    """That a number is within those of the training rows."""
    if np.isnan(code):
        if not np.isnan(known).any():
            raise ValueError(f"given of {owner}, column {label!r}: X had no missing values there, got {value!r}.")
        return
    low, high = np.nanmin(known), np.nanmax(known)
    if not low <= code <= high:
        near = _shown(columns[label][1], low if code < low else high)
        raise ValueError(
            f"given of {owner}, column {label!r}: {value!r} is outside the values of X; the nearest is {near}."
        )


def _nearest(
    given: Mapping[Any, Any],
    columns: Mapping[Any, tuple[int, Column | None]],
    training: np.ndarray,
    inside: np.ndarray,
    owner: str,
) -> str:
    """What to say of conditions that no training row satisfies: the row that satisfies most, and is the nearest."""
    best = inside.sum(axis=1)
    row = training[int(np.argmax(best))]
    seen = {label: _shown(columns[label][1], row[columns[label][0]]) for label in given}
    wanted = {label: str(value) for label, value in given.items()}
    return (
        f"given of {owner} must be conditions that rows of X satisfy together, got {wanted}, which none does; the"
        f" nearest has {seen}."
    )


def _ordered(columns: Mapping[Any, tuple[int, Column | None]], place: int) -> bool:
    column = next(column for where, column in columns.values() if where == place)
    return column is None or column.ordered


def _shown(column: Column | None, code: float) -> str:
    return f"{code:g}" if column is None else column.shown(code)
