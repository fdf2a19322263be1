"""Minibatch discrimination: the critic sees how close a row is to the others of its batch."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from .._checks import check_count, check_params
from ..component import Component
from ..options import Optimizer
from ._last_layer import last_layer
from ._penalties import CriticRegularizer
from ._stabilizer import MakeCritic, Stabilizer

__all__ = ["MinibatchDiscrimination"]


class Closeness(nn.Module):
    """A linear layer over features, concatenated with their closeness to those of the other rows.

    Parameters
    ----------
    layer : Linear
        The layer of the features alone, which it replaces.
    n_kernels, kernel_size : int
    group_size : int
        Rows that are compared with one another.
    """

    def __init__(self, layer: nn.Linear, n_kernels: int, kernel_size: int, group_size: int) -> None:
        super().__init__()
        self.shape = (group_size, n_kernels, kernel_size)
        self.to_kernels = nn.Linear(layer.in_features, n_kernels * kernel_size, bias=False)
        self.layer = nn.Linear(layer.in_features + n_kernels, layer.out_features)
        if is_parametrized(layer, "weight"):
            spectral_norm(self.layer)  # as the architecture has it for its own

    def closeness(self, features: Tensor) -> Tensor:
        """Mean of exp(−‖m_i − m_j‖₁) over the rows j of i's group, for each kernel: (n, n_kernels)."""
        kernels = self.to_kernels(features).view(-1, *self.shape)  # (groups, g, b, c)
        distance = (kernels[:, :, None] - kernels[:, None]).abs().sum(dim=-1)  # (groups, g, g, b)
        return torch.exp(-distance).mean(dim=2).flatten(0, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.layer(torch.cat([features, self.closeness(features)], dim=1))


class MinibatchDiscrimination(Stabilizer):
    """Minibatch discrimination: the critic's last layer also sees how close a row's features are to those of others.

    Closeness is the mean of exp(−‖m_i − m_j‖₁) over the rows of a group, for each of `n_kernels` linear maps to
    `kernel_size` numbers. Each group has rows of one sample, data or model. The published version has the whole batch
    as one group, and a sum instead of the mean.

    Parameters
    ----------
    n_kernels : int, default=16
    kernel_size : int, default=4
    group_size : int, default=64
        Number of rows in a group. The sampler's `batch_size` must be a multiple of it.

    References
    ----------
    Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, section 3.2.
    """

    single: ClassVar = False

    def __init__(self, n_kernels: int = 16, *, kernel_size: int = 4, group_size: int = 64) -> None:
        self.n_kernels = n_kernels
        self.kernel_size = kernel_size
        self.group_size = group_size

    def make_critic(self, make: MakeCritic, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
        critic = make(data_shape, latent_size)
        name, layer = last_layer(self, critic)
        parent, _, child = name.rpartition(".")
        setattr(
            critic.get_submodule(parent), child, Closeness(layer, self.n_kernels, self.kernel_size, self.group_size)
        )
        return critic

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        check_params(self, check_count, "n_kernels", "kernel_size")
        check_params(self, check_count, "group_size", minimum=2)
        if batch_size % self.group_size:
            raise ValueError(
                f"batch_size must be a multiple of the group_size of MinibatchDiscrimination, {self.group_size}, got"
                f" {batch_size!r}."
            )

    def clashes(self, other: Component) -> str | None:
        if isinstance(other, CriticRegularizer) and type(other).penalty is not CriticRegularizer.penalty:
            return "a penalty takes the slope of each output in its own row, and here outputs depend on other rows too"
        return None
