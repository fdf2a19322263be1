"""VGrow's training rule: one outer loop of particles and projection."""

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..architectures import Architecture
from ..divergences import Scaling
from ..flows import euler_step, velocity
from ..inputs import Seeds
from ..nets import CriticStep, MultiNet, NonFinite
from ..objectives import Logistic

__all__ = ["VGrowNet", "VGrowSettings"]

_EXPLODED = 1e4  # standard deviations of the data: far past any particle that can come back


@dataclass(frozen=True)
class VGrowSettings:
    """The numbers of the method, in scaled units; documented on VGrowSampler, which has the defaults."""

    architecture: Architecture
    scaling: Scaling
    latent_size: int
    n_particles: int
    n_particle_steps: int
    n_critic_steps: int
    n_projection_steps: int
    step_size: float
    batch_size: int
    critic_lr: float
    generator_lr: float
    instance_noise: float
    noise_end: float
    decay_start: float
    final_rate: float


class VGrowNet(MultiNet):
    """Critic and generator, with one outer loop of section 3 of the paper as the training step.

    Parameters
    ----------
    settings : VGrowSettings
    seeds : Seeds
    data_shape : tuple of int
    """

    module_names = ("generator_", "critic_")
    optimizer_names = ("optimizer_generator_", "optimizer_critic_")
    stream_names = ("batches_", "latents_")
    history_names = ("critic_loss", "displacement", "projection_loss", "divergence", "seconds")

    def __init__(self, *, settings: VGrowSettings, seeds: Seeds, data_shape: tuple[int, ...], **kwargs: Any) -> None:
        self.settings = settings
        self.seeds = seeds
        self.data_shape = data_shape
        super().__init__(**kwargs)

    def initialize_module(self) -> "VGrowNet":
        s, seeds = self.settings, self.seeds
        self.critic_ = s.architecture.critic(self.data_shape, seed=seeds.critic).to(self.device)
        self.generator_ = s.architecture.generator(self.data_shape, s.latent_size, seed=seeds.generator).to(self.device)
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.latents_ = torch.Generator(self.device).manual_seed(seeds.latents)
        return self

    def initialize_optimizer(self) -> "VGrowNet":
        s = self.settings
        fused = True  # one kernel for all parameters, on CPU and GPU
        self.optimizer_critic_ = torch.optim.Adam(
            self.critic_.parameters(), lr=s.critic_lr, betas=(0.5, 0.9), fused=fused
        )
        self.optimizer_generator_ = torch.optim.Adam(self.generator_.parameters(), lr=s.generator_lr, fused=fused)
        self.critic_step_ = CriticStep(self.critic_, self.optimizer_critic_, Logistic())
        return self

    def train_step(self, batch: tuple[Tensor], **fit_params: Any) -> dict[str, Any]:
        """One outer loop: draw latents, move their particles, fit the generator to where they went."""
        (X,) = batch
        s = self.settings
        progress = self.clock_.read()
        rate = _rate(progress, s.decay_start, s.final_rate)
        for optimizer, lr in ((self.optimizer_critic_, s.critic_lr), (self.optimizer_generator_, s.generator_lr)):
            for group in optimizer.param_groups:
                group["lr"] = lr * rate
        noise = s.instance_noise * max(0.0, 1 - progress / s.noise_end)

        latents = torch.randn(s.n_particles, s.latent_size, generator=self.latents_, device=self.device)
        self.generator_.eval()
        with torch.no_grad():
            start = self.generator_(latents)
        particles, critic_loss = self._move(X, start, s.step_size * rate, noise)
        projection_loss = self._project(latents, particles)

        with torch.no_grad():
            self.critic_.eval()
            t = self.critic_step_.log_ratio()(self._rows(X))
            displacement = (particles - start).flatten(1).norm(dim=1).mean()
            divergence = s.scaling.divergence.f_centered(-t).mean()
            figures = torch.stack([critic_loss, displacement, projection_loss, divergence, particles.abs().max()])
        self._record(figures.tolist())
        self.particles_ = particles
        return {"loss": critic_loss, "y_pred": None}

    def _rows(self, rows: Tensor) -> Tensor:
        """A batch of rows drawn with replacement."""
        index = torch.randint(len(rows), (self.settings.batch_size,), generator=self.batches_, device=self.device)
        return rows[index]

    def _noisy(self, rows: Tensor, noise: float) -> Tensor:
        if noise == 0:
            return rows
        return rows + noise * torch.randn(rows.shape, generator=self.batches_, device=self.device)

    def _move(self, X: Tensor, particles: Tensor, step_size: float, noise: float) -> tuple[Tensor, Tensor]:
        """The inner loop: critic steps, then a step of every particle along weight times gradient."""
        s = self.settings
        losses: list[Tensor] = []
        for _ in range(s.n_particle_steps):
            self.critic_.train()
            losses.extend(
                self.critic_step_(self._noisy(self._rows(X), noise), self._noisy(self._rows(particles), noise))
                for _ in range(s.n_critic_steps)
            )
            self.critic_.eval()
            direction, _ = velocity(self.critic_step_.log_ratio(), particles, s.scaling)
            particles = euler_step(particles, direction, step_size)
        return particles, torch.stack(losses).mean()

    def _project(self, latents: Tensor, particles: Tensor) -> Tensor:
        """Fit the generator to (latent, particle) pairs by least squares; the mean loss of the pass."""
        s = self.settings
        self.generator_.train()
        losses: list[Tensor] = []
        for _ in range(s.n_projection_steps):
            index = torch.randint(s.n_particles, (s.batch_size,), generator=self.batches_, device=self.device)
            residual = self.generator_(latents[index]) - particles[index]
            loss = residual.square().flatten(1).sum(dim=1).mean()
            self.optimizer_generator_.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer_generator_.step()
            losses.append(loss.detach())
        self.generator_.eval()
        return torch.stack(losses).mean()

    def _record(self, figures: list[float]) -> None:
        named = dict(zip(self.history_names, figures[:4], strict=False))
        for name, value in named.items():
            self.history.record(name, value)
        if not all(map(math.isfinite, figures[:3])):
            broken = [name for name, value in named.items() if not math.isfinite(value)]
            raise NonFinite(f"{', '.join(broken)} became NaN or infinite")
        if figures[-1] > _EXPLODED:
            raise NonFinite(f"the particles exploded to {figures[-1]:.3g} standard deviations of the data")
        self.remember_good()

    def remember_good(self) -> None:
        """Keep the networks as they are, to go back to should the next loop break them."""
        self.good_ = (deepcopy(self.generator_.state_dict()), deepcopy(self.critic_.state_dict()))


def _rate(progress: float, start: float, final: float) -> float:
    """1 until `start`, then down half a cosine to `final`."""
    if progress <= start:
        return 1.0
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (progress - start) / (1 - start)))
