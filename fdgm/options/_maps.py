"""VGrow's flow itself as the sampler."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option

__all__ = ["Maps"]

_FIRST = 0.6  # standard deviations. Less moves too little mass from mode to mode.
_LAST = 0.014  # for one column; growing with the distance of neighbours


class Maps(Option):
    """The composition of the maps x + η w ∇T(x) that moved the particles, replayed from fresh Gaussian samples.

    By theorem 2.2 of the paper, the flow is a composition of residual maps. No network is fitted to the particles, so
    nothing blurs what the flow has reached. Sampling costs one pass through each map.

    Each iteration trains the critic on noised rows, and then makes one map with the average of its weights. The noise
    falls geometrically over training, and a map moves the particles by `step_size` times its variance. The last
    twentieth of the iterations makes no map. It trains the critic on clean rows against particles that no map was
    trained on, for `log_ratio` and refiners.

    `partial_fit` has no schedule. It holds out a fifth of its rows, at most 2,048, and tries six noises, the widest
    first. It adds the first map that helps: the critic tells held-out rows from new particles, by two standard errors
    of its loss, and the map brings the particles nearer to them in energy distance. If no map helps, none is added.

    Parameters
    ----------
    n_particles : int, default=16384
        Particles that the critic is trained on, at least 2. They start from a scrambled Sobol sequence.
    n_critic_steps : int, default=50
        Critic updates before each map, at least 1; four times as many before the first.
    step_size : float, default=1.0
        Above 0. η is this times the variance of the noise, divided by the divergence's weight at ratio 1.
    noise : (float, float) or None, default=None
        First and last standard deviation of the noise, in scaled units, both above 0. None is 0.6 and 0.014 √d for
        rows of d numbers, and never more than 0.3 in the end.
    wide_fraction : float in [0, 1], default=0.1
        Fraction of the critic's rows whose noise keeps the first standard deviation, which keeps sight across gaps.
    ema : float in (0, 1), default=0.93
        Fraction that stays, at each critic update, of the average of the critic's weights.

    max_added : int, default=100
        Maps that `partial_fit` may add, at least 1. At that number the next call first distils base and maps into one
        network, which costs some distance and keeps sampling fast, and counts from 0 again.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, theorem 2.2. Johnson and Zhang,
    "Composite Functional Gradient Learning of Generative Adversarial Models", ICML 2018. Gao et al., "Deep Generative
    Learning via Euler Particle Transport", MSML 2021. Efron, "Tweedie's Formula and Selection Bias", JASA 2011, for
    the step of the noise's variance.

    Examples
    --------
    >>> from fdgm import VGrowSampler
    >>> from fdgm.options import Maps
    >>> VGrowSampler(generator=Maps(n_particles=4096)).generator
    Maps(n_particles=4096)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_particles": [Interval(Integral, 2, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "noise": [list, tuple, None],
        "wide_fraction": [Interval(Real, 0, 1, closed="both")],
        "ema": [Interval(Real, 0, 1, closed="neither")],
        "max_added": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_particles: int = 16384,
        n_critic_steps: int = 50,
        step_size: float = 1.0,
        noise: Sequence[float] | None = None,
        wide_fraction: float = 0.1,
        ema: float = 0.93,
        max_added: int = 100,
    ) -> None:
        self.n_particles = n_particles
        self.n_critic_steps = n_critic_steps
        self.step_size = step_size
        self.noise = noise
        self.wide_fraction = wide_fraction
        self.ema = ema
        self.max_added = max_added

    def check(self, owner: str) -> Self:
        super().check(owner)
        if self.noise is not None:
            self._two(owner)
        return self

    def noise_for(self, n_numbers: int) -> tuple[float, float]:
        """First and last standard deviation for rows of so many numbers."""
        if self.noise is None:
            return _FIRST, min(_LAST * n_numbers**0.5, _FIRST / 2)
        return self._two("noise_for")

    def _two(self, owner: str) -> tuple[float, float]:
        try:
            first, last = (float(value) for value in self.noise or ())
        except (TypeError, ValueError):
            first = last = -1.0
        if not (0 < last < float("inf") and 0 < first < float("inf")):
            raise ValueError(f"noise of Maps ({owner}) must be None or two finite numbers above 0, got {self.noise!r}.")
        return first, last
