"""Optimizers by name."""

from collections.abc import Iterable

import torch
from torch import nn

__all__ = ["OPTIMIZERS", "make_optimizer", "set_lr"]

OPTIMIZERS = ("adam", "rmsprop")


def make_optimizer(
    name: str, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    """Adam, or RMSprop with TensorFlow's smoothing of 0.9, which image settings are published for.

    Parameters
    ----------
    name : {"adam", "rmsprop"}
    parameters : iterable of Parameter
    lr : float
    betas : tuple of two floats
        Of Adam; RMSprop has none.
    """
    if name == "adam":
        return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)  # one kernel for all, on CPU and GPU
    return torch.optim.RMSprop(parameters, lr=lr, alpha=0.9)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """The learning rate from now on."""
    for group in optimizer.param_groups:
        group["lr"] = lr
