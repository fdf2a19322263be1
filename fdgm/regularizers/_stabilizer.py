"""The base class of stabilizers, which change a GAN's critic or the step of its generator."""

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..architectures import Architecture
from ..options import Optimizer
from ._base import Regularizer

__all__ = ["CriticFunction", "GeneratorStep", "MakeCritic", "Stabilizer"]

#: From the critic's input to its outputs.
CriticFunction = Callable[..., Tensor]

#: From the data's shape, and the latents' size if the critic judges pairs, to a critic with fresh weights.
MakeCritic = Callable[[tuple[int, ...], int | None], nn.Module]


@dataclass(frozen=True)
class GeneratorStep:
    """The ingredients of a generator step, in scaled units.

    Parameters
    ----------
    critic : Module
    critic_fn : callable
        The critic, as training calls it.
    critic_fn_with : callable
        Maps weights, and optionally buffers, by their names in the critic, to the `critic_fn` of a critic with them.
    critic_loss : callable
        Maps a `critic_fn` to the critic's loss on this step's batches, including penalties.
    optimizer : Optimizer
        The critic's optimizer.
    real, fake : tuple of Tensor
        The critic's inputs: data and generated samples and, if it judges pairs, their latents. Packs of m rows are
        concatenated along axis 1, ``(n / m, m * channels, ...)``. Gradients reach the generator's weights through
        `fake`.
    rows : Tensor of shape ``(n, *data_shape)``
        The generator's rows, before any noise.
    latents : Tensor of shape (n, latent_size)
        The latents of these rows.
    modules : mapping of str to callable
        The stabilizers' own networks, as training calls them.
    """

    critic: nn.Module
    critic_fn: CriticFunction
    critic_fn_with: Callable[[dict[str, Tensor]], CriticFunction]
    critic_loss: Callable[[CriticFunction], Tensor]
    optimizer: torch.optim.Optimizer
    real: tuple[Tensor, ...]
    fake: tuple[Tensor, ...]
    rows: Tensor
    latents: Tensor
    modules: Mapping[str, Callable[..., Tensor]]


class Stabilizer(Regularizer, ABC):
    """Stabilizer: a change of the critic, or of the generator's step, in addition to the objective.

    A subclass overrides what it changes. Stabilizers do not know each other, and their order does not matter.

    Attributes
    ----------
    single : bool
        Whether each output of the critic stays a function of one row, and so can be its log-ratio.
    pairs : bool
        Whether the critic judges pairs of data and latents.
    last : bool
        Whether its `make_critic` is called after those of the others.
    replaces_rule : bool
        Whether `generator_loss` replaces the objective's rule for the generator.
    """

    single: ClassVar[bool] = True
    pairs: ClassVar[bool] = False
    last: ClassVar[bool] = False
    replaces_rule: ClassVar[bool] = False

    @property
    def rows_per_output(self) -> int:
        """Number of rows in one input of the critic."""
        return 1

    def make_critic(self, make: MakeCritic, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
        """A critic of data of this shape (with packs, the shape of a pack) and latents of this size.

        `make` gives the critic to change.
        """
        return make(data_shape, latent_size)

    def make_modules(
        self, architecture: Architecture, data_shape: tuple[int, ...], latent_size: int
    ) -> dict[str, nn.Module]:
        """The stabilizer's own networks by name, which are trained with the generator."""
        return {}

    def latents_of(self, rows: Tensor, modules: Mapping[str, Callable[..., Tensor]]) -> Tensor:
        """The latents (n, latent_size) of data ``(n, *data_shape)``, if the critic judges pairs."""
        raise NotImplementedError(f"{type(self).__name__} must define latents_of, since it has pairs.")

    def look_ahead(self, step: GeneratorStep) -> GeneratorStep:
        """The step that the generator should take instead."""
        return step

    def generator_loss(self, step: GeneratorStep) -> Tensor | None:
        """A term () to add to the generator's loss or to replace it, or None."""
        return None

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        """Raise a ValueError if a parameter is out of range, or if the stabilizer cannot work with these."""
        return None
