"""Unrolling: the generator's loss uses the critic as it would be some updates later."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .._checks import check_count, check_params
from ..component import Component
from ..options import Adam, Optimizer
from ._penalties import CriticRegularizer
from ._stabilizer import GeneratorStep, Stabilizer

__all__ = ["Unrolling"]


class Unrolling(Stabilizer):
    """Unrolling: the generator's loss uses the critic after `n_steps` further updates, and differentiates through them.

    Each update is an Adam step on the critic's loss, which depends on the generator's rows. The critic itself and its
    buffers do not change. As in the paper, all updates use the batch of the generator's step.

    Parameters
    ----------
    n_steps : int, default=5

    References
    ----------
    Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, equations 7 to 10.
    """

    def __init__(self, n_steps: int = 5) -> None:
        self.n_steps = n_steps

    def look_ahead(self, step: GeneratorStep) -> GeneratorStep:
        names = [name for name, _ in step.critic.named_parameters()]
        # The updates change these as they would change the critic's own, such as batch normalisation's averages.
        buffers = {name: buffer.clone() for name, buffer in step.critic.named_buffers()}
        weights: list[Tensor] = list(step.critic.parameters())
        states = [_AdamState.of(step.optimizer, weight) for weight in weights]
        (group,) = step.optimizer.param_groups
        for _ in range(self.n_steps):
            critic_loss = step.critic_loss(step.critic_fn_with(buffers | dict(zip(names, weights, strict=True))))
            gradients = torch.autograd.grad(critic_loss, weights, create_graph=True)
            weights = [
                state.update(weight, gradient, group)
                for state, weight, gradient in zip(states, weights, gradients, strict=True)
            ]
        return replace(step, critic_fn=step.critic_fn_with(buffers | dict(zip(names, weights, strict=True))))

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        check_params(self, check_count, "n_steps")
        if not isinstance(optimizer, Adam):
            raise ValueError(
                f"critic_optimizer must be an Adam for Unrolling, which differentiates its updates, got {optimizer!r}."
            )

    def clashes(self, other: Component) -> str | None:
        if isinstance(other, CriticRegularizer) and type(other).project is not CriticRegularizer.project:
            return "it goes back through gradient steps, and a projection after each is none"
        return None


class _AdamState:
    """Adam's moments of one weight, as functions of the gradients."""

    def __init__(self, first: Tensor, second: Tensor, n_steps: int) -> None:
        self.first = first
        self.second = second
        self.n_steps = n_steps

    @classmethod
    def of(cls, optimizer: torch.optim.Optimizer, weight: Tensor) -> "_AdamState":
        """A copy of the optimizer's moments, which are zero before the first step."""
        state = optimizer.state.get(weight)
        if not state:
            return cls(torch.zeros_like(weight), torch.zeros_like(weight), 0)
        return cls(state["exp_avg"].clone(), state["exp_avg_sq"].clone(), int(state["step"]))

    def update(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        """The weight after one more step of Adam."""
        b1, b2 = group["betas"]
        self.n_steps += 1
        self.first = torch.lerp(self.first, gradient, 1 - b1)
        self.second = torch.lerp(self.second, gradient.square(), 1 - b2)
        # The root has no derivative at 0, for a weight without gradient, so the smallest normal number is added.
        root = (self.second / (1 - b2**self.n_steps) + torch.finfo(weight.dtype).tiny).sqrt()
        return weight - group["lr"] / (1 - b1**self.n_steps) * self.first / (root + group["eps"])
