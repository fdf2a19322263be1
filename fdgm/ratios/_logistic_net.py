"""The training rule of the neural density ratio: critic steps on batches of both samples."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ..distributed import current
from ..nets import CriticStep, MultiNet, Rows, mean_loss, own_copy

__all__ = ["RatioNet"]

_CRITIC = "the critic"
_BLOCKS = 20  # blocks of held-out rows: their losses give means and the standard errors of differences of means


class RatioNet(MultiNet):
    """A critic. One iteration makes `n_critic_steps` updates of it.

    Attributes
    ----------
    held_out_ : pair of Tensor or None
        Rows that judge it after each iteration, numerator first.
    """

    module_names = ("critic_",)
    optimizer_names = ("optimizer_critic_",)
    stream_names = ("batches_",)
    history_names = ("critic_loss", "held_out_loss", "seconds")

    def initialize_module(self) -> "RatioNet":
        s = self.settings
        if s.critic is None:
            self.critic_ = s.architecture.critic(self.data_shape, seed=self.seeds.critic).to(self.device)
            _start_level(self.critic_)
        else:
            self.critic_ = own_copy("critic of LogisticRatio", s.critic).requires_grad_().to(self.device, torch.float32)
        self.batches_ = torch.Generator(self.device).manual_seed(self.seeds.batches)
        self.held_out_: tuple[Tensor, Tensor] | None = None
        return self

    def initialize_optimizer(self) -> "RatioNet":
        s = self.settings
        self.optimizer_critic_ = s.optimizer.make(self.critic_.parameters())
        self.critic_step_ = CriticStep(
            self.critic_, self.optimizer_critic_, s.objective, precision=s.precision, stream=self.batches_
        )
        return self

    def train_step(self, batch: tuple[Rows, Rows], **fit_params: Any) -> dict[str, Any]:
        """Update the critic a few times, on rows drawn from each sample."""
        P, Q = batch
        s = self.settings
        self.set_rate("optimizer_critic_", s.optimizer.lr_at(self.clock_.read(), len(self.history)))
        losses: list[tuple[str, Tensor]] = []
        with self.inner_steps():
            for _ in range(s.n_critic_steps):
                self.tick()
                p, q = (rows.sample(current().share(s.batch_size), self.batches_) for rows in (P, Q))
                losses.append((_CRITIC, self.critic_step_(p, q)))
        loss = mean_loss(losses, _CRITIC, like=losses[0][1])
        held_out = math.nan if self.held_out_ is None else self.held_out_losses().mean().item()
        (critic_loss,) = self.figures([loss])
        figures = {"critic_loss": critic_loss, "held_out_loss": held_out}
        self.record(figures, expected={"critic_loss": _CRITIC}, losses=losses)
        self.remember_good()
        return {"loss": loss, "y_pred": None}

    @torch.no_grad()
    def held_out_losses(self) -> Tensor:
        """The objective's loss on each block of the held-out rows."""
        if self.held_out_ is None:
            raise RuntimeError("held_out_losses needs held-out rows, and none were set.")
        self.critic_step_.log_ratio()  # sets evaluation mode
        p, q = (self.critic_step_.outputs(rows) for rows in self.held_out_)
        n_blocks = min(_BLOCKS, len(p), len(q))
        loss = self.settings.objective.loss
        losses = torch.stack(
            [loss(a, b) for a, b in zip(p.tensor_split(n_blocks), q.tensor_split(n_blocks), strict=True)]
        )
        return losses if current().size == 1 else current().first(losses.cpu()).to(losses.device)


def _start_level(critic: nn.Module) -> None:
    """Set a final linear layer to zero, so that training starts from a constant log-ratio, not an arbitrary one."""
    final = [layer for layer in critic.modules() if isinstance(layer, nn.Linear)]
    if final and final[-1].out_features == 1 and not is_parametrized(final[-1]):
        nn.init.zeros_(final[-1].weight)
        nn.init.zeros_(final[-1].bias)
