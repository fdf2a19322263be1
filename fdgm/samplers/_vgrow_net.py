"""VGrow's training rule: an iteration moves particles and projects them onto the generator."""

import math
from typing import Any

import torch
from sklearn.base import clone
from torch import Tensor, nn

from ..distributed import current
from ..flows import euler_step, velocity
from ..nets import (
    Average,
    CriticStep,
    MultiNet,
    Rows,
    Watch,
    forward,
    mean_loss,
    spread,
)
from ..objectives import Logistic
from ..options import Optimizer
from ..persistence import State
from ._beside import held_still, make_generator, with_beside
from ._ratio_step import RatioStep
from ._start import fit_generator, start_as_gaussian

__all__ = ["VGrowNet"]

_RATIO = "ratio"  # its name among the weights

_CRITIC, _GENERATOR, _PARTICLES = "the critic", "the generator", "the particles, which the critic's gradient moves"

#: Figures that must be finite, and the part to blame if one is not.
_EXPECTED = {"critic_loss": _CRITIC, "displacement": _PARTICLES, "projection_loss": _GENERATOR}


class VGrowNet(MultiNet):
    """Critic and generator. A training step is one iteration of section 3 of the paper."""

    stream_names = ("batches_", "latents_")
    watch_: Watch
    history_names = (
        "critic_loss",
        "displacement",
        "spread",
        "projection_loss",
        "divergence",
        "held_out_distance",
        "seconds",
    )

    def initialize_module(self) -> "VGrowNet":
        s, seeds = self.settings, self.seeds
        self.generator_ = make_generator(s, self.data_shape, seeds.generator).to(self.device)
        self.module_names = ("generator_",)
        if s.ratio is None:
            self.critic_ = s.architecture.critic(self.data_shape, seed=seeds.critic).to(self.device)
            self.module_names += ("critic_",)
        if s.network.ema is not None:
            self.averager_ = Average(self.generator_, s.network.ema)
            self.average_ = self.averager_.module
            self.module_names += ("average_",)
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.latents_ = torch.Generator(self.device).manual_seed(seeds.latents)
        self.watch_ = Watch("the particles")
        return self

    def initialize_optimizer(self) -> "VGrowNet":
        s = self.settings
        self.optimizer_generator_ = self._rate.make(self.generator_.parameters())
        self.optimizer_names: tuple[str, ...] = ("optimizer_generator_",)
        self.critic_step_: CriticStep | RatioStep
        if s.ratio is not None:
            self.critic_step_ = RatioStep(s.ratio)
            return self
        self.optimizer_critic_ = s.critic_optimizer.make(self.critic_.parameters())
        self.optimizer_names += ("optimizer_critic_",)
        self.critic_step_ = CriticStep(self.critic_, self.optimizer_critic_, Logistic(), precision=s.precision)
        return self

    def weights(self) -> State:
        """The weights, with the state of the ratio that replaces the critic."""
        held = super().weights()
        if self.settings.ratio is not None:
            held.parts[_RATIO] = self.settings.ratio.to_state()
        return held

    def set_weights(self, weights: State, *, halved: bool = False) -> None:
        super().set_weights(weights, halved=halved)
        if self.settings.ratio is not None:
            self.settings.ratio.from_state(weights.part(_RATIO))

    def checked_weights(self, weights: State) -> State:
        held = super().checked_weights(weights)
        if self.settings.ratio is not None:
            held.parts[_RATIO] = clone(self.settings.ratio).from_state(weights.part(_RATIO)).to_state()
        return held

    @property
    def _n_particles(self) -> int:
        """Particles of this process."""
        return current().share(self.settings.network.n_particles)

    @property
    def _rate(self) -> Optimizer:
        """The generator's optimizer."""
        optimizer = self.settings.network.optimizer
        if optimizer is None:
            raise RuntimeError("the optimizer of VGrowNet's network must have been filled with its default.")
        return optimizer

    @property
    def sampling_module(self) -> nn.Module:
        """The generator that draws samples: the averaged one if there is one."""
        return self.generator_ if self.settings.network.ema is None else self.average_

    def train_step(self, batch: tuple[Rows], **fit_params: Any) -> dict[str, Any]:
        """One iteration: draw latents, move their particles, fit the generator to the moved particles."""
        (X,) = batch
        s = self.settings
        when = self.clock_.read(), len(self.history)
        if s.ratio is None:
            self.set_rate("optimizer_critic_", s.critic_optimizer.lr_at(*when))
        self.set_rate("optimizer_generator_", self._rate.lr_at(*when))
        noise = s.instance_noise.scale_at(*when)

        self._losses: list[tuple[str, Tensor]] = []
        with self.inner_steps():
            if len(self.history) == 1:
                start_as_gaussian(self, X, s.network.n_warmup_steps)
        latents = self.draw_latents(self._n_particles)
        self.generator_.eval()
        with torch.no_grad():
            start = particles = forward(self.generator_, s.precision, latents)
        critic_loss = projection_loss = None
        with self.inner_steps():
            particles, critic_loss = self._move(X, start, s.step.size_at(*when), noise)
            projection_loss = self._project(latents, particles, s.network.passes_at(*when))
        if s.ratio is not None and not self._losses:  # the clock cut before the first fit, which the ratio needs
            self._estimate(X, particles, noise)
        if s.network.ema is not None:
            self.averager_.update(len(self.history) - 1)
        if critic_loss is None:
            critic_loss = mean_loss(self._losses, _CRITIC, like=start)
        if projection_loss is None:
            projection_loss = mean_loss(self._losses, _GENERATOR, like=start)
        self._summarise(X, latents, start, particles, critic_loss, projection_loss)
        self.particles_ = particles
        return {"loss": critic_loss, "y_pred": None}

    def draw_latents(self, n: int) -> Tensor:
        """Latents (n, latent_size), and the condition behind them if there is one."""
        s, stream = self.settings, self.latents_
        latents = torch.randn(n, s.latent_size, generator=stream, dtype=torch.float32, device=self.device)
        return with_beside(latents, s.beside, stream)

    def _noisy(self, rows: Tensor, noise: float) -> Tensor:
        if noise == 0:
            return rows
        xi = torch.randn(rows.shape, generator=self.batches_, dtype=rows.dtype, device=self.device)
        return rows + noise * held_still(xi, self.settings.beside)

    def _move(self, X: Rows, particles: Tensor, step_size: float, noise: float) -> tuple[Tensor, Tensor]:
        """The inner loop: critic steps, then one step of every particle along weight times gradient."""
        s = self.settings
        for _ in range(s.network.n_particle_steps):
            for _ in range(s.n_critic_steps):
                self.tick()
                self._estimate(X, particles, noise)
            self.tick()
            direction, _ = velocity(self.critic_step_.value_and_gradient(), particles, s.scaling)
            particles = euler_step(particles, held_still(direction, s.beside), step_size)
            if s.clamp is not None:
                particles = particles.clamp(*s.clamp)
        return particles, mean_loss(self._losses, _CRITIC, like=particles)

    def _estimate(self, X: Rows, particles: Tensor, noise: float) -> None:
        """One update of the log-ratio of data to particles."""
        s = self.settings
        # A ratio is fitted anew, so it needs all particles. A critic has learned from many batches before.
        n = self._n_particles if s.ratio is not None else current().share(s.batch_size)
        index = torch.randint(self._n_particles, (n,), generator=self.batches_, device=self.device)
        real = X.sample(n, self.batches_)
        loss = self.critic_step_(self._noisy(real, noise), self._noisy(particles[index], noise))
        self._losses.append((_CRITIC, loss))

    def _project(self, latents: Tensor, particles: Tensor, n_passes: int) -> Tensor:
        """Fit the generator to (latent, particle) pairs by least squares, in passes over them. Return the mean loss."""
        n, size = self._n_particles, current().share(self.settings.batch_size)
        self.generator_.train()
        for _ in range(n_passes):
            order = torch.randperm(n, generator=self.batches_, device=self.device)
            # Batch norm needs whole batches. Particles left over here come in another pass, in another order.
            for index in order[: max(size, n // size * size)].split(size):
                self.tick()
                pairs = latents[index], particles[index]
                loss = fit_generator(self.generator_, self.optimizer_generator_, *pairs, self.settings.precision)
                self._losses.append((_GENERATOR, loss))
        self.generator_.eval()
        return mean_loss(self._losses, _GENERATOR, like=particles)

    @torch.no_grad()
    def _summarise(
        self, X: Rows, latents: Tensor, start: Tensor, particles: Tensor, critic_loss: Tensor, projection_loss: Tensor
    ) -> None:
        """Record the iteration's figures in the history, in one transfer. Raise if they show a failure."""
        s = self.settings
        n = current().share(s.batch_size)
        real = X.sample(n, self.batches_)
        t = self.critic_step_.log_ratio()(real)
        samples = forward(self.sampling_module, s.precision, latents[:n])
        figures = self.figures(
            [
                critic_loss,
                (particles - start).flatten(1).norm(dim=1).mean(),
                spread(particles, real),
                projection_loss,
                s.scaling.divergence.f_centered(-t).mean(),
                spread(samples, real),
            ],
            [start.abs().max(), particles.abs().max()],
        )
        *named, samples_spread, generated, farthest = figures
        figures_by_name = dict(zip(self.history_names, [*named, math.nan], strict=False))
        self.record(figures_by_name, expected=_EXPECTED, losses=self._losses)
        self.watch_(self, farthest=farthest, spread=min(named[2], samples_spread), generated=generated)
