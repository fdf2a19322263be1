"""Training by pairs that move: each half along its velocity, then encoder and generator by least squares."""

import math
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..architectures import Gaussian
from ..distributed import current
from ..flows import euler_step
from ..nets import NormBound, Rows
from ._joint import chain
from ._moments import aggregate_kl
from ._net import CRITIC, MOVING, BidirectionalNet, Losses, When
from ._pairs import Pairs, velocities
from ._start import start_from_components

__all__ = ["FlowNet"]

_START_ROWS = 10_000  # at most, for the principal components
_START_RATE = 2.0  # factor of the learning rates in the first stage
_LEAST_SPREAD = 1e-2  # of the data in scaled units, since the rows of one call may all be alike


class FlowNet(BidirectionalNet):
    """An autoencoder first, then rounds of pairs that move and networks that follow."""

    critic_loss_after_loss: ClassVar = True

    @property
    def _method(self) -> Any:
        """The Flow, whose parameters are all filled."""
        return self.settings.method

    def _prepare_critic(self) -> None:
        self.bound_ = NormBound(self.critic_, seed=self.seeds.critic) if self._method.bounded else None

    def _iterate(self, X: Rows, when: When, losses: Losses) -> None:
        if len(self.history) == 1:
            start_from_components(self.encoder_, self.generator_, self._start_rows(X), self.settings.latent_size)
        first = self._is_first_stage(when)
        if first:
            self._set_rates(when, factor=_START_RATE)
        n_rounds = self._n_rounds(X)
        for i in range(n_rounds):
            if first:
                self._match_rows(X, when, losses)
            else:
                self._move_and_follow(X, when, losses)
            self._average((len(self.history) - 1) * n_rounds + i)

    def _n_rounds(self, X: Rows) -> int:
        """Rounds of an iteration, fewer where they would draw each row too often."""
        flow = self._method
        if flow.max_draws is None:
            return flow.n_rounds
        n_rows = current().first(len(X))  # all processes must take as many
        return max(1, min(flow.n_rounds, flow.max_draws * n_rows // flow.n_pairs))

    @property
    def _n_pairs(self) -> int:
        """Pairs of this process."""
        return current().share(self._method.n_pairs)

    def _start_rows(self, X: Rows) -> Tensor:
        """All rows, or as many as principal components need."""
        if len(X) > _START_ROWS or current().size > 1:
            return X.sample(current().share(_START_ROWS), self.batches_)
        return X.take(torch.arange(len(X), dtype=torch.int64, device=self.device))

    def _conclude(self) -> None:
        if self.clock_.cut_at is not None:  # the average of the first iteration must not be the initial weights
            self._average(0)

    def _is_first_stage(self, when: When) -> bool:
        """Whether this iteration trains the autoencoder.

        Training that continues in another call, where the fraction of the budget does not grow, is in the second stage.
        """
        progress, iteration = when
        readings = self.clock_.readings
        grows = len(readings) > 1 and readings[-1] > readings[-2]
        reached = any(math.isfinite(row["critic_loss"]) for row in self.history[:-1])
        return progress < self._method.start and (iteration == 1 or (grows and not reached))

    def _match_rows(self, X: Rows, when: When, losses: Losses) -> None:
        """As many updates of the autoencoder as a round has updates."""
        flow, n = self._method, current().share(self.settings.batch_size)
        for _ in range(flow.n_moves + flow.passes * -(-self._n_pairs // n)):
            self.tick()
            rows = X.sample(n, self.batches_)
            unit = _mean_variance(rows)
            latents = self._encode(self._noisy_input(rows, unit, when), self._normal(n, self.encoder_.noise_size))
            back = self._generate(latents, self._cycle_noise(self._normal(n, self.generator_.noise_size)))
            loss = (back - rows).square().mean() / unit + flow.kl_weight * aggregate_kl(latents)
            self._step(loss)
            losses.append((MOVING, loss.detach()))

    def _move_and_follow(self, X: Rows, when: When, losses: Losses) -> None:
        """One round: draw pairs, move them, and fit the networks to them with the noises that made them."""
        s, flow = self.settings, self._method
        n, size = self._n_pairs, current().share(s.batch_size)
        rows, latents = X.sample(n, self.batches_), self._normal(n, s.latent_size)
        unit = _mean_variance(rows)
        seen = self._noisy_input(rows, unit, when)
        encoder_noise, generator_noise = (
            self._normal(n, network.noise_size) for network in (self.encoder_, self.generator_)
        )
        with torch.no_grad():
            pairs = Pairs(rows, self._encode(seen, encoder_noise), self._generate(latents, generator_noise), latents)
        moved = self._move(pairs, unit, when, losses)
        for _ in range(flow.passes):
            order = torch.randperm(n, generator=self.batches_, device=self.device)
            # Batch norm needs whole batches. Pairs left over here come in another pass, in another order.
            for index in order[: max(size, n // size * size)].split(size):
                self.tick()
                encoded = self._encode(seen[index], encoder_noise[index])
                both, noise = torch.cat([latents[index], encoded]), generator_noise[index]
                generated, back = self._generate(both, torch.cat([noise, self._cycle_noise(noise)])).chunk(2)
                misfit = (generated - moved.generated[index]).square().mean()
                cycle = (back - rows[index]).square().mean()
                loss = (misfit + flow.cycle_weight * cycle) / unit
                loss = loss + (encoded - moved.encoded[index]).square().mean()
                loss = loss + flow.kl_weight * aggregate_kl(encoded)
                self._step(loss)
                losses.append((MOVING, loss.detach()))

    def _move(self, pairs: Pairs, unit: Tensor, when: When, losses: Losses) -> Pairs:
        """Move the rows of generated pairs and the latents of encoded pairs, each time after a step of the critic."""
        s, flow = self.settings, self._method
        step, latent_step = flow.steps_at(*when)
        noise = flow.instance_noise.scale_at(*when) * unit.sqrt()
        n = self._n_pairs
        batch = min(current().share(s.batch_size), n)
        for _ in range(flow.n_moves):
            self.tick()
            i, j = torch.randint(n, (2, batch), generator=self.batches_, device=self.device)
            real, made = (rows + noise * self._normal_like(rows) for rows in (pairs.rows[i], pairs.generated[j]))
            losses.append((CRITIC, self.critic_step_((real, pairs.encoded[i]), (made, pairs.latents[j]))))
            if self.bound_ is not None:
                self.bound_()
            along_rows, along_latents = velocities(self.critic_step_.log_ratio(), pairs, s.scaling)
            generated = pairs.generated + step * unit * along_rows
            if s.clamp is not None:
                generated = generated.clamp(*s.clamp)
            encoded = euler_step(pairs.encoded, along_latents, latent_step)
            pairs = replace(pairs, generated=generated, encoded=encoded)
        return pairs

    def _noisy_input(self, rows: Tensor, unit: Tensor, when: When) -> Tensor:
        """What the encoder sees in training: rows with noise, unless there is a latent for each column."""
        scale = self._method.input_noise.scale_at(*when)
        if scale == 0 or self.settings.latent_size >= rows[0].numel():
            return rows
        return rows + scale * unit.sqrt() * self._normal_like(rows)

    def _cycle_noise(self, noise: Tensor) -> Tensor:
        """Noise of reconstructions: none of a Gaussian, which would learn from squared errors to have no deviations."""
        return torch.zeros_like(noise) if isinstance(self.generator_, Gaussian) else noise

    def _normal_like(self, rows: Tensor) -> Tensor:
        return torch.randn(rows.shape, generator=self.latents_, dtype=rows.dtype, device=self.device)

    def _encode(self, rows: Tensor, noise: Tensor) -> Tensor:
        return chain([self.encoder_], rows, noise, self.settings.precision)[-1]

    def _generate(self, latents: Tensor, noise: Tensor) -> Tensor:
        return chain([self.generator_], latents, noise, self.settings.precision)[-1]


def _mean_variance(rows: Tensor) -> Tensor:
    """The mean of the columns' variances, a tensor ()."""
    return rows.var(dim=0, correction=0).mean().clamp(min=_LEAST_SPREAD)
