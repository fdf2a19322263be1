"""The learning rate of an optimizer."""

import torch

__all__ = ["set_lr"]


def set_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr
