"""A small GAN on two columns, for the contract of stabilizers."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..architectures import MLP, Architecture, seeded
from ..objectives import Logistic
from ..regularizers import CriticFunction, GeneratorStep, MakeCritic, Stabilizer

__all__ = ["SHAPE", "TinyGAN"]

SHAPE = (2,)
_LATENT_SIZE = 3


class TinyGAN:
    """A GAN trained by logistic regression with a stabilizer. It is the same each time.

    Parameters
    ----------
    stabilizer : Stabilizer
    n_outputs : int
        Number of outputs of the critic for each sample.
    """

    def __init__(self, stabilizer: Stabilizer, n_outputs: int) -> None:
        self.stabilizer = stabilizer
        architecture: Architecture = MLP(width=8, depth=1)
        size = stabilizer.rows_per_output
        make: MakeCritic = partial(_make_critic, architecture)
        latent_size = size * _LATENT_SIZE if stabilizer.pairs else None
        self.critic = seeded(lambda: stabilizer.make_critic(make, (size * SHAPE[0],), latent_size), 0)
        self.generator = architecture.generator(SHAPE, _LATENT_SIZE, seed=1)
        self.modules: dict[str, Any] = dict(
            seeded(lambda: nn.ModuleDict(stabilizer.make_modules(architecture, SHAPE, _LATENT_SIZE)), 2).items()
        )
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=1e-2)
        self._n = n_outputs * size

    def step(self) -> GeneratorStep:
        """Prepare a step of the generator, before the stabilizer."""
        stream = torch.Generator("cpu").manual_seed(0)
        latents = torch.randn(self._n, _LATENT_SIZE, generator=stream, dtype=torch.float32, device="cpu")
        data = torch.randn(self._n, *SHAPE, generator=stream, dtype=torch.float32, device="cpu") + 1
        rows = self.generator(latents)
        real = self._points(
            data, self.stabilizer.latents_of(data, self.modules).detach() if self.stabilizer.pairs else latents
        )
        fake = self._points(rows, latents)

        def critic_loss(critic_fn: CriticFunction) -> Tensor:
            return Logistic().loss(critic_fn(*real), critic_fn(*fake))

        return GeneratorStep(
            critic=self.critic,
            critic_fn=self.critic,
            critic_fn_with=lambda weights: lambda *points: functional_call(self.critic, weights, points),
            critic_loss=critic_loss,
            optimizer=self.optimizer,
            real=real,
            fake=fake,
            rows=rows,
            latents=latents,
            modules=self.modules,
        )

    def loss(self) -> Tensor:
        """The generator's loss under logistic regression and the stabilizer."""
        step = self.stabilizer.look_ahead(self.step())
        term = self.stabilizer.generator_loss(step)
        if term is not None and self.stabilizer.replaces_rule:
            return term
        rule = Logistic().generator_loss(step.critic_fn(*step.fake))
        return rule if term is None else rule + term

    def gradients(self) -> list[Tensor | None]:
        """Gradients of that loss in the generator's weights."""
        return list(torch.autograd.grad(self.loss(), list(self.generator.parameters()), allow_unused=True))

    def _points(self, *parts: Tensor) -> tuple[Tensor, ...]:
        size = self.stabilizer.rows_per_output
        return tuple(part.reshape(-1, size * part.shape[1]) for part in (parts if self.stabilizer.pairs else parts[:1]))


def _make_critic(architecture: Architecture, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
    if latent_size is None:
        return architecture.make_critic(data_shape)
    return architecture.make_pair_critic(data_shape, latent_size)
