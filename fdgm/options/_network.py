"""How VGrow's particles become a generator."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

from .._sklearn import Interval
from ._base import Option
from ._optimizers import Adam, Optimizer
from ._schedule import Schedule

__all__ = ["Network"]


class Network(Option):
    """A network from latents to samples, fitted to the particles after each iteration: the paper's way.

    Parameters
    ----------
    latent_size : int or None, default=None
        Number of standard normal latents, at least 1. None leaves it to the architecture.
    n_particles : int, default=1024
        Particles of an iteration, at least 2.
    n_particle_steps : int, default=20
        Steps of the particles in an iteration, at least 1.
    passes : int, default=8
        Passes over the particles in which the network is fitted to them, at least 1.
    passes_schedule : sequence of (when, factor), default=()
        Factor of `passes`. Each `when` is a fraction of the budget, a float in [0, 1], with straight lines between. Or
        each is an int, the iteration from which the factor holds.
    n_warmup_steps : int, default=300
        Updates before the first iteration that fit the network to a Gaussian half as wide as the data. 0 begins from
        initial weights, which map all latents to nearly one point.
    ema : float in (0, 1) or None, default=0.98
        Samples are drawn from an exponential moving average of the weights. This is the fraction of it that stays at
        each iteration, or (1 + t)/(10 + t) at iteration t if that is less. None samples from the weights themselves.
    optimizer : Optimizer or None, default=None
        Optimizer of the network. None is ``Adam(0.001, betas=(0.9, 0.999), schedule=((0.5, 1.0), (1.0, 0.05)))``.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, algorithm 1.

    Examples
    --------
    >>> from fdgm import VGrowSampler
    >>> from fdgm.options import Network
    >>> VGrowSampler(generator=Network(latent_size=16)).generator.latent_size
    16
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_particles": [Interval(Integral, 2, None, closed="left")],
        "n_particle_steps": [Interval(Integral, 1, None, closed="left")],
        "passes": [Interval(Integral, 1, None, closed="left")],
        "passes_schedule": ["array-like"],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "ema": [Interval(Real, 0, 1, closed="neither"), None],
        "optimizer": [Optimizer, None],
    }
    _options: ClassVar = {"optimizer": Adam}

    def __init__(
        self,
        *,
        latent_size: int | None = None,
        n_particles: int = 1024,
        n_particle_steps: int = 20,
        passes: int = 8,
        passes_schedule: Sequence[tuple[float, float]] = (),
        n_warmup_steps: int = 300,
        ema: float | None = 0.98,
        optimizer: Optimizer | None = None,
    ) -> None:
        self.latent_size = latent_size
        self.n_particles = n_particles
        self.n_particle_steps = n_particle_steps
        self.passes = passes
        self.passes_schedule = passes_schedule
        self.n_warmup_steps = n_warmup_steps
        self.ema = ema
        self.optimizer = optimizer

    def check(self, owner: str) -> Self:
        super().check(owner)
        Schedule.make(f"{type(self).__name__} ({owner})", "passes_schedule", self.passes_schedule)
        if self.optimizer is not None:
            self.optimizer.check(f"optimizer of {type(self).__name__}, {owner}")
        return self

    def filled(self, default: Option) -> Self:
        made = super().filled(default)
        rate = Adam(0.001, betas=(0.9, 0.999), schedule=((0.5, 1.0), (1.0, 0.05)))
        made.optimizer = rate if made.optimizer is None else made.optimizer.filled(rate)
        return made

    def passes_at(self, progress: float, iteration: int) -> int:
        """Passes, at least 1, at this fraction of the budget and in this iteration, counted from 1."""
        factor = Schedule.make(type(self).__name__, "passes_schedule", self.passes_schedule)(progress, iteration)
        return max(1, round(self.passes * factor))
