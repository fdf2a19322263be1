"""The training rule of flow matching: a velocity field is fitted to straight paths from noise to data."""

import math
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor, nn

from ..distributed import current
from ..nets import MultiNet, Rows, Watch, forward, mean_loss, spread
from ._field import N_TIMES, Field, Flow

__all__ = ["FlowMatchingNet", "paired"]

_FIELD = "the field"
_EXPECTED = {"loss": _FIELD}
_GLANCE_ROWS, _GLANCE_STEPS = 128, 4  # samples of each iteration's figures, and steps of their flow


class FlowMatchingNet(MultiNet):
    """A velocity field. A training step updates it `n_updates` times.

    Parameters
    ----------
    settings : namespace
        Parameters of the estimator, resolved by its `_make_net`.
    seeds : Seeds
    data_shape : tuple of int
    """

    module_names = ("field_",)
    optimizer_names = ("optimizer_",)
    stream_names = ("batches_",)
    watch_: Watch
    history_names = ("loss", "spread", "held_out_distance", "seconds")

    def initialize_module(self) -> "FlowMatchingNet":
        s, shape = self.settings, self.data_shape
        body = s.architecture.generator(shape, self.latent_size + N_TIMES, seed=self.seeds.generator)
        self.field_ = Field(body, of_ends=s.architecture.data_range(shape) is not None).to(self.device)
        self.flow_ = Flow(self.field_, shape, s.n_steps)
        self.batches_ = torch.Generator(self.device).manual_seed(self.seeds.batches)
        self.watch_ = Watch("the samples")
        return self

    def initialize_optimizer(self) -> "FlowMatchingNet":
        self.optimizer_ = self.settings.optimizer.make(self.field_.parameters())
        return self

    @property
    def latent_size(self) -> int:
        """Numbers of a sample, and of the noise that it starts from."""
        return math.prod(self.data_shape)

    @property
    def sampling_module(self) -> nn.Module:
        """The flow, from latents to samples."""
        return self.flow_

    def train_step(self, batch: tuple[Rows], **fit_params: Any) -> dict[str, Any]:
        """One iteration: updates of the field on fresh pairs of noise and data."""
        (X,) = batch
        s = self.settings
        self.set_rate("optimizer_", s.optimizer.lr_at(self.clock_.read(), len(self.history)))
        self.field_.train()
        losses: list[tuple[str, Tensor]] = []
        with self.inner_steps():
            for _ in range(s.n_updates):
                self.tick()
                losses.append((_FIELD, self._update(X)))
        self._summarise(X, losses)
        return {"loss": losses[-1][1], "y_pred": None}

    def _update(self, X: Rows) -> Tensor:
        """One update by least squares at random times of straight paths; return the loss, a tensor () with no graph."""
        s = self.settings
        end = X.sample(current().share(s.batch_size), self.batches_)
        start = self._noise(end.shape)
        if s.transport:
            start = paired(start, end)
        t = torch.rand(len(end), generator=self.batches_, dtype=end.dtype, device=self.device)
        x = torch.lerp(start, end, t.view(-1, *[1] * (end.dim() - 1)))
        residual = forward(self.field_.predict, s.precision, x, t) - self.field_.target(start, end)
        loss = residual.square().flatten(1).sum(dim=1).mean()
        self.optimizer_.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer_.step()
        return loss.detach()

    def _noise(self, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self.batches_, dtype=torch.float32, device=self.device)

    @torch.no_grad()
    def _summarise(self, X: Rows, losses: list[tuple[str, Tensor]]) -> None:
        """Record the iteration's figures in the history, in one transfer. Raise if they show a failure."""
        flow = Flow(self.field_.eval(), self.data_shape, _GLANCE_STEPS)
        samples = forward(flow, self.settings.precision, self._noise((_GLANCE_ROWS, self.latent_size)))
        real = X.sample(_GLANCE_ROWS, self.batches_)
        loss = mean_loss(losses, _FIELD, like=samples)
        *named, farthest = self.figures([loss, spread(samples, real)], [samples.abs().max()])
        figures = dict(zip(self.history_names, [*named, math.nan], strict=False))
        self.record(figures, expected=_EXPECTED, losses=losses)
        self.watch_(self, farthest=farthest, spread=named[1])


def paired(start: Tensor, end: Tensor) -> Tensor:
    """The rows of `start` in the order that brings them nearest to those of `end`, in the sum of squared distances.

    Both are (n, *shape). This is the optimal transport between the two batches.
    """
    costs = torch.cdist(end.flatten(1), start.flatten(1)).square().double().cpu().numpy()
    _, order = linear_sum_assignment(np.nan_to_num(costs))
    return start[torch.from_numpy(order).to(start.device)]
