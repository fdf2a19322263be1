"""A copy of a sampler's critic, for further training."""

from torch import Tensor, nn

from ..nets import plain_copy
from ..objectives import Objective

__all__ = ["CriticCopy"]


class CriticCopy(nn.Module):
    """A copy of a critic as a network from scaled rows (n, *shape) to log-ratios (n,).

    Parameters
    ----------
    critic : Module
        Maps scaled rows to outputs.
    objective : Objective
        Gives the log-ratio of an output.
    offset : float, default=0.0
        Constant to subtract from it.
    """

    def __init__(self, critic: nn.Module, objective: Objective, offset: float = 0.0) -> None:
        super().__init__()
        self.critic = plain_copy(critic)
        self.objective = objective
        self.offset = offset

    def forward(self, rows: Tensor) -> Tensor:
        return self.objective.log_ratio(self.critic(rows)) - self.offset
