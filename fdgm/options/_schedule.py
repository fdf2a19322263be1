"""Factors that change as training goes on."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule:
    """A factor over the course of training, from the knots that a user gave.

    Parameters
    ----------
    knots : tuple of (float or int, float)
        When, and the factor then. Floats in [0, 1] are fractions of the budget, with straight lines between and the
        first factor before the first. Ints are iterations from which the factor holds, and it is 1 before the first.
    """

    knots: tuple[tuple[float, float], ...] = ()

    @classmethod
    def make(cls, owner: str, name: str, value: Any) -> "Schedule":
        """Make a schedule from a parameter's value.

        Raises
        ------
        ValueError
            If it is not a sequence of such pairs in growing order, all of floats or all of ints.
        """
        message = (
            f"{name} of {owner} must be a sequence of (fraction of the budget in [0, 1], factor) or of (iteration,"
            f" factor), in growing order, got {value!r}."
        )
        try:
            knots = tuple((at, float(factor)) for at, factor in value)
        except (TypeError, ValueError):
            raise ValueError(message) from None
        by_loop = all(isinstance(at, Integral) and at >= 1 for at, _ in knots)  # type: ignore[operator]
        by_fraction = all(isinstance(at, float) and 0 <= at <= 1 for at, _ in knots)
        growing = all(a < b for (a, _), (b, _) in pairwise(knots))
        if not ((by_loop or by_fraction) and growing and all(0 <= factor < float("inf") for _, factor in knots)):
            raise ValueError(message)
        return cls(knots)

    def __call__(self, progress: float, loop: int) -> float:
        """The factor at this fraction of the budget, in this iteration, counted from 1."""
        if not self.knots:
            return 1.0
        if isinstance(self.knots[0][0], Integral):
            passed = bisect_right([at for at, _ in self.knots], loop)
            return self.knots[passed - 1][1] if passed else 1.0
        return _between(self.knots, progress)


def _between(knots: Sequence[tuple[float, float]], at: float) -> float:
    """The polygon through the knots, constant outside them."""
    after = bisect_right([x for x, _ in knots], at)
    if after in (0, len(knots)):
        return knots[min(after, len(knots) - 1)][1]
    (x0, y0), (x1, y1) = knots[after - 1], knots[after]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
