"""Optimizers by name."""

from collections.abc import Iterable
from typing import Any

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
    return _RMSprop(parameters, lr=lr, alpha=0.9)


class _RMSprop(torch.optim.RMSprop):
    """RMSprop whose state is that of float32 parameters, also where the user has another default dtype or device."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and not self.state[parameter]:
                    self.state[parameter] = {
                        "step": torch.zeros((), dtype=torch.float32, device="cpu"),
                        "square_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                    }
        return super().step(closure)


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """The learning rate from now on."""
    for group in optimizer.param_groups:
        group["lr"] = lr
