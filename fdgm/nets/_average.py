"""An exponential moving average of a network."""

from copy import deepcopy

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """A copy of a module whose weights follow it slowly.

    Early on the decay is smaller, (1 + t)/(10 + t) at the t-th update, so that the average does not linger at the
    initial weights.

    Parameters
    ----------
    module : Module
    decay : float in (0, 1)
        Share of the average that stays at each update.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.source = module
        self.module = deepcopy(module).requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, t: int) -> None:
        """Move towards the module as it stands, for the `t`-th time, counted from 0."""
        share = 1 - min(self.decay, (1 + t) / (10 + t))
        followers: list[Tensor] = list(self.module.parameters())
        leaders: list[Tensor] = list(self.source.parameters())
        torch._foreach_lerp_(followers, leaders, share)
        for follower, leader in zip(self.module.buffers(), self.source.buffers(), strict=True):
            follower.copy_(leader)
