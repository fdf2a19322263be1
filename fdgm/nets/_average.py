"""An exponential moving average of a network."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = ["Average"]


class Average(AveragedModel):
    """A copy of a module, in `module`, whose weights are an exponential moving average of the original's.

    Early on the decay is smaller: (1 + t)/(10 + t) at the t-th update. The average then leaves the initial weights
    quickly.

    Parameters
    ----------
    source : Module
    decay : float in (0, 1)
        Fraction of the average that stays at each update.
    """

    n_averaged: Tensor

    def __init__(self, source: nn.Module, decay: float) -> None:
        super().__init__(source)
        # torch makes it on the default device, which may be another one, or "meta"
        self.n_averaged = torch.zeros((), dtype=torch.long, device=next(source.parameters()).device)
        self.decay = decay
        self._source = (source,)  # in a tuple, so that it is no part of this module
        self.requires_grad_(False).eval()

    def update(self, t: int) -> None:
        """Move towards the source's present weights, for the `t`-th time, counted from 0. Buffers are copied."""
        self.n_averaged.fill_(1)  # zero would mean to copy the weights
        self.multi_avg_fn = get_ema_multi_avg_fn(min(self.decay, (1 + t) / (10 + t)))
        self.update_parameters(*self._source)
