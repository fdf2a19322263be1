"""Clock readings that repeat a fit which a clock ended."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option

__all__ = ["Replay"]


class Replay(Option):
    """Clock readings of a fit. Another fit that takes them in place of a clock repeats the first bit for bit.

    A fitted estimator has its own as `replay_`.

    Parameters
    ----------
    progress : sequence of float
        Fraction of the budget, in [0, 1], that was spent at the start of each iteration. At least one.
    n_inner_steps : int or None, default=None
        Inner steps after which the first iteration ended. None means that the iteration was complete.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import VGrowSampler
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> first = VGrowSampler(max_iter=2, max_seconds=60, random_state=0).fit(X)
    >>> again = VGrowSampler(replay=first.replay_, random_state=0).fit(X)
    >>> bool((again.sample(5, random_state=0) == first.sample(5, random_state=0)).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "progress": ["array-like"],
        "n_inner_steps": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(self, progress: Sequence[float], *, n_inner_steps: int | None = None) -> None:
        self.progress = progress
        self.n_inner_steps = n_inner_steps

    def check(self, owner: str) -> Self:
        super().check(owner)
        progress = list(self.progress)
        if not progress or not all(0 <= value <= 1 for value in progress):
            raise ValueError(
                f"progress of Replay ({owner}) must hold at least one number, all in [0, 1], got {self.progress!r}."
            )
        return self
