"""A progress bar over rounds whose number is not known in advance."""

import sys
from types import TracebackType
from typing import Any, Self

from tqdm.auto import tqdm

__all__ = ["Bar"]


class Bar:
    """Shows what fraction is done, and the time left. It shows nothing without a `sys.stderr` that takes it.

    Parameters
    ----------
    label : str
    shown : bool
    """

    def __init__(self, label: str, *, shown: bool) -> None:
        self.label = label
        self.shown = shown and sys.stderr is not None and not getattr(sys.stderr, "closed", False)
        self.bar: Any = None

    def __enter__(self) -> Self:
        if self.shown:
            look = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"
            self._try(lambda: setattr(self, "bar", tqdm(total=100, desc=self.label, bar_format=look)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
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
