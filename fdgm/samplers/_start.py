"""Where the generators of samplers start: a Gaussian half as wide as the data."""

from typing import Protocol

import torch
from torch import Tensor, nn

from ..distributed import current
from ..nets import PrincipalComponents, Rows, forward
from ._beside import Beside

__all__ = ["HasGenerator", "fit_generator", "start_as_gaussian"]

_SPREAD, _ROWS = 0.5, 512  # a fraction of the data's spread, and the rows that it is estimated from


class GeneratorSettings(Protocol):
    """What the start needs of a net's settings."""

    @property
    def latent_size(self) -> int:
        """Number of latents."""

    @property
    def batch_size(self) -> int:
        """Samples in an update."""

    @property
    def precision(self) -> str:
        """Precision of the generator in training."""

    @property
    def beside(self) -> Beside | None:
        """The condition, if there is one."""


class HasGenerator(Protocol):
    """What the start needs of a net."""

    @property
    def settings(self) -> GeneratorSettings:
        """Its settings."""

    generator_: nn.Module
    optimizer_generator_: torch.optim.Optimizer
    batches_: torch.Generator

    def draw_latents(self, n: int) -> Tensor:
        """Latents (n, latent_size), from its own stream."""

    def tick(self) -> None:
        """Begin an update of one batch."""


def start_as_gaussian(net: HasGenerator, X: Rows, n_steps: int) -> None:
    """Fit the generator to a Gaussian at the data's mean, half as wide as the data in their principal directions.

    Initial weights map all latents to nearly one point. With many columns a critic separates that point from the data
    at once and sends all samples in one direction. With few columns the generator is slow to spread them.

    Raises
    ------
    OutOfTime
        If the clock has no time left for an update.
    """
    if n_steps == 0:
        return
    s = net.settings
    rows = X.sample(current().share(_ROWS), net.batches_)
    found = PrincipalComponents.of(rows if s.beside is None else rows[:, : -s.beside.size], s.latent_size)
    turn, _ = torch.linalg.qr(net.draw_latents(s.latent_size)[:, : len(found.deviations)])  # (latent_size, k)
    # (latent_size, *shape): latents times this map have the covariance of the rows' first k principal components.
    map_ = ((turn * (_SPREAD * found.deviations)) @ found.directions).unflatten(1, found.mean.shape)
    current().broadcast([map_])  # each process has drawn another turn
    net.generator_.train()
    for _ in range(n_steps):
        net.tick()
        latents = net.draw_latents(current().share(s.batch_size))
        targets = found.mean + torch.tensordot(latents[:, : s.latent_size], map_, dims=1)
        if s.beside is not None:
            targets = torch.cat([targets, latents[:, s.latent_size :]], dim=1)
        fit_generator(net.generator_, net.optimizer_generator_, latents, targets, s.precision)


def fit_generator(
    generator: nn.Module, optimizer: torch.optim.Optimizer, latents: Tensor, targets: Tensor, precision: str
) -> Tensor:
    """Update a generator once by least squares; return the loss, a tensor () with no graph."""
    residual = forward(generator, precision, latents) - targets
    loss = residual.square().flatten(1).sum(dim=1).mean()
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()
