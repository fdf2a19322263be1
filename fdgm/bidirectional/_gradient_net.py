"""Training along the critic's gradient: algorithm 1 of the paper, with many updates in an iteration."""

import torch
from sklearn.base import clone
from torch import Tensor

from ..architectures import Conditional
from ..distributed import current
from ..nets import PrincipalComponents, Rows, forward
from ..options import Gradient
from ._net import CRITIC, MOVING, BidirectionalNet, Losses, When

__all__ = ["GradientNet"]

_WARM_ROWS = 2048  # rows for the principal components
_WARM_LR = 2e-3  # the learning rates of the later training are too small to finish an incomplete warm-up


class GradientNet(BidirectionalNet):
    """Each update of encoder and generator descends the objective's loss, after some steps of the critic."""

    @property
    def _method(self) -> Gradient:
        method = self.settings.method
        if not isinstance(method, Gradient):
            raise RuntimeError(f"method of GradientNet must be a Gradient, got {method!r}.")
        return method

    @property
    def _min_critic_loss(self) -> float | None:
        return self._method.min_critic_loss

    def _iterate(self, X: Rows, when: When, losses: Losses) -> None:
        self.noise_level_ = self._method.noise.scale_at(*when)
        if len(self.history) == 1:
            self._warm_up(X)
        for _ in range(self._method.n_updates):
            self._teach_critic(X, losses)
            self.tick()
            losses.append((MOVING, self._move(X)))

    def _conclude(self) -> None:
        self._average(len(self.history) - 1)

    def _warm_up(self, X: Rows) -> None:
        """Fit the encoder to the principal components' scores, each of variance 1, and the generator to invert it.

        The critic sees whether both joint distributions have the same marginals and the same dependence. Initial
        weights give no dependence, and the critic's gradient hardly leads encoder and generator to match each other.
        """
        s = self.settings
        if self.objective_ is None or self._method.n_warmup_steps == 0:
            return
        found = PrincipalComponents.of(X.sample(current().share(_WARM_ROWS), self.batches_), max(s.level_sizes))
        optimizer = clone(s.generator_optimizer).set_params(lr=_WARM_LR).make(self.moving_)
        self.prepare(optimizer)
        for _ in range(self._method.n_warmup_steps):
            self.tick()
            rows = X.sample(current().share(s.batch_size), self.batches_)
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

    def _teach_critic(self, X: Rows, losses: Losses) -> None:
        """Take critic steps on fresh pairs, with no graph of encoder and generator, until the critic is good enough."""
        s = self.settings
        if self.objective_ is None:
            return
        for _ in range(self._method.n_critic_steps):
            self.tick()
            with torch.no_grad():
                pairs = s.objective.critic_pairs(self.joint_, self.sample(X))
            loss = self.critic_step_(*pairs)
            losses.append((CRITIC, loss))
            if self._method.min_critic_loss is not None and loss.item() < self._method.min_critic_loss:
                return

    def _move(self, X: Rows) -> Tensor:
        """Take one step of encoder and generator. The critic is in evaluation mode, and its weights get no gradient."""
        s = self.settings
        if self.objective_ is not None:
            self.critic_mode_(training=False)
        batch = self.sample(X)
        loss = s.objective.loss(self.joint_, batch, self._critic, s.scaling)
        if self._method.cycle_weight:
            loss = loss + self._method.cycle_weight * (self.joint_.reconstruct(batch) - batch.rows).square().mean()
        self._step(loss)
        return loss.detach()

    def _critic(self, rows: Tensor, latents: Tensor) -> Tensor:
        return forward(self.critic_, self.settings.precision, rows, latents)
