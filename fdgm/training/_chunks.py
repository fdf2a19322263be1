"""Networks over many rows, in chunks that do not depend on how many there are."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

__all__ = ["CHUNK", "in_chunks"]

CHUNK = 4096  # rows: a matrix product's bits depend on its rows, so every chunk has the same number


def in_chunks(
    function: Callable[[Tensor], Tensor], X: np.ndarray, to_tensor: Callable[[np.ndarray], Tensor], device: str
) -> np.ndarray:
    """`function`, from rows (n, *shape) to values (n,), over X in chunks, as float64."""
    values = np.empty(len(X))
    for start in range(0, len(X), CHUNK):
        with torch.no_grad():
            part = function(to_tensor(X[start : start + CHUNK]).to(device))
        values[start : start + CHUNK] = part.cpu().numpy()
    return values
