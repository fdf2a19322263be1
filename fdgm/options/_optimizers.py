"""Optimizers of one network."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, ClassVar, Self

import torch
from torch import nn

from .._sklearn import Interval
from ._plain_adam import PlainAdam
from ._scheduled import ScheduledOption

__all__ = ["Adam", "Optimizer", "RMSprop"]


class Optimizer(ScheduledOption):
    """Base of the optimizers: a learning rate, and its factor over the course of training."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ScheduledOption._parameter_constraints,
        "lr": [Interval(Real, 0, None, closed="neither"), None],
    }

    lr: float | None

    @abstractmethod
    def make(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Make the torch optimizer of these parameters. No parameter of the option may be None."""

    def lr_at(self, progress: float, iteration: int) -> float:
        """The learning rate at this fraction of the budget, in this iteration, counted from 1."""
        return self._at("lr", progress, iteration)


class Adam(Optimizer):
    """Adam, with one fused kernel for all parameters.

    Parameters
    ----------
    lr : float or None, default=None
        Learning rate, above 0. None is the default of the estimator for this network.
    betas : (float, float) or None, default=None
        Decay rates of the two moments, each in [0, 1). None is the default of the estimator.
    schedule : sequence of (when, factor) or None, default=None
        Factor of the learning rate. Each `when` is a fraction of the budget, a float in [0, 1], with straight lines
        between. Or each is an int, the iteration from which the factor holds. ``()`` is a constant rate. None is the
        default of the estimator.

    References
    ----------
    Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

    Examples
    --------
    >>> from fdgm import VGrowSampler
    >>> from fdgm.options import Adam
    >>> VGrowSampler(critic_optimizer=Adam(lr=0.001)).critic_optimizer
    Adam(lr=0.001)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Optimizer._parameter_constraints,
        "betas": ["array-like", None],
    }

    def __init__(
        self,
        lr: float | None = None,
        *,
        betas: tuple[float, float] | None = None,
        schedule: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        self.lr = lr
        self.betas = betas
        self.schedule = schedule

    def check(self, owner: str) -> Self:
        super().check(owner)
        if self.betas is not None:
            self._floats(owner)
        return self

    def _floats(self, owner: str) -> tuple[float, float]:
        """The betas as two floats, which torch asks for."""
        try:
            first, second = (float(beta) for beta in self.betas or ())
        except (TypeError, ValueError):
            first = second = float("nan")
        if not (0 <= first < 1 and 0 <= second < 1):
            raise ValueError(f"betas of Adam ({owner}) must be None or two floats in [0, 1), got {self.betas!r}.")
        return first, second

    def make(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return PlainAdam(parameters, lr=self._number("lr"), betas=self._floats("make"))


class RMSprop(Optimizer):
    """RMSprop, which the papers of the networks for images use.

    Parameters
    ----------
    lr : float or None, default=None
        Learning rate, above 0. None is the default of the estimator for this network.
    smoothing : float in [0, 1), default=0.9
        Decay rate of the squared gradients. The default is TensorFlow's; torch's is 0.99.
    schedule : sequence of (when, factor) or None, default=None
        Factor of the learning rate, as in :class:`Adam`.

    Examples
    --------
    >>> from fdgm.options import RMSprop
    >>> RMSprop(0.0001, schedule=((400, 0.5), (800, 0.25))).lr
    0.0001
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Optimizer._parameter_constraints,
        "smoothing": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        lr: float | None = None,
        *,
        smoothing: float = 0.9,
        schedule: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        self.lr = lr
        self.smoothing = smoothing
        self.schedule = schedule

    def make(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return _RMSprop(parameters, lr=self._number("lr"), alpha=self.smoothing)


class _RMSprop(torch.optim.RMSprop):
    """RMSprop whose state is float32 like the parameters, whatever the user's default dtype and device are."""

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and not self.state[parameter]:
                    self.state[parameter] = {
                        "step": torch.zeros((), dtype=torch.float32, device="cpu"),
                        "square_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                    }
        return super().step(closure)
