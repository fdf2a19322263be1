"""What any architecture offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import nn

from ..component import Component

__all__ = ["Architecture"]


class Architecture(Component, ABC):
    """A recipe for networks: it holds parameters, and makes a fresh module each time it is asked.

    `make_generator` and `make_critic` are what a plugin writes; `generator` and `critic` are what estimators call,
    which fix the seed of the initial weights without touching torch's global state.
    """

    @abstractmethod
    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        """A module from latents (n, latent_size) to data ``(n, *data_shape)``, in scaled units."""

    @abstractmethod
    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        """A module from data ``(n, *data_shape)`` to outputs (n,)."""

    def latent_size(self, data_shape: tuple[int, ...]) -> int:
        """The latent size to use for data of this shape where the user names none."""
        return min(max(8, torch.Size(data_shape).numel() // 2), 128)

    def generator(self, data_shape: tuple[int, ...], latent_size: int, *, seed: int) -> nn.Module:
        """`make_generator` with initial weights drawn from `seed` alone."""
        return _seeded(lambda: self.make_generator(data_shape, latent_size), seed)

    def critic(self, data_shape: tuple[int, ...], *, seed: int) -> nn.Module:
        """`make_critic` with initial weights drawn from `seed` alone."""
        return _seeded(lambda: self.make_critic(data_shape), seed)


def _seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # the CPU's alone: weights are drawn there, then moved
        return make()
