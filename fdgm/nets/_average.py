"""An exponential moving average of a network."""

from copy import deepcopy

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """A copy of a module whose weights are an exponential moving average of the module's.

    Early on the decay is smaller: (1 + t)/(10 + t) at the t-th update. The average then leaves the initial weights
    quickly.

    Parameters
    ----------
    module : Module
    decay : float in (0, 1)
        Fraction of the average that stays at each update.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.source = module
        self.module = deepcopy(module).requires_grad_(False).eval()
        self.decay = decay
        self._leaders: list[Tensor] = list(self.source.parameters())  # walking through a module takes longer than this
        self._followers: list[Tensor] = list(self.module.parameters())
        self._buffers = list(zip(self.module.buffers(), self.source.buffers(), strict=True))

    @torch.no_grad()
    def update(self, t: int) -> None:
        """Move towards the module's present weights, for the `t`-th time, counted from 0."""
        fraction = 1 - min(self.decay, (1 + t) / (10 + t))
        torch._foreach_lerp_(self._followers, self._leaders, fraction)
        for follower, leader in self._buffers:
            follower.copy_(leader)
