"""Where and how often an unfinished fit is written down."""

import os
from numbers import Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option

__all__ = ["Checkpoint"]


class Checkpoint(Option):
    """A file that keeps the whole state of an unfinished fit.

    Call a fit that was killed again with the same arguments and data: it resumes from the file, to the same bits. The
    file is removed when the fit ends.

    Parameters
    ----------
    path : str or path
    seconds : float, default=60
        Seconds between writes, at least 0.

    Examples
    --------
    >>> from fdgm.options import Checkpoint
    >>> Checkpoint("model.checkpoint", seconds=10)
    Checkpoint(path='model.checkpoint', seconds=10)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "path": [str, os.PathLike],
        "seconds": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, path: str | os.PathLike[str], *, seconds: float = 60.0) -> None:
        self.path = path
        self.seconds = seconds

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(value)
