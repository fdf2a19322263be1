"""Rows that are held out of the ratio's training."""

import numpy as np

from ..inputs import chunk_seed

__all__ = ["held_out_rows"]

_SPLIT_KEY = 21  # a stream of the fit's own seed


def held_out_rows(n: int, fraction: float, entropy: int) -> np.ndarray:
    """A mask (n,) of the rows to hold out, at least two."""
    order = np.random.default_rng(chunk_seed(entropy, _SPLIT_KEY)).permutation(n)
    held_out = np.zeros(n, dtype=bool)
    held_out[order[: max(2, round(fraction * n))]] = True
    return held_out
