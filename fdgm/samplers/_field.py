"""A velocity field of samples and time, and the flow along it."""

import math

import torch
from torch import Tensor, nn

__all__ = ["Field", "Flow", "time_features"]

_FREQUENCIES = 8

#: Numbers that stand for a time.
N_TIMES = 2 * _FREQUENCIES


def time_features(t: Tensor) -> Tensor:
    """Sines and cosines (n, 16) of times (n,) in [0, 1]."""
    angles = t[:, None] * math.pi * 2.0 ** torch.arange(_FREQUENCIES, device=t.device, dtype=t.dtype)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Field(nn.Module):
    """The velocity of samples at times in [0, 1), by a network of both.

    Parameters
    ----------
    body : Module
        From flattened samples beside time features (n, d + 16) to (n, *shape).
    of_ends : bool
        Whether the network predicts where a path ends, and the velocity is what leads there in a straight line.
        Otherwise it predicts the velocity. A network with bounded outputs can only do the first.
    """

    def __init__(self, body: nn.Module, *, of_ends: bool) -> None:
        super().__init__()
        self.body = body
        self.of_ends = of_ends

    def predict(self, x: Tensor, t: Tensor) -> Tensor:
        """What the network predicts at samples (n, *shape) and times (n,)."""
        out: Tensor = self.body(torch.cat([x.flatten(1), time_features(t)], dim=1))
        return out

    def target(self, start: Tensor, end: Tensor) -> Tensor:
        """What it should predict on straight paths between these."""
        return end if self.of_ends else end - start

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        found = self.predict(x, t)
        if not self.of_ends:
            return found
        return (found - x) / (1 - t).view(-1, *[1] * (x.dim() - 1))


class Flow(nn.Module):
    """The samples at time 1 that start from latents at time 0, by steps of the midpoint rule.

    Parameters
    ----------
    field : Field
    shape : tuple of int
        Of a sample. Latents have as many numbers.
    n_steps : int
        Each evaluates the field twice.
    """

    def __init__(self, field: Field, shape: tuple[int, ...], n_steps: int) -> None:
        super().__init__()
        self.field = field
        self.shape = shape
        self.n_steps = n_steps

    def forward(self, latents: Tensor) -> Tensor:
        x, h = latents.unflatten(1, self.shape), 1 / self.n_steps
        for k in range(self.n_steps):
            t = x.new_full((len(x),), k * h)
            middle = x + h / 2 * self.field(x, t)
            x = x + h * self.field(middle, t + h / 2)
        return x
