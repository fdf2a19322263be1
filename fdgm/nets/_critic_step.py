"""The one warm-started critic update of every method here."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..objectives import Objective
from ._forward import forward
from ._mode import Mode

__all__ = ["CriticStep"]

Batch = Tensor | tuple[Tensor, ...]


class CriticStep:
    """One optimizer step of a critic on a batch of each sample, numerator first.

    Parameters
    ----------
    critic : Module
        From points (n, *shape) to outputs (n,); or from several tensors to them, such as pairs of data and latents.
    optimizer : Optimizer
        Over the critic's parameters.
    objective : Objective
    precision : {"float32", "bfloat16"}, default="float32"
        Of the critic; its outputs and the loss are float32.
    """

    def __init__(
        self, critic: nn.Module, optimizer: torch.optim.Optimizer, objective: Objective, *, precision: str = "float32"
    ) -> None:
        self.critic = critic
        self.optimizer = optimizer
        self.objective = objective
        self.precision = precision
        self._mode = Mode(critic)

    def __call__(self, batch_p: Batch, batch_q: Batch) -> Tensor:
        """Update the critic; return the loss before the update, a tensor of shape () with no graph.

        A batch is a tensor, or a tuple of as many as the critic takes.
        """
        self._mode(training=True)
        p, q = (batch if isinstance(batch, tuple) else (batch,) for batch in (batch_p, batch_q))
        output = forward(self.critic, self.precision, *(torch.cat(both) for both in zip(p, q, strict=True)))
        loss = self.objective.loss(output[: len(p[0])], output[len(p[0]) :])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def log_ratio(self) -> Callable[..., Tensor]:
        """log dP/dQ as a function of what the critic takes, as it stands; in evaluation mode from here on."""
        self._mode(training=False)
        return lambda *points: self.objective.log_ratio(forward(self.critic, self.precision, *points))
