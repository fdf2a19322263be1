"""A small GAN on two columns, for the contract of what changes GANs."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..architectures import MLP, Architecture, seeded
from ..objectives import Logistic
from ..regularizers import GeneratorStep, Judge, MakeCritic, Remedy

__all__ = ["SHAPE", "TinyGAN"]

SHAPE = (2,)
_LATENT_SIZE = 3


class TinyGAN:
    """A GAN by logistic regression with a stabilizer, the same each time.

    Parameters
    ----------
    remedy : Remedy
    n_outputs : int
        Of the critic on each sample.
    """

    def __init__(self, remedy: Remedy, n_outputs: int) -> None:
        self.remedy = remedy
        architecture: Architecture = MLP(width=8, depth=1)
        size = remedy.rows_per_output
        make: MakeCritic = partial(_make_critic, architecture)
        latent_size = size * _LATENT_SIZE if remedy.pairs else None
        self.critic = seeded(lambda: remedy.make_critic(make, (size * SHAPE[0],), latent_size), 0)
        self.generator = architecture.generator(SHAPE, _LATENT_SIZE, seed=1)
        self.modules: dict[str, Any] = dict(
            seeded(lambda: nn.ModuleDict(remedy.make_modules(architecture, SHAPE, _LATENT_SIZE)), 2).items()
        )
        self.optimizer = torch.optim.Adam(self.critic.parameters(), lr=1e-2)
        self._n = n_outputs * size

    def step(self) -> GeneratorStep:
        """A step of the generator, before the remedy."""
        stream = torch.Generator("cpu").manual_seed(0)
        latents = torch.randn(self._n, _LATENT_SIZE, generator=stream, dtype=torch.float32, device="cpu")
        data = torch.randn(self._n, *SHAPE, generator=stream, dtype=torch.float32, device="cpu") + 1
        rows = self.generator(latents)
        real = self._points(data, self.remedy.latents_of(data, self.modules).detach() if self.remedy.pairs else latents)
        fake = self._points(rows, latents)

        def critic_loss(judge: Judge) -> Tensor:
            return Logistic().loss(judge(*real), judge(*fake))

        return GeneratorStep(
            critic=self.critic,
            judge=self.critic,
            judge_with=lambda weights: lambda *points: functional_call(self.critic, weights, points),
            critic_loss=critic_loss,
            optimizer=self.optimizer,
            real=real,
            fake=fake,
            rows=rows,
            latents=latents,
            modules=self.modules,
        )

    def loss(self) -> Tensor:
        """The generator's loss, by the rule of logistic regression and the remedy."""
        step = self.remedy.look_ahead(self.step())
        term = self.remedy.generator_loss(step)
        if term is not None and self.remedy.replaces_rule:
            return term
        rule = Logistic().generator_loss(step.judge(*step.fake))
        return rule if term is None else rule + term

    def gradients(self) -> list[Tensor | None]:
        """Of that loss, in the generator's weights."""
        return list(torch.autograd.grad(self.loss(), list(self.generator.parameters()), allow_unused=True))

    def _points(self, *parts: Tensor) -> tuple[Tensor, ...]:
        size = self.remedy.rows_per_output
        return tuple(part.reshape(-1, size * part.shape[1]) for part in (parts if self.remedy.pairs else parts[:1]))


def _make_critic(architecture: Architecture, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
    if latent_size is None:
        return architecture.make_critic(data_shape)
    return architecture.make_pair_critic(data_shape, latent_size)
