"""Evaluate networks over many rows, in chunks whose results do not depend on the number of rows."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .._chunks import apply_in_chunks
from ..inputs import chunk_seed

__all__ = ["CHUNK", "chunk_noise", "map_rows", "padded", "values_at"]

CHUNK = 4096  # rows: the bits of a matrix product depend on its number of rows, so all chunks have the same
_MAPPED = 256  # the same, where a call usually has few rows, such as one image


def values_at(
    X: np.ndarray, function: Callable[[Tensor], Tensor], to_tensor: Callable[[np.ndarray], Tensor], device: str
) -> np.ndarray:
    """Evaluate `function`, from rows (n, *shape) to values (n,), over X, as float64."""

    def values(rows: slice) -> np.ndarray:
        with torch.no_grad():
            return function(to_tensor(X[rows]).to(device)).cpu().numpy().astype(np.float64)

    return apply_in_chunks(values, len(X), CHUNK)


def map_rows(
    function: Callable[..., Tensor], n: int, part: Callable[[slice, int], tuple[Tensor, ...]], device: str
) -> np.ndarray:
    """Evaluate `function` over `n` rows, so that a row's result does not depend on the number of other rows.

    Parameters
    ----------
    function : callable
        Maps tensors with equally many rows to a tensor (rows, *shape), row by row.
    n : int
    part : callable
        ``part(rows, chunk)`` gives the inputs at a slice of the rows, the chunk-th. A short last slice is padded here.
    device : str

    Returns
    -------
    values : ndarray of shape (n, *shape), float32
    """

    def values(rows: slice) -> np.ndarray:
        inputs = [padded(tensor, _MAPPED).to(device) for tensor in part(rows, rows.start // _MAPPED)]
        with torch.no_grad():
            return function(*inputs)[: rows.stop - rows.start].cpu().numpy()

    return apply_in_chunks(values, n, _MAPPED)


def chunk_noise(key: tuple[int, ...], chunk: int, n: int, size: int) -> Tensor:
    """Standard normal noise (n, size) for the chunk-th chunk of `map_rows`, whose bits do not depend on `n`."""
    source = torch.Generator("cpu").manual_seed(chunk_seed(*key, chunk))
    return torch.randn(_MAPPED, size, generator=source, dtype=torch.float32, device="cpu")[:n]


def padded(rows: Tensor, n: int) -> Tensor:
    """Rows (m, *shape), padded with copies of the last one up to `n`."""
    missing = n - len(rows)
    return rows if missing == 0 else torch.cat([rows, rows[-1:].expand(missing, *rows.shape[1:])])
