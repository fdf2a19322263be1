"""Evaluate networks over many rows, in chunks whose results do not depend on the number of rows."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..inputs import chunk_seed

__all__ = ["CHUNK", "chunk_noise", "in_chunks", "map_rows"]

CHUNK = 4096  # rows: the bits of a matrix product depend on its number of rows, so all chunks have the same
_MAPPED = 256  # the same, where a call usually has few rows, such as one image


def in_chunks(
    function: Callable[[Tensor], Tensor], X: np.ndarray, to_tensor: Callable[[np.ndarray], Tensor], device: str
) -> np.ndarray:
    """Evaluate `function`, from rows (n, *shape) to values (n,), over X in chunks, as float64."""
    values = np.empty(len(X))
    for start in range(0, len(X), CHUNK):
        with torch.no_grad():
            part = function(to_tensor(X[start : start + CHUNK]).to(device))
        values[start : start + CHUNK] = part.cpu().numpy()
    return values


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
    values: np.ndarray | None = None
    for chunk, start in enumerate(range(0, n, _MAPPED)):
        rows = slice(start, min(start + _MAPPED, n))
        inputs = [_padded(tensor, _MAPPED).to(device) for tensor in part(rows, chunk)]
        with torch.no_grad():
            result = function(*inputs)[: rows.stop - start].cpu().numpy()
        if values is None:
            values = np.empty((n, *result.shape[1:]), dtype=result.dtype)
        values[rows] = result
    if values is None:
        raise ValueError(f"n of map_rows must be at least 1, got {n!r}.")
    return values


def chunk_noise(key: tuple[int, ...], chunk: int, n: int, size: int) -> Tensor:
    """Standard normal noise (n, size) for the chunk-th chunk of `map_rows`, whose bits do not depend on `n`."""
    source = torch.Generator("cpu").manual_seed(chunk_seed(*key, chunk))
    return torch.randn(_MAPPED, size, generator=source, dtype=torch.float32, device="cpu")[:n]


def _padded(tensor: Tensor, n: int) -> Tensor:
    """Pad with copies of the last row up to `n` rows."""
    missing = n - len(tensor)
    return tensor if missing == 0 else torch.cat([tensor, tensor[-1:].expand(missing, *tensor.shape[1:])])
