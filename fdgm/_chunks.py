"""Work in chunks of rows, so that memory does not grow with their number."""

from collections.abc import Callable, Iterator

import numpy as np

__all__ = ["apply_in_chunks", "slices"]


def slices(n: int, size: int) -> Iterator[slice]:
    """Slices of `size` rows each, in order, that cover `n` rows. The last one may be shorter."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def apply_in_chunks(function: Callable[[slice], np.ndarray], n: int, size: int) -> np.ndarray:
    """The results of `function` for all rows, from one call for each chunk of them.

    Parameters
    ----------
    function : callable
        ``function(rows)`` gives an array with one entry for each row of a slice. All have one dtype and one shape.
    n : int
        Number of rows, at least 1.
    size : int
        Number of rows in a chunk.

    Returns
    -------
    values : ndarray of shape (n, ...)
    """
    values: np.ndarray | None = None
    for rows in slices(n, size):
        part = function(rows)
        if values is None:
            values = np.empty((n, *part.shape[1:]), dtype=part.dtype)
        values[rows] = part
    if values is None:
        raise ValueError(f"n of apply_in_chunks must be at least 1, got {n!r}.")
    return values
