"""Tables that meet are aligned by the names of their columns: here, and nowhere else."""

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
    """The names of X's columns if it is a table of pandas, polars or pyarrow; None for everything else.

    pandas numbers the columns of a table without names; these numbers are names like any others.
    """
    library = library_of(X)
    if library is None or library == "polars lazy":
        return None
    return tuple(X.column_names if library == "pyarrow" else X.columns)


def order_of(found: Labels | None, expected: Labels | None, what: str, like: str) -> np.ndarray | None:
    """Where the expected columns are in a table with the columns `found`.

    Parameters
    ----------
    found, expected : tuple or None
        Names of columns. None has no names, and is compatible with any.
    what : str
        The table, for the error: "X of VGrowSampler".
    like : str
        What has the expected columns: "X at fit".

    Returns
    -------
    order : ndarray of int of shape (n_features,) or None
        ``array[:, order]`` has the expected columns in their order. None where nothing is to be moved.

    Raises
    ------
    ValueError
        If the sets of names differ, or a name that is to be moved is there more than once.
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
    """X with its columns in the expected order; itself where it has no names, or they are in order.

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
    """All tables with their columns in the order of the first that has names; what has none is left as it is.

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
    """Names as they were before they were JSON, which makes lists of tuples."""
    if labels is None:
        return None
    return tuple(tuple(label) if isinstance(label, list) else label for label in labels)


def library_of(X: Any) -> str | None:
    """Whose table X is: "pandas", "polars", "pyarrow", or "polars lazy" of one without values yet.

    Where nobody has imported a library there is none of its tables.
    """
    for name, library, table in _TABLES:
        module = sys.modules.get(library)
        made = None if module is None else vars(module).get(table)  # a module may be halfway through its import
        if made is not None and isinstance(X, made):
            return name
    return None


def _listed(labels: Sequence[Any]) -> str:
    """Names for an error, the first few of many."""
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    return f"{[_plain(label) for label in labels[:_LISTED]]}{more}"


def _plain(label: Any) -> Any:
    """A label that is written like what a user types: numpy's numbers as numbers."""
    return label.item() if isinstance(label, np.generic) else label
