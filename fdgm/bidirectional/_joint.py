"""The two joint distributions of data and latents: p_data(x) p_e(z|x), and p(z) p_g(x|z)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..architectures import Conditional
from ..nets import forward

__all__ = ["Batch", "Joint", "Pair", "chain"]

Pair = tuple[Tensor, Tensor]  # data (n, *data_shape) and latents (n, latents)


@dataclass(frozen=True)
class Batch:
    """The ingredients of pairs of both kinds.

    Parameters
    ----------
    rows : Tensor of shape ``(n, *data_shape)``
        Rows of the data.
    latents : Tensor of shape (n, latent_size)
        Latents from the prior.
    encoder_noise, generator_noise : Tensor of shape (n, noise_size)
    instance_noise : Tensor of shape ``(2, n, *data_shape)`` or None, default=None
        Noise added to the data and to the generated samples in the pairs, but not to the encoder's input.
    """

    rows: Tensor
    latents: Tensor
    encoder_noise: Tensor
    generator_noise: Tensor
    instance_noise: Tensor | None = None


@dataclass(frozen=True)
class Joint:
    """Encoder and generator, as distributions over pairs.

    With several levels of latents, z holds all levels concatenated, the level next to the data first.

    Parameters
    ----------
    encoder, generator : Conditional
    precision : str
    varies : Tensor of bool, of shape ``(*data_shape,)``, or None, default=None
        The numbers of a row that the likelihood covers, since a constant has no density. None is all of them.
    """

    encoder: Conditional
    generator: Conditional
    precision: str
    varies: Tensor | None = None

    def encode(self, batch: Batch) -> Pair:
        """(x, E(x, noise)) with x from the data."""
        levels = chain(self.encoder.stages, batch.rows, batch.encoder_noise, self.precision)
        rows = batch.rows if batch.instance_noise is None else batch.rows + batch.instance_noise[0]
        return rows, _side_by_side(levels)

    def generate(self, batch: Batch) -> Pair:
        """(G(z, noise), z) with z from the prior."""
        *levels, rows = chain(self.generator.stages, batch.latents, batch.generator_noise, self.precision)
        rows = rows if batch.instance_noise is None else rows + batch.instance_noise[1]
        return rows, _side_by_side([*levels[::-1], batch.latents])

    def reconstruct(self, batch: Batch) -> Tensor:
        """G(E(x, noise), noise), through all levels."""
        *_, latents = chain(self.encoder.stages, batch.rows, batch.encoder_noise, self.precision)
        return chain(self.generator.stages, latents, batch.generator_noise, self.precision)[-1]


def chain(
    stages: Sequence[Conditional], input: Tensor, noise: Tensor | None = None, precision: str = "float32"
) -> list[Tensor]:
    """The outputs of all stages, each fed to the next. Without noise, zeros are used."""
    outputs: list[Tensor] = []
    start = 0
    for stage in stages:
        if noise is None or stage.noise_size == 0:
            input = forward(stage, precision, input)
        else:
            input = forward(stage, precision, input, noise[:, start : start + stage.noise_size])
        start += stage.noise_size
        outputs.append(input)
    return outputs


def _side_by_side(levels: list[Tensor]) -> Tensor:
    return levels[0] if len(levels) == 1 else torch.cat(levels, dim=1)
