"""A composition of maps x + η w ∇T(x): what VGrow's particles went through, to be replayed."""

from collections.abc import Iterator
from threading import Lock
from typing import Self

import torch
from torch import Tensor, nn

from ..divergences import Scaling
from ..flows import differentiated, euler_step, velocity
from ..nets import FusedPerceptron
from ..persistence import State
from ._beside import Beside, held_still

__all__ = ["MapStack"]


class MapStack:
    """Maps in their order. Each is a critic's weights and a step size.

    Parameters
    ----------
    critic : Module
        Of the architecture of all of them, from rows (n, *shape) to log-ratios (n,). Its weights are overwritten.
    scaling : Scaling
        Weight of the divergence.
    clamp : (float, float) or None
        Range that rows are held to after each map.
    beside : Beside or None, default=None
        The condition, at the end of rows, which no map moves.
    """

    def __init__(
        self,
        critic: nn.Module,
        scaling: Scaling,
        clamp: tuple[float, float] | None,
        beside: Beside | None = None,
    ) -> None:
        self.critic = critic.requires_grad_(False).eval()
        self.scaling = scaling
        self.clamp = clamp
        self.beside = beside
        self.weights: list[Tensor] = []
        self.steps: list[float] = []
        fused = FusedPerceptron.of(critic)
        self._value_and_gradient = differentiated(self.critic) if fused is None else fused.value_and_gradient
        self._lock = Lock()  # there is one critic to load weights into

    def __len__(self) -> int:
        return len(self.steps)

    def append(self, critic: nn.Module, step: float) -> None:
        """Add a map with a copy of the critic's weights."""
        self.weights.append(torch.cat([value.detach().flatten() for value in _numbers(critic)]))
        self.steps.append(step)

    def truncate(self, n: int) -> None:
        """Keep the first n maps."""
        del self.weights[n:], self.steps[n:]

    def __call__(self, x: Tensor, first: int = 0) -> Tensor:
        """Rows (n, *shape) after the maps, beginning with map number `first`, counted from 0."""
        with self._lock:
            for step in self._loaded(first):
                direction, _ = velocity(self._value_and_gradient, x, self.scaling)
                x = euler_step(x, held_still(direction, self.beside), step)
                x = x if self.clamp is None else x.clamp(*self.clamp)
        return x

    def to_state(self, *, compact: bool = False) -> State:
        """All maps; compact, the weights as float16."""
        n = sum(value.numel() for value in _numbers(self.critic))
        weights = torch.stack(self.weights) if self.weights else next(_numbers(self.critic)).new_zeros(0, n)
        steps = torch.tensor(self.steps, dtype=torch.float64, device="cpu")
        return State({"weights": weights.half() if compact else weights, "steps": steps})

    def from_state(self, state: State, *, compact: bool = False) -> Self:
        """Take up what `to_state` gave."""
        n = sum(value.numel() for value in _numbers(self.critic))
        weights = state.tensor("weights", (None, n), torch.float16 if compact else torch.float32)
        steps = state.tensor("steps", (len(weights),), torch.float64, least=0.0)
        device = next(_numbers(self.critic)).device
        self.weights = [row.to(device, torch.float32) for row in weights]
        self.steps = steps.tolist()
        return self

    @torch.no_grad()
    def _loaded(self, first: int) -> Iterator[float]:
        """The step size of each map, while its critic is loaded."""
        held = list(_numbers(self.critic))
        sizes = [value.numel() for value in held]
        for weights, step in zip(self.weights[first:], self.steps[first:], strict=True):
            for value, part in zip(held, weights.split(sizes), strict=True):
                value.copy_(part.view_as(value))
            yield step


def _numbers(module: nn.Module) -> Iterator[Tensor]:
    """Everything that a network's outputs depend on: parameters, and buffers such as those of batch norm."""
    yield from (parameter.data for parameter in module.parameters())
    yield from (buffer for buffer in module.buffers() if buffer.is_floating_point())
