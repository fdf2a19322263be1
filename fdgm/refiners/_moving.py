"""Points on their way: what moves, where, and by what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ._prior import Prior

__all__ = ["Moving", "Space", "Step", "padded"]

Step = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Space:
    """Where points move, and by what.

    Parameters
    ----------
    log_ratio : callable
        From points (n, *shape) to T (n,), differentiable.
    prior : Prior or None
        Of the latents, where points are latents; None where they are scaled rows.
    stage : int
        Of the refinement, whose log-ratio it is.
    """

    log_ratio: Callable[[Tensor], Tensor]
    prior: Prior | None
    stage: int


@dataclass(frozen=True)
class Moving:
    """Points on their way.

    Parameters
    ----------
    points : Tensor of shape (n, *shape)
    before : Tensor of shape (n, *shape)
        The same before the last step. The log-ratio had a gradient there, so that a generator made rows of them.
    alive : Tensor of shape (n,), bool
        Whether a point goes on.
    """

    points: Tensor
    before: Tensor
    alive: Tensor

    @classmethod
    def begin(cls, points: Tensor) -> Self:
        """Before the first step."""
        return cls(points, points, torch.ones(len(points), dtype=torch.bool, device=points.device))

    def first(self, n: int) -> "Moving":
        """The first n of them."""
        return Moving(self.points[:n], self.before[:n], self.alive[:n])

    def stopped(self, bad: Tensor, *, back: bool) -> "Moving":
        """The same with an end to those of the mask, where they are or one step back."""
        points = torch.where(_along(bad, self.points), self.before, self.points) if back else self.points
        return Moving(points, self.before, self.alive & ~bad)

    def moved(self, points: Tensor) -> "Moving":
        """Where those that go on are now."""
        goes_on = _along(self.alive, points)
        return Moving(
            torch.where(goes_on, points, self.points), torch.where(goes_on, self.points, self.before), self.alive
        )


def _along(mask: Tensor, points: Tensor) -> Tensor:
    """A mask of rows (n,) in the shape of points (n, *shape)."""
    return mask.view(-1, *[1] * (points.dim() - 1))


def padded(points: Tensor, n: int) -> Tensor:
    """Points (m, *shape) with copies of the last one up to n."""
    if len(points) == n:
        return points
    return torch.cat([points, points[-1:].expand(n - len(points), *points.shape[1:])])
