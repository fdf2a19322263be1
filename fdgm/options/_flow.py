"""Training of encoder and generator by pairs that move."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option
from ._noise import InstanceNoise
from ._scheduled import ScheduledOption

__all__ = ["Flow"]


class Flow(ScheduledOption):
    """Pairs move along the velocity that the critic gives, then encoder and generator follow them by least squares.

    Training has two stages:

    1. Encoder and generator start as an autoencoder whose latents have the moments of the prior.
    2. A round draws generated and encoded pairs. They move `n_moves` times, each time after one critic step: the data
       half of generated pairs, and the latents of encoded pairs. Then encoder and generator are fitted in `passes`
       over the pairs, with the noises that made them.

    Distances are in units of a column's standard deviation, the root mean square of all columns, so that they do not
    depend on the scaling. The defaults depend on the kind of data:

    ================  ===============  ============  ============
    parameter         up to 3 columns  more columns  convolutions
    ================  ===============  ============  ============
    n_rounds          3                10            4
    n_pairs           1,024            512           256
    n_moves           10               5             4
    passes            4                3             4
    step_size         0.1              0.3           16
    latent_step_size  0.1              0.1           0.1
    start             0.05             0.3           0.6
    cycle_weight      0.1              0.5           0.5
    bounded           False            True          True
    instance_noise    0.3 to 0.02      0.3 to 0.2    0.3 to 0.2
    ================  ===============  ============  ============

    Parameters
    ----------
    n_rounds : int or None, default=None
        Rounds in an iteration, at least 1. In the first stage an iteration has as many updates as these rounds have.
    max_draws : int or None, default=8
        How often a row of the data is drawn in an iteration, at most and on average, at least 1. Small data thus get
        fewer rounds, which keeps the networks from learning rows by heart. None is no limit.
    n_pairs : int or None, default=None
        Pairs of each kind in a round, at least 2.
    n_moves : int or None, default=None
        Moves of the pairs in a round, at least 1.
    passes : int or None, default=None
        Passes over the pairs in which the networks are fitted to them, at least 1.
    step_size : float or None, default=None
        Distance that the data half of a generated pair moves for a velocity of 1, above 0.
    latent_step_size : float or None, default=None
        The same for the latents of an encoded pair.
    schedule : sequence of (when, factor) or None, default=None
        Factor of both step sizes. Each `when` is a fraction of the budget, a float in [0, 1], with straight lines
        between. Or each is an int, the iteration from which the factor holds. None is ``((0.5, 1.0), (1.0, 0.05))``.
    start : float in [0, 1] or None, default=None
        Fraction of the budget of the first stage. A call that continues training is in the second stage.
    cycle_weight : float or None, default=None
        Weight of the reconstruction's error in the second stage, as a fraction of the data's variance.
    kl_weight : float, default=0.01
        Weight of the KL divergence to the prior of a Gaussian with the moments of a batch's latents.
    input_noise : float, InstanceNoise or None, default=None
        Noise on the encoder's input in training. `transform` adds none. None is 0.8, falling to 0.4 over the second
        stage, and 0 if there are as many latents as columns.
    instance_noise : float, InstanceNoise or None, default=None
        Noise on the data half of all pairs that the critic learns from.
    bounded : bool or None, default=None
        Whether the norm of each of the critic's layers is at most 1.
    ema : float in (0, 1) or None, default=0.95
        Fraction that stays, at each round, of an exponential moving average of encoder and generator, which are then
        used after training. None uses the weights themselves.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, theorem 1, for the
    velocities. Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, algorithm 1, for
    points that move before a network follows. Both stages and all figures are ours.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> from fdgm.options import Flow
    >>> AGEBidirectional(method=Flow(cycle_weight=1.0)).method
    Flow(cycle_weight=1.0)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ScheduledOption._parameter_constraints,
        "n_rounds": [Interval(Integral, 1, None, closed="left"), None],
        "max_draws": [Interval(Integral, 1, None, closed="left"), None],
        "n_pairs": [Interval(Integral, 2, None, closed="left"), None],
        "n_moves": [Interval(Integral, 1, None, closed="left"), None],
        "passes": [Interval(Integral, 1, None, closed="left"), None],
        "step_size": [Interval(Real, 0, None, closed="neither"), None],
        "latent_step_size": [Interval(Real, 0, None, closed="neither"), None],
        "start": [Interval(Real, 0, 1, closed="both"), None],
        "cycle_weight": [Interval(Real, 0, None, closed="left"), None],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise, None],
        "instance_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise, None],
        "bounded": ["boolean", None],
        "ema": [Interval(Real, 0, 1, closed="neither"), None],
    }
    _options: ClassVar = {"input_noise": InstanceNoise, "instance_noise": InstanceNoise}

    def __init__(
        self,
        *,
        n_rounds: int | None = None,
        max_draws: int | None = 8,
        n_pairs: int | None = None,
        n_moves: int | None = None,
        passes: int | None = None,
        step_size: float | None = None,
        latent_step_size: float | None = None,
        schedule: Sequence[tuple[float, float]] | None = None,
        start: float | None = None,
        cycle_weight: float | None = None,
        kl_weight: float = 0.01,
        input_noise: float | InstanceNoise | None = None,
        instance_noise: float | InstanceNoise | None = None,
        bounded: bool | None = None,
        ema: float | None = 0.95,
    ) -> None:
        self.n_rounds = n_rounds
        self.max_draws = max_draws
        self.n_pairs = n_pairs
        self.n_moves = n_moves
        self.passes = passes
        self.step_size = step_size
        self.latent_step_size = latent_step_size
        self.schedule = schedule
        self.start = start
        self.cycle_weight = cycle_weight
        self.kl_weight = kl_weight
        self.input_noise = input_noise
        self.instance_noise = instance_noise
        self.bounded = bounded
        self.ema = ema

    def check(self, owner: str) -> Self:
        super().check(owner)
        for name in self._options:
            value = getattr(self, name)
            if isinstance(value, InstanceNoise):
                value.check(f"{name} of {type(self).__name__}, {owner}")
        return self

    def filled(self, default: Option) -> Self:
        made = super().filled(default)
        for name in self._options:
            noise, known = getattr(made, name), getattr(default, name)
            if noise is not None and not isinstance(noise, InstanceNoise):
                noise = InstanceNoise(noise)
                setattr(made, name, noise.filled(known) if isinstance(known, InstanceNoise) else noise)
        return made

    def steps_at(self, progress: float, iteration: int) -> tuple[float, float]:
        """The step sizes of data and of latents at this fraction of the budget, in this iteration, counted from 1."""
        return self._at("step_size", progress, iteration), self._at("latent_step_size", progress, iteration)
