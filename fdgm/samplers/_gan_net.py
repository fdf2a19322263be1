"""The training rule of GANs: alternating steps of critic and generator, by the objective and its stabilizers."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..architectures import Architecture, is_built_in, seeded
from ..inputs import Seeds, chunk_seed
from ..nets import Average, CriticStep, MultiNet, Rows, Settings, Watch, forward, mean_loss, spread
from ..objectives import Objective
from ..options import InstanceNoise, Optimizer
from ..regularizers import CriticFunction, CriticRegularizer, GeneratorStep, MakeCritic, Stabilizer

__all__ = ["GANNet", "GANSettings"]

_CRITIC, _GENERATOR = "the critic", "the generator"

#: Figures that must be finite, and the part to blame if one is not.
_EXPECTED = {"critic_loss": _CRITIC, "generator_loss": _GENERATOR}


@dataclass(frozen=True)
class GANSettings(Settings):
    """Settings of the method, in scaled units. GANSampler documents them and has the defaults."""

    architecture: Architecture
    objective: Objective
    regularizers: tuple[CriticRegularizer, ...]
    stabilizers: tuple[Stabilizer, ...]
    latent_size: int
    n_generator_steps: int
    n_critic_steps: int
    batch_size: int
    critic_optimizer: Optimizer
    generator_optimizer: Optimizer
    instance_noise: InstanceNoise
    ema: float | None
    precision: str

    @property
    def rows_per_output(self) -> int:
        """Number of rows in one input of the critic."""
        return math.prod(stabilizer.rows_per_output for stabilizer in self.stabilizers)

    @property
    def pairs(self) -> bool:
        """Whether the critic judges pairs of data and latents."""
        return any(stabilizer.pairs for stabilizer in self.stabilizers)


class GANNet(MultiNet):
    """Critic and generator. A training step alternates between the two `n_generator_steps` times.

    Parameters
    ----------
    settings : GANSettings
    seeds : Seeds
    data_shape : tuple of int
    """

    optimizer_names = ("optimizer_generator_", "optimizer_critic_")
    stream_names = ("batches_", "latents_")
    watch_: Watch
    history_names = ("critic_loss", "generator_loss", "spread", "held_out_distance", "seconds")

    def __init__(self, *, settings: GANSettings, seeds: Seeds, data_shape: tuple[int, ...], **kwargs: Any) -> None:
        self.settings = settings
        self.seeds = seeds
        self.data_shape = data_shape
        super().__init__(**kwargs)

    def initialize_module(self) -> "GANNet":
        s, seeds = self.settings, self.seeds
        ours = is_built_in(s.architecture, *s.stabilizers)
        self.critic_ = seeded(self._make_critic, seeds.critic, built_in=ours).to(self.device)
        self.generator_ = s.architecture.generator(self.data_shape, s.latent_size, seed=seeds.generator).to(self.device)
        extras = seeded(self._make_extras, chunk_seed(seeds.critic, 1), built_in=ours)
        self.extras_ = extras.to(self.device)
        self.module_names = ("generator_", "critic_", "extras_")
        if s.ema is not None:
            self.averager_ = Average(self.generator_, s.ema)
            self.average_ = self.averager_.module
            self.module_names = (*self.module_names, "average_")
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.latents_ = torch.Generator(self.device).manual_seed(seeds.latents)
        self.watch_ = Watch("the generator's rows")
        return self

    def initialize_optimizer(self) -> "GANNet":
        s = self.settings
        self.optimizer_critic_ = s.critic_optimizer.make(self.critic_.parameters())
        self._trained = [*self.generator_.parameters(), *self.extras_.parameters()]
        self.optimizer_generator_ = s.generator_optimizer.make(self._trained)
        self.critic_step_ = CriticStep(
            self.critic_,
            self.optimizer_critic_,
            s.objective,
            precision=s.precision,
            regularizers=s.regularizers,
            stream=self.batches_,
        )
        return self

    @property
    def sampling_module(self) -> nn.Module:
        """The generator that draws samples: the averaged one if there is one."""
        return self.generator_ if self.settings.ema is None else self.average_

    def train_step(self, batch: tuple[Rows], **fit_params: Any) -> dict[str, Any]:
        """One iteration: each of its steps updates the critic some times, then the generator once."""
        (X,) = batch
        s = self.settings
        when = self.clock_.read(), len(self.history)
        self.set_rate("optimizer_critic_", s.critic_optimizer.lr_at(*when))
        self.set_rate("optimizer_generator_", s.generator_optimizer.lr_at(*when))
        noise = s.instance_noise.scale_at(*when)

        self.generator_.train()
        self.critic_.train()
        self._losses: list[tuple[str, Tensor]] = []
        last = None
        with self.inner_steps():
            for _ in range(s.n_generator_steps):
                for _ in range(s.n_critic_steps - 1):
                    self.tick()
                    with torch.no_grad():
                        latents, rows = self._generate()
                    self._teach_critic(self._real(X, noise), self._judged(rows, latents, noise))
                # The generator's update uses the same rows as the last update of the critic.
                self.tick()
                latents, rows = last = self._generate()
                real, fake = self._real(X, noise), self._judged(rows, latents, noise)
                self._teach_critic(real, tuple(part.detach() for part in fake))
                self.tick()
                self._losses.append((_GENERATOR, self._generator_step(real, fake, rows, latents)))
        if last is None:  # cut before the generator had made any rows
            with torch.no_grad():
                last = self._generate()
        if s.ema is not None:
            self.averager_.update(len(self.history) - 1)
        self._summarise(X, last[0], last[1].detach())
        return {"loss": self._losses[-1][1], "y_pred": None}

    def _teach_critic(self, real: tuple[Tensor, ...], fake: tuple[Tensor, ...]) -> None:
        """One update of the critic."""
        self._losses.append((_CRITIC, self.critic_step_(real, fake)))

    def _generate(self) -> tuple[Tensor, Tensor]:
        """Latents, and the rows that the generator makes from them."""
        s = self.settings
        n = s.batch_size * s.rows_per_output
        latents = torch.randn(n, s.latent_size, generator=self.latents_, dtype=torch.float32, device=self.device)
        return latents, forward(self.generator_, s.precision, latents)

    def _real(self, X: Rows, noise: float) -> tuple[Tensor, ...]:
        """A batch of data, in the form that the critic judges."""
        rows = X.sample(self.settings.batch_size * self.settings.rows_per_output, self.batches_)
        if not self.settings.pairs:
            return self._judged(rows, rows, noise)
        (stabilizer,) = (stabilizer for stabilizer in self.settings.stabilizers if stabilizer.pairs)
        with torch.no_grad():
            latents = stabilizer.latents_of(rows, self._called_extras())
        return self._judged(rows, latents, noise)

    def _judged(self, rows: Tensor, latents: Tensor, noise: float) -> tuple[Tensor, ...]:
        """The critic's input for these rows, with noise, latents and packs if the settings ask for them."""
        if noise != 0:
            rows = rows + noise * torch.randn(rows.shape, generator=self.batches_, dtype=rows.dtype, device=self.device)
        points = (rows, latents) if self.settings.pairs else (rows,)
        size = self.settings.rows_per_output
        return tuple(part.reshape(-1, size * part.shape[1], *part.shape[2:]) if size > 1 else part for part in points)

    def _generator_step(
        self, real: tuple[Tensor, ...], fake: tuple[Tensor, ...], rows: Tensor, latents: Tensor
    ) -> Tensor:
        """Update the generator; return its loss, a tensor () with no graph."""
        s, critic_step = self.settings, self.critic_step_
        step = GeneratorStep(
            critic=self.critic_,
            critic_fn=critic_step.outputs,
            critic_fn_with=self._judge_with,
            critic_loss=lambda critic_fn: critic_step.losses(critic_fn, real, fake)[1],
            optimizer=self.optimizer_critic_,
            real=real,
            fake=fake,
            rows=rows,
            latents=latents,
            modules=self._called_extras(),
        )
        for stabilizer in s.stabilizers:
            step = stabilizer.look_ahead(step)
        terms = [term for stabilizer in s.stabilizers if (term := stabilizer.generator_loss(step)) is not None]
        if not any(stabilizer.replaces_rule for stabilizer in s.stabilizers):
            terms.append(s.objective.generator_loss(step.critic_fn(*step.fake)))
        loss = torch.stack(terms).sum() if len(terms) > 1 else terms[0]
        self.optimizer_generator_.zero_grad(set_to_none=True)
        loss.backward(inputs=self._trained)  # the critic's weights would take as long again
        self.optimizer_generator_.step()
        return loss.detach()

    def _judge_with(self, weights: dict[str, Tensor]) -> CriticFunction:
        """The critic with other weights or buffers."""
        critic = partial(_call, self.critic_, weights)
        return lambda *points: forward(critic, self.settings.precision, *points)

    def _called_extras(self) -> dict[str, CriticFunction]:
        """The stabilizers' own networks, as training calls them."""
        return {name: partial(forward, module, self.settings.precision) for name, module in self.extras_.items()}

    def _make_critic(self) -> nn.Module:
        s = self.settings
        size = s.rows_per_output
        make: MakeCritic = partial(_make_critic, s.architecture)
        for stabilizer in sorted(s.stabilizers, key=lambda stabilizer: stabilizer.last):
            make = partial(stabilizer.make_critic, make)
        shape = (size * self.data_shape[0], *self.data_shape[1:])
        return make(shape, size * s.latent_size if s.pairs else None)

    def _make_extras(self) -> nn.ModuleDict:
        """The stabilizers' own networks."""
        s = self.settings
        made: dict[str, nn.Module] = {}
        for stabilizer in s.stabilizers:
            made |= stabilizer.make_modules(s.architecture, self.data_shape, s.latent_size)
        return nn.ModuleDict(made)

    @torch.no_grad()
    def _summarise(self, X: Rows, latents: Tensor, rows: Tensor) -> None:
        """Record the iteration's figures in the history, in one transfer. Raise if they show a failure."""
        s = self.settings
        critic_loss = mean_loss(self._losses, _CRITIC, like=rows)
        generator_loss = mean_loss(self._losses, _GENERATOR, like=rows)
        real = X.sample(s.batch_size, self.batches_)
        samples = forward(self.sampling_module.eval(), s.precision, latents[: s.batch_size])
        figures = torch.stack(
            [
                critic_loss,
                generator_loss,
                spread(rows, real),
                spread(samples, real),
                rows.abs().max(),
            ]
        ).tolist()
        *named, samples_spread, farthest = figures
        figures_by_name = dict(zip(self.history_names, [*named, math.nan], strict=False))
        self.record(figures_by_name, expected=_EXPECTED, losses=self._losses)
        self.watch_(self, farthest=farthest, spread=min(named[2], samples_spread))


def _make_critic(architecture: Architecture, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
    if latent_size is None:
        return architecture.make_critic(data_shape)
    return architecture.make_pair_critic(data_shape, latent_size)


def _call(module: nn.Module, weights: dict[str, Tensor], *points: Tensor) -> Tensor:
    return functional_call(module, weights, points)
