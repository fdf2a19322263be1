"""Draw samples from a model, in chunks that do not depend on the number of samples."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..inputs import chunk_seed
from ._chunks import CHUNK

__all__ = ["sample"]


def sample(
    make: Callable[[int, torch.Generator], Tensor],
    n_samples: int,
    *,
    key: tuple[int, ...],
    to_array: Callable[[Tensor], np.ndarray],
) -> np.ndarray:
    """Draw `n_samples` rows of ``to_array(make(n, source))``.

    `make` gives n rows whose only randomness is `source`. Each chunk has its own source, seeded from `key`. The last
    chunk is drawn whole and cut. The first rows therefore have the same bits for any `n_samples`, and chunks can be
    made in any order.
    """
    rows: np.ndarray | None = None
    for chunk, start in enumerate(range(0, n_samples, CHUNK)):
        source = torch.Generator("cpu").manual_seed(chunk_seed(*key, chunk))
        with torch.no_grad():
            part = to_array(make(CHUNK, source)[: n_samples - start])
        if rows is None:
            rows = np.empty((n_samples, *part.shape[1:]), dtype=part.dtype)
        rows[start : start + len(part)] = part
    if rows is None:
        raise ValueError(f"n_samples must be at least 1, got {n_samples!r}.")
    return rows
