"""The size of a step along the velocity."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, Self

from .._literals import Auto
from .._sklearn import Interval, StrOptions
from ._scheduled import ScheduledOption

__all__ = ["StepSize"]


class StepSize(ScheduledOption):
    """How far points move along weight × gradient, in scaled units, and its factor over the course of training.

    Parameters
    ----------
    size : float or "auto" or None, default=None
        Above 0. ``"auto"`` depends on the divergence: see the estimator. None is the default of the estimator.
    schedule : sequence of (when, factor) or None, default=None
        Factor of `size`. Each `when` is a fraction of the budget, a float in [0, 1], with straight lines between. Or
        each is an int, the iteration from which the factor holds. ``()`` is a constant size. None is the default of the
        estimator.

    Examples
    --------
    >>> from fdgm import VGrowSampler
    >>> from fdgm.options import StepSize
    >>> VGrowSampler(step_size=StepSize(0.5, schedule=())).step_size.size
    0.5
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ScheduledOption._parameter_constraints,
        "size": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"}), None],
    }

    def __init__(
        self, size: float | Auto | None = None, *, schedule: Sequence[tuple[float, float]] | None = None
    ) -> None:
        self.size = size
        self.schedule = schedule

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(value)

    def size_at(self, progress: float, iteration: int) -> float:
        """The size at this fraction of the budget and in this iteration, counted from 1. `size` must be a number."""
        return self._at("size", progress, iteration)
