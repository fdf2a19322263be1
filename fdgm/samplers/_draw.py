"""Samples from a generator, in chunks that do not depend on how many are asked for."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from ..inputs import chunk_seed
from ..training import CHUNK

__all__ = ["draw"]


def draw(
    generator: nn.Module,
    latent_size: int,
    n_samples: int,
    *,
    key: tuple[int, ...],
    device: str,
    to_array: Callable[[Tensor], np.ndarray],
) -> np.ndarray:
    """`n_samples` rows of ``to_array(generator(z))``, z standard normal.

    Each chunk has a seed of its own, made from `key`, and the last one is drawn whole and cut, so that the first
    rows are the same bits for any `n_samples`, and chunks can be made in any order.
    """
    generator.eval()
    rows: np.ndarray | None = None
    for chunk, start in enumerate(range(0, n_samples, CHUNK)):
        source = torch.Generator().manual_seed(chunk_seed(*key, chunk))
        latents = torch.randn(CHUNK, latent_size, generator=source).to(device)
        with torch.no_grad():
            part = to_array(generator(latents)[: n_samples - start])
        if rows is None:
            rows = np.empty((n_samples, *part.shape[1:]), dtype=part.dtype)
        rows[start : start + len(part)] = part
    if rows is None:
        raise ValueError(f"n_samples must be at least 1, got {n_samples!r}.")
    return rows
