"""The base of the training rules of bidirectional models: their networks, draws and figures."""

import math
from abc import abstractmethod
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..architectures import Conditional
from ..distributed import current
from ..inputs import Seeds
from ..nets import (
    Average,
    CriticStep,
    Mode,
    MultiNet,
    Rows,
    Watch,
    mean_loss,
    spread,
)
from ._joint import Batch, Joint, chain
from ._residuals import Residuals

__all__ = ["CRITIC", "MOVING", "BidirectionalNet", "Losses", "When"]

CRITIC, MOVING = "the critic", "the encoder or the generator"

Losses = list[tuple[str, Tensor]]  # the part that an update changed, and its loss ()
When = tuple[float, int]  # the fraction of the budget, and the iteration, counted from 1

#: Figures that must be finite, and the part to blame if one is not.
_EXPECTED = {"critic_loss": CRITIC, "loss": MOVING, "reconstruction": MOVING}


class BidirectionalNet(MultiNet):
    """Base class of the training rules, with encoder, generator and, unless the objective has none, a critic of pairs.

    Parameters
    ----------
    settings : namespace
        Parameters of the estimator, resolved by its `_make_net`.
    seeds : Seeds
    varies : ndarray of bool, of shape ``(*data_shape,)``
        Whether each number of a row varies.
    """

    stream_names = ("batches_", "latents_")
    optional_names: ClassVar = (*MultiNet.optional_names, "critic_loss")
    #: Whether the critic's loss is the second figure, not the one that progress and failures show.
    critic_loss_after_loss: ClassVar[bool] = False
    watch_: Watch
    critic_: nn.Module
    average_generator_: Conditional
    average_encoder_: Conditional
    critic_step_: CriticStep

    def __init__(self, *, settings: SimpleNamespace, seeds: Seeds, varies: np.ndarray, **kwargs: Any) -> None:
        self.varies = varies
        super().__init__(settings=settings, seeds=seeds, data_shape=varies.shape, **kwargs)

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
            self._prepare_critic()
            self.module_names += ("critic_",)
            names.insert(names.index("loss") + self.critic_loss_after_loss, "critic_loss")
        self.history_names = tuple(names)
        self.trained_ = self.module_names
        if s.method.ema is not None:
            self.averagers_ = [Average(self.generator_, s.method.ema), Average(self.encoder_, s.method.ema)]
            self.average_generator_ = cast(Conditional, self.averagers_[0].module)
            self.average_encoder_ = cast(Conditional, self.averagers_[1].module)
            self.module_names += ("average_generator_", "average_encoder_")
        self.residuals_ = Residuals(shape).to(self.device)
        self.module_names += ("residuals_",)
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
                min_loss=self._min_critic_loss,
                stream=self.batches_,
            )
        return self

    def _prepare_critic(self) -> None:
        """Change the critic that the architecture made."""
        return None

    @property
    def _min_critic_loss(self) -> float | None:
        """The critic is not updated while its loss is below this value."""
        return None

    @abstractmethod
    def _iterate(self, X: Rows, when: When, losses: Losses) -> None:
        """The updates of one iteration, each after a `tick`. It appends their losses."""

    @abstractmethod
    def _conclude(self) -> None:
        """End an iteration, even one that the clock cut."""

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
        n = current().share(self.settings.batch_size)
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
        """One iteration."""
        (X,) = batch
        when = self.clock_.read(), len(self.history)
        self._set_rates(when)
        for name in self.trained_:
            getattr(self, name).train()
        losses: Losses = []
        with self.inner_steps():
            self._iterate(X, when, losses)
        self._conclude()
        return {"loss": self._summarise(X, losses), "y_pred": None}

    def _average(self, t: int) -> None:
        """Update the averages for the `t`-th time, counted from 0, if there are averages."""
        if self.settings.method.ema is not None:
            for averager in self.averagers_:
                averager.update(t)

    def _set_rates(self, when: When, *, factor: float = 1.0) -> None:
        """Set the learning rates. `factor` multiplies those of generator and encoder."""
        s = self.settings
        self.set_rate("optimizer_generator_", factor * s.generator_optimizer.lr_at(*when))
        self.set_rate("optimizer_encoder_", factor * s.encoder_optimizer.lr_at(*when))
        if self.objective_ is not None:
            self.set_rate("optimizer_critic_", s.critic_optimizer.lr_at(*when))

    def _normal(self, n: int, size: int) -> Tensor:
        return torch.randn(n, size, generator=self.latents_, dtype=torch.float32, device=self.device)

    def _step(self, loss: Tensor) -> None:
        """One step of encoder and generator. The weights of other networks get no gradient."""
        self.optimizer_generator_.zero_grad(set_to_none=True)
        self.optimizer_encoder_.zero_grad(set_to_none=True)
        loss.backward(inputs=self.moving_)
        self.optimizer_generator_.step()
        self.optimizer_encoder_.step()

    def _restore_constants(self, rows: Tensor, data: Tensor) -> Tensor:
        """Rows with the data's constants in constant columns, as users see them. No likelihood teaches these."""
        varies = self.joint_.varies
        return rows if varies is None else torch.where(varies, rows, data[:1])

    def _reconstructed(self, encoder: Conditional, generator: Conditional, rows: Tensor) -> Tensor:
        """Mean reconstructions of rows ``(n, *data_shape)`` from the level of latents next to the data."""
        back = chain([encoder.stages[0], generator.stages[-1]], rows)[-1]
        return self._restore_constants(back, rows)

    @torch.no_grad()
    def _summarise(self, X: Rows, losses: Losses) -> Tensor:
        """Record the iteration's figures in one transfer, and return the loss. Raise if they show a failure."""
        s = self.settings
        for name in self.module_names:
            getattr(self, name).eval()
        self.noise_level_ = 0.0
        batch = self.sample(X)
        rows, latents = self.joint_.generate(batch)
        divergence = rows.new_tensor(math.nan)
        taught = any(who == CRITIC for who, _ in losses)
        if s.objective.takes_divergence and taught:
            divergence = s.scaling.divergence.f_centered(self.critic_step_.log_ratio()(rows, latents)).mean()
        rows = samples = self._restore_constants(rows, batch.rows)
        if s.method.ema is not None:
            samples, _ = Joint(self.encoding_module, self.sampling_module, s.precision).generate(batch)
            samples = self._restore_constants(samples, batch.rows)
        reconstructed = self._reconstructed(self.encoder_, self.generator_, batch.rows)
        used = reconstructed
        if s.method.ema is not None:
            used = self._reconstructed(self.encoding_module, self.sampling_module, batch.rows)
        self.residuals_.update(used - batch.rows, n_rows=len(X))
        loss = mean_loss(losses, MOVING, like=rows)
        critic_loss, *figures, samples_spread, farthest = self.figures(
            [
                mean_loss(losses, CRITIC, like=rows),
                loss,
                divergence,
                (reconstructed - batch.rows).square().mean(),
                spread(rows, batch.rows),
                spread(samples, batch.rows),
            ],
            [rows.abs().max()],
        )
        named = dict(zip(("loss", "divergence", "reconstruction", "spread"), figures, strict=True))
        if self.objective_ is not None:
            named = {"critic_loss": critic_loss, **named}
        expected = {name: who for name, who in _EXPECTED.items() if name in named and (taught or who != CRITIC)}
        self.record({**named, "held_out_distance": math.nan}, expected=expected, losses=losses)
        self.watch_(self, farthest=farthest, spread=min(named["spread"], samples_spread))
        return loss
