"""A critic of pairs, used as a critic of rows."""

from typing import Self

import torch
from torch import Tensor, nn

from ..architectures import Conditional
from ..nets import plain_copy
from ..objectives import Objective
from ._joint import chain

__all__ = ["EncodedCritic"]


class EncodedCritic(nn.Module):
    """T(x, E(x)): a critic's log-ratio of a row and its mean representation, from scaled rows (n, *shape) to (n,).

    If encoder and generator are inverse to each other, T(x, E(x)) of a generated row is that of the pair which the
    generator made. It is then the critic's estimate of log p_data(x)/p_model(x).

    Parameters
    ----------
    critic : Module
        Maps rows and latents to outputs.
    encoder : Conditional
        It stays in evaluation mode, even if the critic is trained further.
    objective : Objective
        Gives the log-ratio of an output.
    """

    def __init__(self, critic: nn.Module, encoder: Conditional, objective: Objective) -> None:
        super().__init__()
        self.critic = critic
        self.encoder = encoder
        self.objective = objective
        self.eval()

    def copy(self) -> "EncodedCritic":
        """A copy with its own networks."""
        return EncodedCritic(plain_copy(self.critic), plain_copy(self.encoder), self.objective)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, rows: Tensor) -> Tensor:
        levels = chain(self.encoder.stages, rows)
        return self.objective.log_ratio(self.critic(rows, torch.cat(levels, dim=1)))
