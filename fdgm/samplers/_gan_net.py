"""The training rule of GANs: alternating steps of critic and generator, by the objective and its stabilizers."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..architectures import Architecture, is_built_in, seeded
from ..distributed import current
from ..inputs import chunk_seed
from ..nets import Average, CriticStep, FusedPerceptron, MultiNet, Rows, Watch, forward, mean_loss, spread
from ..regularizers import CriticFunction, GeneratorStep, MakeCritic
from ._start import start_as_gaussian

__all__ = ["GANNet"]

_CRITIC, _GENERATOR = "the critic", "the generator"

_OFFSET_ROWS = 1024  # samples that the constant of a log-ratio is taken from

#: Figures that must be finite, and the part to blame if one is not.
_EXPECTED = {"critic_loss": _CRITIC, "generator_loss": _GENERATOR}


class Offset(nn.Module):
    """The constant by which a critic's output exceeds the log-ratio."""

    value: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros((), dtype=torch.float32, device="cpu"))


class GANNet(MultiNet):
    """Critic and generator. A training step alternates between the two `n_generator_steps` times."""

    optimizer_names = ("optimizer_generator_", "optimizer_critic_")
    stream_names = ("batches_", "latents_")
    watch_: Watch
    history_names = ("critic_loss", "generator_loss", "spread", "held_out_distance", "seconds")

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
        if s.has_offset:
            self.offset_ = Offset().to(self.device)
            self.module_names = (*self.module_names, "offset_")
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
            if len(self.history) == 1:
                start_as_gaussian(self, X, s.n_warmup_steps)
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
        if s.has_offset:
            self._find_offset()
        self._summarise(X, last[0], last[1].detach())
        return {"loss": mean_loss(self._losses, _GENERATOR, like=last[1]), "y_pred": None}

    def _teach_critic(self, real: tuple[Tensor, ...], fake: tuple[Tensor, ...]) -> None:
        """One update of the critic."""
        self._losses.append((_CRITIC, self.critic_step_(real, fake)))

    def draw_latents(self, n: int) -> Tensor:
        """Latents (n, latent_size)."""
        return torch.randn(
            n, self.settings.latent_size, generator=self.latents_, dtype=torch.float32, device=self.device
        )

    def _generate(self) -> tuple[Tensor, Tensor]:
        """Latents, and the rows that the generator makes from them."""
        s = self.settings
        n = current().share(s.batch_size) * s.rows_per_output
        latents = self.draw_latents(n)
        return latents, forward(self.generator_, s.precision, latents)

    def _real(self, X: Rows, noise: float) -> tuple[Tensor, ...]:
        """A batch of data, in the form that the critic judges."""
        rows = X.sample(current().share(self.settings.batch_size) * self.settings.rows_per_output, self.batches_)
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

    @torch.no_grad()
    def _find_offset(self) -> None:
        """Take the constant log E_q[e^T] from samples, so that E_q[e^T] is 1 without it."""
        samples = forward(self.sampling_module.eval(), self.settings.precision, self.draw_latents(_OFFSET_ROWS))
        t = self.critic_step_.log_ratio()(samples).double()
        self.offset_.value.copy_(t.logsumexp(0) - math.log(len(t)))

    def _generator_step(
        self, real: tuple[Tensor, ...], fake: tuple[Tensor, ...], rows: Tensor, latents: Tensor
    ) -> Tensor:
        """Update the generator; return its loss, a tensor () with no graph."""
        s, critic_step = self.settings, self.critic_step_
        fused = None if s.stabilizers else critic_step.fused()
        if fused is not None:
            return self._generator_step_by_hand(fused, real, fake)
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
            terms.append(self._rule(step.critic_fn(*step.fake), lambda: step.critic_fn(*step.real)))
        loss = torch.stack(terms).sum() if len(terms) > 1 else terms[0]
        self.optimizer_generator_.zero_grad(set_to_none=True)
        loss.backward(inputs=self._trained)  # the critic's weights would take as long again
        self.optimizer_generator_.step()
        return loss.detach()

    def _generator_step_by_hand(
        self, critic: FusedPerceptron, real: tuple[Tensor, ...], fake: tuple[Tensor, ...]
    ) -> Tensor:
        """The same where the critic is a perceptron and no stabilizer changes the step."""
        (rows,) = fake
        outputs, gradients = critic.value_and_gradient(rows.detach())
        outputs.requires_grad_()
        loss = self._rule(outputs, lambda: critic.outputs(*real))
        (slopes,) = torch.autograd.grad(loss, outputs)
        self.optimizer_generator_.zero_grad(set_to_none=True)
        rows.backward(gradients * slopes.view(-1, *[1] * (rows.dim() - 1)), inputs=self._trained)
        self.optimizer_generator_.step()
        return loss.detach()

    def _rule(self, output: Tensor, on_data: Callable[[], Tensor]) -> Tensor:
        """The objective's loss for the generator, from outputs on its samples, and on data if they are compared."""
        objective = self.settings.objective
        if not objective.relative:
            return objective.generator_loss(output)
        with torch.no_grad():
            output_p = on_data()
        return objective.paired_generator_loss(output_p, output)

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
        n = current().share(s.batch_size)
        real = X.sample(n, self.batches_)
        samples = forward(self.sampling_module.eval(), s.precision, latents[:n])
        figures = self.figures(
            [
                critic_loss,
                generator_loss,
                spread(rows, real),
                spread(samples, real),
            ],
            [rows.abs().max()],
        )
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
