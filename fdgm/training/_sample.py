"""Draw samples from a model, in chunks that do not depend on the number of samples."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .._chunks import apply_in_chunks
from ..inputs import chunk_seed
from ._chunks import CHUNK

__all__ = ["sample"]


def sample(
    make: Callable[[int, torch.Generator, int], Tensor],
    n_samples: int,
    *,
    key: tuple[int, ...],
    to_array: Callable[[Tensor], np.ndarray],
) -> np.ndarray:
    """Draw `n_samples` rows of ``to_array(make(n, source, first))``.

    `make` gives n rows, from the sample numbered `first` on, whose only randomness is `source`. Each chunk has its own
    source, seeded from `key`. The last chunk is drawn whole and cut. The first rows therefore have the same bits for
    any `n_samples`, and chunks can be made in any order.
    """

    def chunk(rows: slice) -> np.ndarray:
        source = torch.Generator("cpu").manual_seed(chunk_seed(*key, rows.start // CHUNK))
        with torch.no_grad():
            return to_array(make(CHUNK, source, rows.start)[: rows.stop - rows.start])

    return apply_in_chunks(chunk, n_samples, CHUNK)
