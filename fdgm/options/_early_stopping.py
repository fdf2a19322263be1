"""When held-out samples end training."""

from numbers import Integral, Real
from typing import Any, ClassVar

from .._sklearn import Interval
from ._base import Option

__all__ = ["EarlyStopping"]


class EarlyStopping(Option):
    """Hold samples out, compare the model with them as training goes on, and keep the best networks.

    The measure is the energy distance between held-out and generated samples.

    Parameters
    ----------
    validation_fraction : float in (0, 1), default=0.1
        Fraction of the samples held out, up to 2,000 of them.
    n_iter_no_change : int, default=10
        Comparisons without an improvement that end training, at least 1.
    every : int, default=5
        Iterations from one comparison to the next, at least 1.

    Examples
    --------
    >>> from fdgm import VGrowSampler
    >>> from fdgm.options import EarlyStopping
    >>> VGrowSampler(early_stopping=EarlyStopping(every=2)).early_stopping
    EarlyStopping(every=2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "every": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, *, validation_fraction: float = 0.1, n_iter_no_change: int = 10, every: int = 5) -> None:
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.every = every
