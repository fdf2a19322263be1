"""The training rule of bidirectional models: algorithm 1 of the paper, many updates an outer loop."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..architectures import Architecture, Conditional
from ..divergences import Scaling
from ..inputs import Seeds
from ..nets import Average, CriticStep, MultiNet, Rows, Schedule, Watch, forward, make_optimizer
from ._joint import Batch, Joint, chain
from ._objective import JointObjective

__all__ = ["BidirectionalNet", "BidirectionalSettings"]


@dataclass(frozen=True)
class BidirectionalSettings:
    """The numbers of the method, in scaled units; documented on AGEBidirectional, which has the defaults."""

    architecture: Architecture
    objective: JointObjective
    scaling: Scaling
    latent_size: int
    encoder: str
    generator: str
    encoder_noise_size: int | None
    generator_noise_size: int | None
    n_updates: int
    n_critic_steps: int
    min_critic_loss: float | None
    batch_size: int
    optimizer: str
    critic_lr: float
    critic_betas: tuple[float, float]
    generator_lr: float
    generator_betas: tuple[float, float]
    encoder_lr: float
    lr_schedule: Schedule
    instance_noise: float
    noise_schedule: Schedule
    ema: float | None
    precision: str


class BidirectionalNet(MultiNet):
    """Encoder, generator and, unless the objective has none, a critic of pairs.

    Parameters
    ----------
    settings : BidirectionalSettings
    seeds : Seeds
    data_shape : tuple of int
    """

    stream_names = ("batches_", "latents_")

    def __init__(
        self, *, settings: BidirectionalSettings, seeds: Seeds, data_shape: tuple[int, ...], **kwargs: Any
    ) -> None:
        self.settings = settings
        self.seeds = seeds
        self.data_shape = data_shape
        super().__init__(**kwargs)

    def initialize_module(self) -> "BidirectionalNet":
        s, seeds, shape = self.settings, self.seeds, self.data_shape
        self.generator_ = s.architecture.conditional_generator(
            shape, s.latent_size, distribution=s.generator, noise_size=s.generator_noise_size, seed=seeds.generator
        ).to(self.device)
        self.encoder_ = s.architecture.conditional_encoder(
            shape, s.latent_size, distribution=s.encoder, noise_size=s.encoder_noise_size, seed=seeds.encoder
        ).to(self.device)
        self.module_names: tuple[str, ...] = ("generator_", "encoder_")
        self.joint_ = Joint(self.encoder_, self.generator_, s.precision)
        self.objective_ = s.objective.critic(s.scaling)
        names = ["loss", "divergence", "reconstruction", "spread", "held_out_distance", "seconds"]
        if self.objective_ is not None:
            self.critic_ = s.architecture.pair_critic(shape, s.latent_size, seed=seeds.critic).to(self.device)
            self.module_names += ("critic_",)
            names = ["critic_loss", *names]
        self.history_names = tuple(names)
        if s.ema is not None:
            self.averagers_ = [Average(self.generator_, s.ema), Average(self.encoder_, s.ema)]
            self.average_generator_, self.average_encoder_ = (averager.module for averager in self.averagers_)
            self.module_names += ("average_generator_", "average_encoder_")
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.latents_ = torch.Generator(self.device).manual_seed(seeds.latents)
        self.watch_ = Watch()
        return self

    def initialize_optimizer(self) -> "BidirectionalNet":
        s = self.settings
        self.optimizer_generator_ = make_optimizer(
            s.optimizer, self.generator_.parameters(), s.generator_lr, s.generator_betas
        )
        self.optimizer_encoder_ = make_optimizer(
            s.optimizer, self.encoder_.parameters(), s.encoder_lr, s.generator_betas
        )
        self.optimizer_names: tuple[str, ...] = ("optimizer_generator_", "optimizer_encoder_")
        self.moving_ = [*self.generator_.parameters(), *self.encoder_.parameters()]
        if self.objective_ is not None:
            self.optimizer_critic_ = make_optimizer(
                s.optimizer, self.critic_.parameters(), s.critic_lr, s.critic_betas
            )
            self.optimizer_names += ("optimizer_critic_",)
            self.critic_step_ = CriticStep(
                self.critic_, self.optimizer_critic_, self.objective_, precision=s.precision
            )
        return self
