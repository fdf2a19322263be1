"""Moving points, and the space where they move."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ._prior import Prior

__all__ = ["SPACES", "Moving", "Space", "Step"]

SPACES = ("data", "latent")
Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Space:
    """The space where points move, and the log-ratio that moves them.

    Parameters
    ----------
    log_ratio : callable
        Maps points (n, *shape) to T (n,), and is differentiable.
    prior : Prior or None
        Prior of the latents, if points are latents. None if they are scaled rows.
    """

    log_ratio: Callable[[Tensor], Tensor]
    prior: Prior | None


@dataclass(frozen=True)
class Moving:
    """Moving points.

    Parameters
    ----------
    points : Tensor of shape (n, *shape)
    before : Tensor of shape (n, *shape)
        The points before the last step. The log-ratio had a gradient there, so the generator made finite rows of them.
    alive : Tensor of shape (n,), bool
        Whether a point still moves.
    latent : bool
        Whether points are latents. Otherwise they are scaled rows.
    """

    points: Tensor
    before: Tensor
    alive: Tensor
    latent: bool

    @classmethod
    def begin(cls, points: Tensor, *, latent: bool) -> Self:
        """Points before the first step."""
        return cls(points, points, torch.ones(len(points), dtype=torch.bool, device=points.device), latent)

    def as_rows(self, rows: Tensor) -> "Moving":
        """The rows (n, *shape) of these latents, to move on as rows."""
        return Moving(rows, rows, self.alive, latent=False)

    def stopped(self, bad: Tensor, *, back: bool) -> "Moving":
        """The same points, with those of the mask stopped where they are or one step back."""
        points = torch.where(_along(bad, self.points), self.before, self.points) if back else self.points
        return Moving(points, self.before, self.alive & ~bad, self.latent)

    def moved(self, points: Tensor) -> "Moving":
        """The same points after a step of those that still move."""
        goes_on = _along(self.alive, points)
        return Moving(
            torch.where(goes_on, points, self.points),
            torch.where(goes_on, self.points, self.before),
            self.alive,
            self.latent,
        )


def _along(mask: Tensor, points: Tensor) -> Tensor:
    """A mask (n,) of rows, reshaped to broadcast over points (n, *shape)."""
    return mask.view(-1, *[1] * (points.dim() - 1))
