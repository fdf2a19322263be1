"""A condition beside latents and rows: the last numbers of both, which networks read and nothing moves."""

from typing import Any

import torch
from torch import Tensor, nn

from ..training import Condition

__all__ = ["Beside", "GeneratorBeside", "held_still", "make_generator", "with_beside"]


class Beside:
    """What networks see of a condition, and draws of it at the training fractions.

    Parameters
    ----------
    condition : Condition
    device : str
    """

    def __init__(self, condition: Condition, device: str) -> None:
        self.size = condition.size
        self._table = torch.from_numpy(condition.encode(condition.values)).to(device)
        self._fractions = torch.from_numpy(condition.fractions).to(device)

    def draw(self, n: int, stream: torch.Generator) -> Tensor:
        """Draws (n, size), on the stream's device."""
        fractions, table = self._fractions.to(stream.device), self._table.to(stream.device)
        index = torch.multinomial(fractions, n, replacement=True, generator=stream)
        return table.index_select(0, index)


class GeneratorBeside(nn.Module):
    """A generator that takes latents (n, latent_size + size) and puts the last of them behind its rows.

    Parameters
    ----------
    body : Module
        From all latents to rows (n, d).
    size : int
        Numbers of the condition.
    """

    def __init__(self, body: nn.Module, size: int) -> None:
        super().__init__()
        self.body = body
        self.size = size

    def forward(self, latents: Tensor) -> Tensor:
        return torch.cat([self.body(latents), latents[:, -self.size :]], dim=1)


def make_generator(settings: Any, data_shape: tuple[int, ...], seed: int) -> nn.Module:
    """The architecture's generator for rows of this shape, of which the condition is a part."""
    s = settings
    if s.beside is None:
        made: nn.Module = s.architecture.generator(data_shape, s.latent_size, seed=seed)
        return made
    size = s.beside.size
    return GeneratorBeside(s.architecture.generator((data_shape[0] - size,), s.latent_size + size, seed=seed), size)


def with_beside(latents: Tensor, beside: Beside | None, stream: torch.Generator) -> Tensor:
    """Latents (n, latent_size), with draws of the condition behind them if there is one."""
    if beside is None:
        return latents
    return torch.cat([latents, beside.draw(len(latents), stream).to(latents.device)], dim=1)


def held_still(direction: Tensor, beside: Beside | None) -> Tensor:
    """The direction or noise of rows, 0 in what they have of the condition."""
    if beside is not None:
        direction[:, -beside.size :] = 0.0
    return direction
