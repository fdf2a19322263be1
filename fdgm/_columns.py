"""Align tables by the names of their columns. No other module does it."""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Labels", "align", "align_all", "labels_of", "library_of", "order_of", "restored"]

#: Names of columns in their order: strings, integers, or a MultiIndex's tuples.
Labels = tuple[Any, ...]

_TABLES = (
    ("pandas", "pandas", "DataFrame"),
    ("polars", "polars", "DataFrame"),
    ("polars lazy", "polars", "LazyFrame"),
    ("pyarrow", "pyarrow", "Table"),
)
_LISTED = 5  # names that an error shows


def labels_of(X: Any) -> Labels | None:
    """The names of X's columns if it is a table of pandas, polars or pyarrow, and None otherwise.

    pandas numbers the columns of a table without names. These numbers are names like any others.
    """
    library = library_of(X)
    if library is None:
        return getattr(X, "labels", None) if isinstance(X, np.memmap) else None  # rows that came from a file
    if library == "polars lazy":
        return None
    return tuple(X.column_names if library == "pyarrow" else X.columns)


def order_of(found: Labels | None, expected: Labels | None, what: str, like: str) -> np.ndarray | None:
    """Find the expected columns in a table with the columns `found`.

    Parameters
    ----------
    found, expected : tuple or None
        Names of columns. None stands for no names, and is compatible with any.
    what : str
        The table, for the error, such as "X of VGrowSampler".
    like : str
        What has the expected columns, such as "X at fit".

    Returns
    -------
    order : ndarray of int of shape (n_features,) or None
        ``array[:, order]`` has the expected columns in their order. None if the order is right already.

    Raises
    ------
    ValueError
        If the sets of names differ, or if a column must be moved and its name occurs more than once.
    """
    if found is None or expected is None or found == expected:
        return None
    missing = [label for label in expected if label not in set(found)]
    unexpected = [label for label in found if label not in set(expected)]
    if missing or unexpected:
        got = [f"none of {_listed(missing)}"] * bool(missing) + [f"also {_listed(unexpected)}"] * bool(unexpected)
        raise ValueError(
            f"{what} must have the columns of {like} by name, in any order, got {' and '.join(got)}; rename them, or"
            " pass an array, which has no names and goes by position."
        )
    places = {label: place for place, label in enumerate(found)}
    if len(places) < len(found) or len(found) != len(expected):
        twice = next(label for label in (*found, *expected) if (found + expected).count(label) > 2)
        raise ValueError(
            f"{what} must have column names that differ, to be put in the order of {like}, got {twice!r} more than"
            " once; rename it."
        )
    return np.array([places[label] for label in expected])


def align(X: Any, expected: Labels | None, what: str, like: str) -> Any:
    """Put X's columns in the expected order. X itself is returned if it has no names or is in order.

    Raises
    ------
    ValueError
        As :func:`order_of`.
    """
    order = order_of(labels_of(X), expected, what, like)
    if order is None:
        return X
    if library_of(X) == "pandas":
        return X.iloc[:, order]
    return X.select([labels_of(X)[place] for place in order])  # type: ignore[index]  # it has names, or no order


def align_all(tables: Sequence[Any], names: Sequence[str], function: str) -> list[Any]:
    """Put the columns of all tables in the order of the first that has names. Arrays without names stay as they are.

    Raises
    ------
    ValueError
        As :func:`order_of`, with the names of the two tables that differ.
    """
    named = [(labels, name) for labels, name in zip(map(labels_of, tables), names, strict=True) if labels is not None]
    if not named:
        return list(tables)
    expected, first = named[0]
    return [align(X, expected, f"{name} of {function}", first) for X, name in zip(tables, names, strict=True)]


def restored(labels: Sequence[Any] | None) -> Labels | None:
    """Restore names from JSON, which turns tuples into lists."""
    if labels is None:
        return None
    return tuple(tuple(label) if isinstance(label, list) else label for label in labels)


def library_of(X: Any) -> str | None:
    """The library of the table X: "pandas", "polars", "pyarrow", or "polars lazy" for one without values yet.

    A library that was never imported has made no table.
    """
    for name, library, table in _TABLES:
        module = sys.modules.get(library)
        made = None if module is None else vars(module).get(table)  # a module may be halfway through its import
        if made is not None and isinstance(X, made):
            return name
    return None


def _listed(labels: Sequence[Any]) -> str:
    """List the first few names for an error."""
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    return f"{[_plain(label) for label in labels[:_LISTED]]}{more}"


def _plain(label: Any) -> Any:
    """Turn numpy's numbers into Python's, so that a label is written as a user types it."""
    return label.item() if isinstance(label, np.generic) else label
