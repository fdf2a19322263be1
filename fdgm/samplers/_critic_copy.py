"""A critic taken out of its sampler, to be trained on."""

import copy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ..objectives import Objective

__all__ = ["CriticCopy"]


class CriticCopy(nn.Module):
    """A copy of a critic as a network from scaled rows (n, *shape) to log-ratios (n,).

    Weights are those that the critic has in evaluation mode: what a parametrisation, such as spectral normalisation,
    made of them is plain in the copy, which another training need not normalise, and which can be pickled.

    Parameters
    ----------
    critic : Module
        From scaled rows to outputs.
    objective : Objective
        Which knows the log-ratio of an output.
    """

    def __init__(self, critic: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.critic = copy.deepcopy(critic).eval()
        for part in list(self.critic.modules()):
            if is_parametrized(part):
                _make_plain(part)
        self.objective = objective

    def forward(self, rows: Tensor) -> Tensor:
        return self.objective.log_ratio(self.critic(rows))


@torch.no_grad()
def _make_plain(part: nn.Module) -> None:
    """Put the values that parametrisations give into parameters.

    Not by torch's `remove_parametrizations`, which takes the properties off a class that a copy has in common with
    the original.
    """
    values = {name: getattr(part, name).clone() for name in cast(nn.ModuleDict, part.parametrizations)}
    del part.parametrizations
    part.__class__ = type(part).__bases__[0]
    for name, value in values.items():
        part.register_parameter(name, nn.Parameter(value))
