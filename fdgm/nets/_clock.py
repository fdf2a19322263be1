"""The spent fraction of the training budget, by iterations or by wall-clock time."""

import math
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

__all__ = ["Clock", "OutOfTime"]


class OutOfTime(Exception):
    """`max_seconds` ran out in the middle of an iteration."""


class Clock:
    """Progress from 0 to 1 through `max_iter` iterations or `max_seconds`, whichever is further along.

    The clock keeps its readings in `readings`. With them as `replay_progress`, and `n_inner_steps`, a run that time
    ended is repeated bit for bit.

    Parameters
    ----------
    max_iter : int or None
    max_seconds : float or None
    replay_progress : sequence of float in [0, 1], or None
        Progress at each iteration, instead of a clock's.
    n_inner_steps : int or None
        Inner steps after which the first iteration ends, instead of by a clock. None does not end it.

    Attributes
    ----------
    cut_at : int or None
        Inner steps after which the first iteration was cut.
    is_single : bool
        Whether `single` made it: there is no budget that schedules could follow.
    told : float or None
        Progress at the next reading by the clock of the first of several processes, whose own clocks then end nothing.
    """

    #: The clock in seconds. If many processes share a machine, `time.process_time` is fair to each.
    now: ClassVar[Callable[[], float]] = staticmethod(time.perf_counter)

    def __init__(
        self,
        max_iter: int | None,
        max_seconds: float | None,
        replay_progress: Sequence[float] | None = None,
        n_inner_steps: int | None = None,
    ) -> None:
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.replay_progress = replay_progress
        self.n_inner_steps = n_inner_steps
        self.cut_at: int | None = None
        self.readings: list[float] = []
        self.is_single = False
        self.told: float | None = None
        self._inner = 0
        self._start = Clock.now()

    @classmethod
    def single(cls) -> Self:
        """The clock of one iteration more, at the beginning of all schedules, as `partial_fit` runs."""
        made = cls(1, None, [0.0])
        made.is_single = True
        return made

    @property
    def seconds(self) -> float:
        """Seconds since the clock was made."""
        return Clock.now() - self._start

    def resume(self, readings: Sequence[float], seconds: float) -> None:
        """Continue another clock's readings, after the seconds that it had run."""
        self.readings = list(readings)
        self._start = Clock.now() - seconds

    def read(self) -> float:
        """Record and return the progress at the start of the next iteration."""
        progress = self.upcoming() if self.told is None else self.told
        self.readings.append(progress)
        self._inner = 0
        return progress

    def upcoming(self) -> float:
        """The progress, if it were read now."""
        done = len(self.readings)
        if self.replay_progress is not None:
            return float(self.replay_progress[min(done, len(self.replay_progress) - 1)])
        return min(self._fraction(done), 1.0)

    def tick(self, *, first: bool) -> None:
        """Begin an inner step, of the very first iteration or of a later one.

        The first iteration is cut here, because no earlier state exists to go back to. It has at least one inner step.

        Raises
        ------
        OutOfTime
            If no time is left for the step.
        """
        self._inner += 1
        if not first:
            over = self.told is None and self._spent()
        elif self.cut_at is not None:
            over = True
        elif self.n_inner_steps is not None:
            over = self._inner > self.n_inner_steps
        else:
            over = self.told is None and self._inner > 1 and self._spent()
        if not over:
            return
        if first and self.cut_at is None:
            self.cut_at = self._inner - 1
        raise OutOfTime

    def finished(self) -> str | None:
        """The parameter that ends training now, or None. There is always a first iteration."""
        if not self.readings:
            return None
        if self.max_iter is not None and len(self.readings) >= self.max_iter:
            return "max_iter"
        return "max_seconds" if self._spent() else None

    def seconds_left(self) -> float:
        """Estimate of the remaining seconds, infinite before the first iteration."""
        spent = self._fraction(len(self.readings))
        return math.inf if spent <= 0 else max(self.seconds / spent - self.seconds, 0.0)

    def _spent(self) -> bool:
        return self.max_seconds is not None and self.seconds >= self.max_seconds

    def _fraction(self, done: int) -> float:
        by_iter = done / self.max_iter if self.max_iter is not None else 0.0
        by_seconds = self.seconds / self.max_seconds if self.max_seconds is not None else 0.0
        return max(by_iter, by_seconds)
