"""Checks of the samples that metrics compare."""

from typing import Any

import numpy as np

from .._columns import align_all
from .._numbers import as_numbers

__all__ = ["check_pair", "check_rows"]


def check_rows(X: Any, name: str, function: str) -> np.ndarray:
    """`X` as finite float64 rows (n, d), any trailing shape flattened."""
    X = as_numbers(X, f"{name} of {function}")
    try:
        array = np.asarray(X)
    except ValueError as error:  # rows of unequal length
        raise ValueError(
            f"{name} of {function} must be an array of shape (n, d, ...), got {type(X).__name__}: {error}"
        ) from error
    if array.ndim < 2 or 0 in array.shape:
        got = f"shape {array.shape}" if array.ndim else f"{type(X).__name__}"
        mend = " (for one feature, use X.reshape(-1, 1))" if array.ndim == 1 and array.size else ""
        raise ValueError(f"{name} of {function} must be an array of shape (n >= 1, d >= 1, ...), got {got}{mend}.")
    if array.dtype.kind not in "biufO":
        raise ValueError(f"{name} of {function} must hold real numbers, got dtype {array.dtype}.")
    try:
        rows = array.reshape(len(array), -1).astype(np.float64)  # (n, d)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} of {function} must hold real numbers, got {error}.") from error
    if not np.isfinite(rows).all():
        row, column = np.argwhere(~np.isfinite(rows))[0]
        raise ValueError(f"{name} of {function} must be finite, got {rows[row, column]} in row {row}, column {column}.")
    return rows


def check_pair(X: Any, Y: Any, names: tuple[str, str], function: str) -> tuple[np.ndarray, np.ndarray]:
    """Both samples as rows of one width, with columns aligned by name."""
    X, Y = align_all((X, Y), names, function)
    x, y = check_rows(X, names[0], function), check_rows(Y, names[1], function)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"{names[1]} of {function} must have as many features as {names[0]}, which has {x.shape[1]}, "
            f"got {y.shape[1]}."
        )
    return x, y
