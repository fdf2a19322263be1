"""One stretch of a plan of refinement."""

import math
from dataclasses import dataclass
from typing import Any, Self

import torch

from ..exceptions import FileError
from ..persistence import State
from ._ends import Ends
from ._points import SPACES

__all__ = ["Leg"]


@dataclass(frozen=True)
class Leg:
    """Steps of one size along one log-ratio, in one space.

    Parameters
    ----------
    n_steps : int, at least 0
    step_size : float
        η, in squared standard deviations per unit of T.
    stage : int, default=0
        Number of the log-ratio: 0 is the first one.
    space : {"data", "latent"}, default="data"
        Where points move.
    noise : float, at least 0, default=0.0
        γ, the weight of entropy.
    keeps_prior : bool, default=False
        Whether the step of latents also pulls towards their prior, in proportion to γ.
    reach : float, default=inf
        Trust region: the greatest distance of one step, without the noise. Longer steps are shortened to it.
    ends : Ends or None, default=None
        Where single samples stop. None takes every step with every sample.
    """

    n_steps: int
    step_size: float
    stage: int = 0
    space: str = "data"
    noise: float = 0.0
    keeps_prior: bool = False
    reach: float = math.inf
    ends: Ends | None = None

    def to_state(self) -> State:
        """For a file."""
        json = {
            "n_steps": self.n_steps,
            "step_size": self.step_size,
            "stage": self.stage,
            "space": self.space,
            "noise": self.noise,
            "keeps_prior": self.keeps_prior,
            "reach": None if math.isinf(self.reach) else self.reach,
        }
        if self.ends is None:
            return State({}, json)
        return State({"ends": torch.stack([self.ends.samples, self.ends.held_out])}, json)

    @classmethod
    def from_state(cls, state: State, n_stages: int) -> Self:
        """Restore what `to_state` gave, for a plan with so many log-ratios."""
        ends = None
        if state.has("ends"):
            samples, held_out = state.tensor("ends", (2, None), torch.float32)
            if len(samples) < 2 or not bool((samples.diff() >= 0).all() and (held_out.diff() >= 0).all()):
                raise FileError("ends must be growing quantiles, two at least, and are not")
            ends = Ends(samples, held_out)
        reach: Any = state.value("reach")
        return cls(
            n_steps=state.integer("n_steps", most=2**20),
            step_size=state.number("step_size", least=0.0),
            stage=state.integer("stage", most=n_stages - 1),
            space=state.choice("space", SPACES),
            noise=state.number("noise", least=0.0),
            keeps_prior=state.choice("keeps_prior", (False, True)),
            reach=math.inf if reach is None else state.number("reach", least=0.0),
            ends=ends,
        )
