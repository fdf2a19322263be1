"""Noise on what a critic judges."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._scheduled import ScheduledOption

__all__ = ["InstanceNoise"]


class InstanceNoise(ScheduledOption):
    """Normal noise added to all that a critic judges, so that it sees across the gaps between modes.

    Parameters
    ----------
    scale : float or None, default=None
        Standard deviation in scaled units, at least 0. None is the default of the estimator.
    schedule : sequence of (when, factor) or None, default=None
        Factor of `scale`. Each `when` is a fraction of the budget, a float in [0, 1], with straight lines between. Or
        each is an int, the iteration from which the factor holds. ``()`` is constant noise. None is the default of the
        estimator.

    References
    ----------
    Sønderby et al., "Amortised MAP Inference for Image Super-resolution", ICLR 2017; Arjovsky and Bottou, "Towards
    Principled Methods for Training Generative Adversarial Networks", ICLR 2017.

    Examples
    --------
    >>> from fdgm import GANSampler
    >>> from fdgm.options import InstanceNoise
    >>> GANSampler(instance_noise=InstanceNoise(0.2, schedule=())).instance_noise.scale
    0.2
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ScheduledOption._parameter_constraints,
        "scale": [Interval(Real, 0, None, closed="left"), None],
    }

    def __init__(self, scale: float | None = None, *, schedule: Sequence[tuple[float, float]] | None = None) -> None:
        self.scale = scale
        self.schedule = schedule

    @classmethod
    def of(cls, value: Any) -> Self:
        return cls(value)

    def scale_at(self, progress: float, iteration: int) -> float:
        """The standard deviation at this fraction of the budget, in this iteration, counted from 1."""
        return self._at("scale", progress, iteration)
