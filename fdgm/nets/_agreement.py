"""What processes that share a fit decide together, once before each iteration."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..distributed import current
from ..exceptions import TrainingError
from ._clock import Clock

__all__ = ["agree", "interrupts_noted"]


def agree(clock: Clock, stop: str | None, between: Callable[[bool], None], *, interrupted: bool) -> str | None:
    """What ends training now, in all processes, or None.

    The clock of the first process decides, and gives all of them the progress of the next iteration.

    Parameters
    ----------
    clock : Clock
    stop : str or None
        What a callback in this process gave as its reason to stop.
    between : callable
        Called with whether an interrupt ends training.
    interrupted : bool
        Whether this process got an interrupt.

    Raises
    ------
    KeyboardInterrupt
        If a process got an interrupt.
    """
    group = current()
    told = group.each((stop, interrupted, clock.finished(), clock.upcoming()))
    by = [rank for rank, (_, wanted, _, _) in enumerate(told) if wanted]
    between(bool(by))
    if by:
        with suppress(TrainingError):
            group.each(None)  # all of them have the message before one leaves
        raise KeyboardInterrupt(f"process {by[0]} of {group.size} was interrupted, which ends the fit in all of them")
    _, _, finished, clock.told = told[0]
    return next((reason for reason, *_ in told if reason is not None), finished)


@contextmanager
def interrupts_noted() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C is noted until the processes agree on it, and the second one is Python's.

    Outside of the main thread, which alone gets interrupts, nothing changes.
    """
    noted = False

    def note(number: int, frame: Any) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt
        noted = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        if before is not None:  # a handler that Python did not set
            signal.signal(signal.SIGINT, before)
