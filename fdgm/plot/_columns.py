"""Samples as named columns, for pictures: numbers stay numbers, everything else is text."""

from typing import Any

import numpy as np

from .._columns import labels_of, library_of

__all__ = ["as_rows", "columns_of", "is_numeric", "shared_columns"]


def columns_of(X: Any, what: str) -> dict[str, np.ndarray]:
    """Columns of a table or an array by name. An array's columns are called x0, x1, ...

    Raises
    ------
    ValueError
        If X is no table and no array of shape (n_samples, n_features).
    """
    if library_of(X) in ("pandas", "polars"):
        labels = labels_of(X) or ()
        pairs = (
            (str(label), X.iloc[:, k] if library_of(X) == "pandas" else X[label]) for k, label in enumerate(labels)
        )
        return {name: _plain(column) for name, column in pairs}
    rows = np.asarray(X)
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"{what} must be a table or an array of shape (n_samples, n_features), got {rows.shape}.")
    return {f"x{k}": _plain(column) for k, column in enumerate(rows.T)}


def shared_columns(X_real: Any, X_generated: Any, owner: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Columns of both samples, of the same names.

    Raises
    ------
    ValueError
        If they differ.
    """
    real, generated = (
        columns_of(X, f"{name} of {owner}") for X, name in ((X_real, "X_real"), (X_generated, "X_generated"))
    )
    if not (hasattr(X_real, "columns") and hasattr(X_generated, "columns")) and len(real) == len(generated):
        generated = dict(zip(real, generated.values(), strict=True))  # an array has no names, and goes by position
    if set(real) != set(generated):
        odd = sorted(set(real) ^ set(generated))
        raise ValueError(f"X_generated of {owner} must have the columns of X_real, got ones that differ in {odd[:5]}.")
    return real, {name: generated[name] for name in real}


def as_rows(X: Any) -> np.ndarray:
    """An array of X's rows, of any shape."""
    return X.to_numpy() if library_of(X) in ("pandas", "polars") else np.asarray(X)


def is_numeric(values: np.ndarray) -> bool:
    """Whether a column holds numbers to place on an axis."""
    return values.dtype.kind in "iuf"


def _plain(column: Any) -> np.ndarray:
    values = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if values.dtype.kind in "iuf":
        return values
    if values.dtype.kind == "b":
        return values.astype(str)
    try:
        return values.astype(np.float64)  # nullable numbers, and objects that are numbers
    except (TypeError, ValueError):
        return values.astype(str)
