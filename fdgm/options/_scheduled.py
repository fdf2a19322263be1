"""The base of options that are a number with a factor over the course of training."""

from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from ._base import Option
from ._schedule import Schedule

__all__ = ["ScheduledOption"]


class ScheduledOption(Option, ABC):
    """Base of the options with a `schedule` of factors."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"schedule": ["array-like", None]}

    schedule: Sequence[tuple[float, float]] | None

    def check(self, owner: str) -> Self:
        super().check(owner)
        if self.schedule is not None:
            Schedule.make(f"{type(self).__name__} ({owner})", "schedule", self.schedule)
        return self

    def _number(self, name: str) -> float:
        """Return a parameter as a number. `filled` must have replaced None.

        Raises
        ------
        RuntimeError
            If it is no number.
        """
        value = getattr(self, name)
        if value is None or isinstance(value, str):
            raise RuntimeError(f"{name} of {type(self).__name__} must be a number before it is used, got {value!r}.")
        return float(value)

    def _at(self, name: str, progress: float, iteration: int) -> float:
        """The number times its factor at this fraction of the budget, in this iteration, counted from 1."""
        factor = Schedule.make(type(self).__name__, "schedule", self.schedule or ())(progress, iteration)
        return self._number(name) * factor
