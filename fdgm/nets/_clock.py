"""How much of the training budget is spent, by iterations or by the wall."""

import math
import time
from collections.abc import Callable, Sequence
from typing import ClassVar

__all__ = ["Clock"]


class Clock:
    """Progress from 0 to 1 through `max_iter` iterations or `max_seconds`, whichever is further along.

    What was read is kept in `readings`, so that a run which time ended can be replayed, bit for bit, by passing
    them as `schedule`.

    Parameters
    ----------
    max_iter : int or None
    max_seconds : float or None
    schedule : sequence of float in [0, 1], or None
        Progress at each iteration, in place of a clock's.
    """

    #: What tells seconds. Where many processes share a machine, `time.process_time` is as fair to each.
    now: ClassVar[Callable[[], float]] = staticmethod(time.perf_counter)

    def __init__(
        self, max_iter: int | None, max_seconds: float | None, schedule: Sequence[float] | None = None
    ) -> None:
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.schedule = schedule
        self.readings: list[float] = []
        self._start = Clock.now()

    @property
    def seconds(self) -> float:
        """Seconds since the clock was made."""
        return Clock.now() - self._start

    def resume(self, readings: Sequence[float], seconds: float) -> None:
        """Go on from another clock's readings, after the seconds that it had run."""
        self.readings = list(readings)
        self._start = Clock.now() - seconds

    def read(self) -> float:
        """Progress at the start of the next iteration, recorded."""
        done = len(self.readings)
        if self.schedule is not None:
            progress = float(self.schedule[min(done, len(self.schedule) - 1)])
        else:
            progress = min(self._fraction(done), 1.0)
        self.readings.append(progress)
        return progress

    def finished(self) -> str | None:
        """The parameter that ends training now, or None; there is always a first iteration."""
        if not self.readings:
            return None
        if self.max_iter is not None and len(self.readings) >= self.max_iter:
            return "max_iter"
        if self.max_seconds is not None and self.seconds >= self.max_seconds:
            return "max_seconds"
        return None

    def seconds_left(self) -> float:
        """An estimate, infinite before the first iteration."""
        spent = self._fraction(len(self.readings))
        return math.inf if spent <= 0 else max(self.seconds / spent - self.seconds, 0.0)

    def _fraction(self, done: int) -> float:
        by_iter = done / self.max_iter if self.max_iter is not None else 0.0
        by_seconds = self.seconds / self.max_seconds if self.max_seconds is not None else 0.0
        return max(by_iter, by_seconds)
