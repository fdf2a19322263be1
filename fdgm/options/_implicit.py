"""Distributions whose noise goes into the network."""

from numbers import Integral
from typing import Any, ClassVar

from .._sklearn import Interval
from ._base import Option

__all__ = ["ImplicitNoise"]


class ImplicitNoise(Option):
    """An implicit encoder or generator: one whose noise goes into the network.

    Parameters
    ----------
    size : int or None, default=None
        Numbers of noise for each sample, at least 1. None leaves it to the architecture.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> from fdgm.options import ImplicitNoise
    >>> AGEBidirectional(encoder=ImplicitNoise(4)).encoder
    ImplicitNoise(size=4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "size": [Interval(Integral, 1, None, closed="left"), None]
    }

    def __init__(self, size: int | None = None) -> None:
        self.size = size
