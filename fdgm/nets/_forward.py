"""The one place where a network is called in training, and so where its precision is decided."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["PRECISIONS", "forward"]

PRECISIONS = ("bfloat16", "float32")


def forward(module: Callable[..., Tensor], precision: str, *inputs: Tensor) -> Tensor:
    """``module(*inputs)`` as float32; under ``"bfloat16"`` the matrix products inside are autocast to it."""
    if precision == "float32":
        return module(*inputs)
    # Torch keeps cast weights until it leaves the outermost autocast, which may be the caller's: none are kept here.
    with torch.autocast(inputs[0].device.type, dtype=torch.bfloat16, cache_enabled=False):
        return module(*inputs).float()
