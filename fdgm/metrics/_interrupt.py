"""Run long calls of compiled code in a thread, so that Ctrl-C works meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["interruptible"]


def interruptible(work: Callable[[threading.Event], Any]) -> Any:
    """Return ``work(stopped)``. Ctrl-C sets `stopped`, and the thread then ends by itself."""
    stopped, ended = threading.Event(), threading.Event()
    found: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work(stopped))
        except BaseException as error:
            raised.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, daemon=True, name="fdgm-metrics").start()
    try:
        while not ended.wait(0.1):
            pass
    except BaseException:
        stopped.set()
        raise
    if raised:
        raise raised[0]
    return found[0]
