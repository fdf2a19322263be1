"""How encoder and generator are trained."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option
from ._noise import InstanceNoise

__all__ = ["Gradient"]


class Gradient(Option):
    """Direct steps along the gradient that the critic gives: algorithm 1 of AGE's paper.

    Parameters
    ----------
    n_updates : int, default=50
        Updates of encoder and generator in an iteration, at least 1.
    n_critic_steps : int, default=1
        Updates of the critic before each of them, at least 1.
    n_warmup_steps : int, default=600
        Updates before the first iteration, which fit the encoder to principal component scores and the generator to
        invert it. Without a critic there are none.
    min_critic_loss : float or None, default=None
        The critic is left alone while its loss is below this.
    cycle_weight : float, default=0.0
        Weight of the reconstruction's mean squared error in scaled units, ALICE's term. 0 is the paper's method, which
        matches the joint distributions alone.
    instance_noise : float or InstanceNoise, default=0.0
        Noise added to the data half of all pairs that the critic sees. A number falls to zero at 0.8 of the budget.
    ema : float in (0, 1) or None, default=None
        Fraction that stays, at each iteration, of an exponential moving average of encoder and generator, which are
        then used after training. None uses the weights themselves.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, algorithm 1. Li et
    al., "ALICE: Towards Understanding Adversarial Learning for Joint Distribution Matching", NIPS 2017, of
    `cycle_weight`.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> from fdgm.options import Gradient
    >>> AGEBidirectional(method=Gradient(cycle_weight=30.0)).method
    Gradient(cycle_weight=30.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_updates": [Interval(Integral, 1, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "min_critic_loss": [Interval(Real, None, None, closed="neither"), None],
        "cycle_weight": [Interval(Real, 0, None, closed="left")],
        "instance_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise],
        "ema": [Interval(Real, 0, 1, closed="neither"), None],
    }
    _options: ClassVar = {"instance_noise": InstanceNoise}

    def __init__(
        self,
        *,
        n_updates: int = 50,
        n_critic_steps: int = 1,
        n_warmup_steps: int = 600,
        min_critic_loss: float | None = None,
        cycle_weight: float = 0.0,
        instance_noise: float | InstanceNoise = 0.0,
        ema: float | None = None,
    ) -> None:
        self.n_updates = n_updates
        self.n_critic_steps = n_critic_steps
        self.n_warmup_steps = n_warmup_steps
        self.min_critic_loss = min_critic_loss
        self.cycle_weight = cycle_weight
        self.instance_noise = instance_noise
        self.ema = ema

    def check(self, owner: str) -> Self:
        super().check(owner)
        if isinstance(self.instance_noise, InstanceNoise):
            self.instance_noise.check(f"instance_noise of {type(self).__name__}, {owner}")
        return self

    @property
    def noise(self) -> InstanceNoise:
        """`instance_noise` as an object."""
        given = self.instance_noise
        noise = given if isinstance(given, InstanceNoise) else InstanceNoise(given)
        return noise.filled(InstanceNoise(0.0, schedule=((0.0, 1.0), (0.8, 0.0))))
