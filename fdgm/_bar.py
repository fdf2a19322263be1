"""One progress bar for all that takes long: where and when it is shown, and what a stream that fails does to it."""

import sys
import threading
from types import TracebackType
from typing import Any, Literal, Self

from joblib.parallel import get_active_backend
from tqdm.auto import tqdm

__all__ = ["Bar", "Verbose", "when_shown"]

#: The type of the parameter `verbose`.
Verbose = int | Literal["auto"]

_DELAY = 10.0  # seconds before "auto" shows a bar

_open = threading.local()


def _is_watched() -> bool:
    """Whether stderr is a terminal, and nobody else writes a bar there: no open bar, no worker of joblib."""
    if getattr(_open, "bars", 0) or (get_active_backend()[0].nesting_level or 0) > 0:
        return False
    is_terminal = getattr(sys.stderr, "isatty", None)
    return bool(is_terminal and is_terminal())


def when_shown(verbose: Verbose) -> dict[str, Any]:
    """Arguments of tqdm. ``"auto"`` shows the bar at a terminal after ten seconds; another true value, at once.

    Nothing is shown without a `sys.stderr` that is open.
    """
    if not verbose or sys.stderr is None or getattr(sys.stderr, "closed", False):
        return {"disable": True}
    if verbose == "auto":
        return {"disable": not _is_watched(), "delay": _DELAY}
    return {"disable": False}


class Bar:
    """A bar over work whose steps are not known in advance: `at` moves it. Work goes on if the stream fails.

    Parameters
    ----------
    label : str
    verbose : int or "auto"
        As in `when_shown`.
    remaining : bool, default=True
        Whether the bar estimates the time left. False leaves it to the figures.
    """

    def __init__(self, label: str, verbose: Verbose, *, remaining: bool = True) -> None:
        self.label = label
        self.verbose = verbose
        self.remaining = remaining
        self.bar: Any = None

    def __enter__(self) -> Self:
        look = "{desc} {percentage:3.0f}%|{bar}| {elapsed}" + (", {remaining} left" if self.remaining else "")
        shown = {"desc": self.label, "bar_format": look + "{postfix}", **when_shown(self.verbose)}
        self._try(lambda: setattr(self, "bar", tqdm(total=100, **shown)))
        _open.bars = getattr(_open, "bars", 0) + 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _open.bars -= 1
        if self.bar is not None:
            self._try(self.bar.close)

    def at(self, fraction: float, figures: str) -> None:
        """Show that this fraction is done, at least what was shown before, and some figures."""
        if self.bar is None:
            return
        self._try(lambda: self.bar.set_postfix_str(figures, refresh=False))
        self._try(lambda: self.bar.update(max(0.0, 100 * min(fraction, 1.0) - self.bar.n)))

    def _try(self, show: Any) -> None:
        try:
            show()
        except (OSError, ValueError, AttributeError):  # the stream takes nothing, or was closed
            if self.bar is not None:
                self.bar.disable = True  # it would write again when it is garbage-collected
            self.bar = None
