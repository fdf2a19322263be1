"""What changes a GAN's critic itself, or the step of its generator."""

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..architectures import Architecture
from ..options import Optimizer
from ._base import Regularizer

__all__ = ["GeneratorStep", "Judge", "MakeCritic", "Remedy"]

#: From what the critic judges to its outputs.
Judge = Callable[..., Tensor]

#: From the data's shape, and the latents' size where the critic judges pairs, to a critic with fresh weights.
MakeCritic = Callable[[tuple[int, ...], int | None], nn.Module]


@dataclass(frozen=True)
class GeneratorStep:
    """What a step of the generator is made of, in scaled units.

    Parameters
    ----------
    critic : Module
    judge : callable
        The critic, as it is called in training.
    judge_with : callable
        From weights, and buffers where others are to be used, under the names that they have in the critic, to the
        `judge` of a critic that has them.
    critic_loss : callable
        From a `judge` to the critic's loss on this step's batches, penalties included.
    optimizer : Optimizer
        The critic's.
    real, fake : tuple of Tensor
        What the critic judges: data and the generator's rows, and where it judges pairs their latents too. Packs of m
        rows lie side by side along axis 1, ``(n / m, m * channels, ...)``. The generator's weights are reached through
        `fake`.
    rows : Tensor of shape ``(n, *data_shape)``
        The generator's rows as it makes them, before any noise.
    latents : Tensor of shape (n, latent_size)
        What they were made of.
    modules : mapping of str to callable
        The remedies' own networks, as they are called in training.
    """

    critic: nn.Module
    judge: Judge
    judge_with: Callable[[dict[str, Tensor]], Judge]
    critic_loss: Callable[[Judge], Tensor]
    optimizer: torch.optim.Optimizer
    real: tuple[Tensor, ...]
    fake: tuple[Tensor, ...]
    rows: Tensor
    latents: Tensor
    modules: Mapping[str, Callable[..., Tensor]]


class Remedy(Regularizer, ABC):
    """A change of the critic, or of the generator's step, beside what the objective says.

    A subclass overrides what it changes. Remedies do not know of one another, and their order does not matter.

    Attributes
    ----------
    single : bool
        Whether each output of the critic stays a function of one row, and so can be a log-ratio there.
    pairs : bool
        Whether the critic judges pairs of data and latents.
    last : bool
        Whether `make_critic` comes after that of the others.
    replaces_rule : bool
        Whether `generator_loss` takes the place of the objective's rule for the generator.
    """

    single: ClassVar[bool] = True
    pairs: ClassVar[bool] = False
    last: ClassVar[bool] = False
    replaces_rule: ClassVar[bool] = False

    @property
    def rows_per_output(self) -> int:
        """How many rows the critic judges at once."""
        return 1

    def make_critic(self, make: MakeCritic, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
        """A critic of data of this shape (that of a pack, where there are packs) and latents of this size.

        `make` gives the one that is to be changed.
        """
        return make(data_shape, latent_size)

    def make_modules(
        self, architecture: Architecture, data_shape: tuple[int, ...], latent_size: int
    ) -> dict[str, nn.Module]:
        """Networks of the remedy's own, by name, which are trained with the generator."""
        return {}

    def latents_of(self, rows: Tensor, modules: Mapping[str, Callable[..., Tensor]]) -> Tensor:
        """The latents (n, latent_size) of data ``(n, *data_shape)``, where the critic judges pairs."""
        raise NotImplementedError(f"{type(self).__name__} must define latents_of, since it has pairs.")

    def look_ahead(self, step: GeneratorStep) -> GeneratorStep:
        """The step that the generator is to take instead."""
        return step

    def generator_loss(self, step: GeneratorStep) -> Tensor | None:
        """A term () to add to the generator's loss, or to take its place; or None."""
        return None

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        """Raise a ValueError where a parameter is out of range, or the remedy cannot work with these."""
        return None
