"""The training rule of bidirectional models: algorithm 1 of the paper, with many updates in an iteration."""

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from sklearn.base import clone
from torch import Tensor, nn

from ..architectures import Architecture, Conditional
from ..divergences import Scaling
from ..inputs import Seeds
from ..nets import (
    Average,
    CriticStep,
    Mode,
    MultiNet,
    PrincipalComponents,
    Rows,
    Settings,
    Watch,
    forward,
    mean_loss,
    spread,
)
from ..options import Gradient, Optimizer
from ._joint import Batch, Joint, chain
from ._objective import JointObjective

__all__ = ["BidirectionalNet", "BidirectionalSettings"]

_WARM_ROWS = 2048  # rows for the principal components
_WARM_LR = 2e-3  # the learning rates of the later training are too small to finish an incomplete warm-up

_CRITIC, _MOVING = "the critic", "the encoder or the generator"

#: Figures that must be finite, and the part to blame if one is not.
_EXPECTED = {"critic_loss": _CRITIC, "loss": _MOVING, "reconstruction": _MOVING}


@dataclass(frozen=True)
class BidirectionalSettings(Settings):
    """Settings of the method, in scaled units. AGEBidirectional documents them and has the defaults."""

    architecture: Architecture
    objective: JointObjective
    scaling: Scaling
    level_sizes: tuple[int, ...]
    encoder: str
    generator: str
    encoder_noise_size: int | None
    generator_noise_size: int | None
    method: Gradient
    batch_size: int
    critic_optimizer: Optimizer
    generator_optimizer: Optimizer
    encoder_optimizer: Optimizer
    precision: str

    @property
    def latent_size(self) -> int:
        """Number of latents of the prior."""
        return self.level_sizes[-1]


class BidirectionalNet(MultiNet):
    """Encoder, generator and, unless the objective has none, a critic of pairs.

    Parameters
    ----------
    settings : BidirectionalSettings
    seeds : Seeds
    varies : ndarray of bool, of shape ``(*data_shape,)``
        Whether each number of a row varies.
    """

    stream_names = ("batches_", "latents_")
    watch_: Watch
    critic_: nn.Module
    average_generator_: Conditional
    average_encoder_: Conditional
    critic_step_: CriticStep

    def __init__(self, *, settings: BidirectionalSettings, seeds: Seeds, varies: np.ndarray, **kwargs: Any) -> None:
        self.settings = settings
        self.seeds = seeds
        self.varies = varies
        super().__init__(**kwargs)

    def initialize_module(self) -> "BidirectionalNet":
        s, seeds, shape = self.settings, self.seeds, self.varies.shape
        self.generator_ = s.architecture.conditional_generator(
            shape, s.latent_size, distribution=s.generator, noise_size=s.generator_noise_size, seed=seeds.generator
        ).to(self.device)
        self.encoder_ = s.architecture.conditional_encoder(
            shape, s.latent_size, distribution=s.encoder, noise_size=s.encoder_noise_size, seed=seeds.encoder
        ).to(self.device)
        self.module_names: tuple[str, ...] = ("generator_", "encoder_")
        self.free(self.varies)
        self.objective_ = s.objective.critic(s.scaling)
        names = ["loss", "divergence", "reconstruction", "spread", "held_out_distance", "seconds"]
        if self.objective_ is not None:
            self.critic_ = s.architecture.pair_critic(shape, sum(s.level_sizes), seed=seeds.critic).to(self.device)
            self.module_names += ("critic_",)
            names = ["critic_loss", *names]
        self.history_names = tuple(names)
        self.trained_ = self.module_names
        if s.method.ema is not None:
            self.averagers_ = [Average(self.generator_, s.method.ema), Average(self.encoder_, s.method.ema)]
            self.average_generator_ = cast(Conditional, self.averagers_[0].module)
            self.average_encoder_ = cast(Conditional, self.averagers_[1].module)
            self.module_names += ("average_generator_", "average_encoder_")
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.latents_ = torch.Generator(self.device).manual_seed(seeds.latents)
        self.watch_ = Watch("the generated samples")
        return self

    def free(self, varies: np.ndarray) -> None:
        """Set which numbers of a row vary, and so have a likelihood."""
        self.varies = varies
        some = None if varies.all() else torch.from_numpy(varies).to(self.device)
        self.joint_ = Joint(self.encoder_, self.generator_, self.settings.precision, some)

    def initialize_optimizer(self) -> "BidirectionalNet":
        s = self.settings
        self.optimizer_generator_ = s.generator_optimizer.make(self.generator_.parameters())
        self.optimizer_encoder_ = s.encoder_optimizer.make(self.encoder_.parameters())
        self.optimizer_names: tuple[str, ...] = ("optimizer_generator_", "optimizer_encoder_")
        self.moving_ = [*self.generator_.parameters(), *self.encoder_.parameters()]
        if self.objective_ is not None:
            self.optimizer_critic_ = s.critic_optimizer.make(self.critic_.parameters())
            self.optimizer_names += ("optimizer_critic_",)
            self.critic_mode_ = Mode(self.critic_)
            self.critic_step_ = CriticStep(
                self.critic_,
                self.optimizer_critic_,
                self.objective_,
                precision=s.precision,
                min_loss=s.method.min_critic_loss,
                stream=self.batches_,
            )
        return self

    @property
    def sampling_module(self) -> Conditional:
        """The generator that draws samples: the averaged one if there is one."""
        return self.generator_ if self.settings.method.ema is None else self.average_generator_

    @property
    def encoding_module(self) -> Conditional:
        """The encoder that gives representations: the averaged one if there is one."""
        return self.encoder_ if self.settings.method.ema is None else self.average_encoder_

    def sample(self, X: Rows) -> Batch:
        """Draw rows of the data, latents of the prior, and noise."""
        n = self.settings.batch_size
        rows = X.sample(n, self.batches_)
        instance_noise = None
        if self.noise_level_ > 0:
            shape = (2, n, *self.varies.shape)
            instance_noise = self.noise_level_ * torch.randn(
                shape, generator=self.latents_, dtype=torch.float32, device=self.device
            )
        return Batch(
            rows=rows,
            instance_noise=instance_noise,
            latents=self._normal(n, self.settings.latent_size),
            encoder_noise=self._normal(n, self.encoder_.noise_size),
            generator_noise=self._normal(n, self.generator_.noise_size),
        )

    def train_step(self, batch: tuple[Rows], **fit_params: Any) -> dict[str, Any]:
        """One iteration: `n_updates` times, some steps of the critic and one of encoder and generator."""
        (X,) = batch
        s = self.settings
        when = self.clock_.read(), len(self.history)
        self._set_rates(*when)
        self.noise_level_ = s.method.noise.scale_at(*when)
        for name in self.trained_:
            getattr(self, name).train()
        losses: list[tuple[str, Tensor]] = []
        with self.inner_steps():
            if len(self.history) == 1:
                self._warm_up(X)
            for _ in range(s.method.n_updates):
                self._teach_critic(X, losses)
                self.tick()
                losses.append((_MOVING, self._move(X)))
        if s.method.ema is not None:
            for averager in self.averagers_:
                averager.update(len(self.history) - 1)
        return {"loss": self._summarise(X, losses), "y_pred": None}

    def _set_rates(self, *when: Any) -> None:
        s = self.settings
        self.set_rate("optimizer_generator_", s.generator_optimizer.lr_at(*when))
        self.set_rate("optimizer_encoder_", s.encoder_optimizer.lr_at(*when))
        if self.objective_ is not None:
            self.set_rate("optimizer_critic_", s.critic_optimizer.lr_at(*when))

    def _normal(self, n: int, size: int) -> Tensor:
        return torch.randn(n, size, generator=self.latents_, dtype=torch.float32, device=self.device)

    def _warm_up(self, X: Rows) -> None:
        """Fit the encoder to the principal components' scores, each of variance 1, and the generator to invert it.

        The critic sees whether both joint distributions have the same marginals and the same dependence. Initial
        weights give no dependence, and the critic's gradient hardly leads encoder and generator to match each other.
        """
        s = self.settings
        if self.objective_ is None or s.method.n_warmup_steps == 0:
            return
        found = PrincipalComponents.of(X.sample(_WARM_ROWS, self.batches_), max(s.level_sizes))
        optimizer = clone(s.generator_optimizer).set_params(lr=_WARM_LR).make(self.moving_)
        self.show_gradients(optimizer)
        for _ in range(s.method.n_warmup_steps):
            self.tick()
            rows = X.sample(s.batch_size, self.batches_)
            scores = found.scores(rows)
            scores = torch.cat([scores, scores.new_zeros(len(scores), max(s.level_sizes) - scores.shape[1])], dim=1)
            levels = [rows, *(scores[:, :size] for size in s.level_sizes)]
            noise = self._normal(len(rows), self.encoder_.noise_size)
            loss = self._misfit(self.encoder_, levels, noise)
            noise = self._normal(len(rows), self.generator_.noise_size)
            loss = loss + self._misfit(self.generator_, levels[::-1], noise)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    def _misfit(self, network: Conditional, levels: list[Tensor], noise: Tensor) -> Tensor:
        """Mean squared error of each stage, between one level and the next, over numbers and rows."""
        loss = noise.new_zeros(())
        start = 0
        for stage, given, target in zip(network.stages, levels[:-1], levels[1:], strict=True):
            output = forward(stage, self.settings.precision, given, noise[:, start : start + stage.noise_size])
            loss = loss + (output - target).square().mean()
            start += stage.noise_size
        return loss

    def _teach_critic(self, X: Rows, losses: list[tuple[str, Tensor]]) -> None:
        """Take critic steps on fresh pairs, with no graph of encoder and generator, until the critic is good enough."""
        s = self.settings
        if self.objective_ is None:
            return
        for _ in range(s.method.n_critic_steps):
            self.tick()
            with torch.no_grad():
                pairs = s.objective.critic_pairs(self.joint_, self.sample(X))
            loss = self.critic_step_(*pairs)
            losses.append((_CRITIC, loss))
            if s.method.min_critic_loss is not None and loss.item() < s.method.min_critic_loss:
                return

    def _move(self, X: Rows) -> Tensor:
        """Take one step of encoder and generator. The critic is in evaluation mode, and its weights get no gradient."""
        s = self.settings
        if self.objective_ is not None:
            self.critic_mode_(training=False)
        batch = self.sample(X)
        loss = s.objective.loss(self.joint_, batch, self._critic, s.scaling)
        if s.method.cycle_weight:
            loss = loss + s.method.cycle_weight * (self.joint_.reconstruct(batch) - batch.rows).square().mean()
        self.optimizer_generator_.zero_grad(set_to_none=True)
        self.optimizer_encoder_.zero_grad(set_to_none=True)
        loss.backward(inputs=self.moving_)
        self.optimizer_generator_.step()
        self.optimizer_encoder_.step()
        return loss.detach()

    def _critic(self, rows: Tensor, latents: Tensor) -> Tensor:
        return forward(self.critic_, self.settings.precision, rows, latents)

    def _restore_constants(self, rows: Tensor, data: Tensor) -> Tensor:
        """Rows with the data's constants in constant columns, as users see them. No likelihood teaches these."""
        varies = self.joint_.varies
        return rows if varies is None else torch.where(varies, rows, data[:1])

    @torch.no_grad()
    def _summarise(self, X: Rows, losses: list[tuple[str, Tensor]]) -> Tensor:
        """Record the iteration's figures in one transfer, and return the loss. Raise if they show a failure."""
        s = self.settings
        for name in self.module_names:
            getattr(self, name).eval()
        self.noise_level_ = 0.0
        batch = self.sample(X)
        rows, latents = self.joint_.generate(batch)
        divergence = rows.new_tensor(math.nan)
        if s.objective.takes_divergence:
            divergence = s.scaling.divergence.f_centered(self.critic_step_.log_ratio()(rows, latents)).mean()
        rows = samples = self._restore_constants(rows, batch.rows)
        if s.method.ema is not None:
            samples, _ = Joint(self.encoding_module, self.sampling_module, s.precision).generate(batch)
            samples = self._restore_constants(samples, batch.rows)
        reconstructed = chain([self.encoder_.stages[0], self.generator_.stages[-1]], batch.rows)[-1]
        reconstructed = self._restore_constants(reconstructed, batch.rows)
        loss = mean_loss(losses, _MOVING, like=rows)
        *figures, samples_spread, farthest = torch.stack(
            [
                loss,
                divergence,
                (reconstructed - batch.rows).square().mean(),
                spread(rows, batch.rows),
                spread(samples, batch.rows),
                rows.abs().max(),
            ]
        ).tolist()
        named = dict(zip(("loss", "divergence", "reconstruction", "spread"), figures, strict=True))
        if self.objective_ is not None:
            named = {"critic_loss": mean_loss(losses, _CRITIC, like=rows).item(), **named}
        expected = {name: who for name, who in _EXPECTED.items() if name in named}
        self.record({**named, "held_out_distance": math.nan}, expected=expected, losses=losses)
        self.watch_(self, farthest=farthest, spread=min(named["spread"], samples_spread))
        return loss
