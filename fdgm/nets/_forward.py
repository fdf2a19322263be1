"""The only place where training calls a network, and so where its precision is set."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["PRECISIONS", "forward"]

PRECISIONS = ("bfloat16", "float32")


def forward(module: Callable[..., Tensor], precision: str, *inputs: Tensor) -> Tensor:
    """``module(*inputs)`` as float32. Under ``"bfloat16"`` the matrix products inside are autocast to it."""
    if precision == "float32":
        return module(*inputs)
    # Torch caches cast weights until it leaves the outermost autocast, which may be the caller's: no cache here.
    with torch.autocast(inputs[0].device.type, dtype=torch.bfloat16, cache_enabled=False):
        return module(*inputs).float()
