"""How a critic's output reads as log-odds: its sign, its scale and its offset, from held-out rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from scipy.special import expit, log_expit
from torch import Tensor

from ..persistence import State

__all__ = ["Reading"]

_INTERVAL = 1.96  # standard errors, for 95%
_NEWTON_STEPS = 50
_LEAST_ODDS = 1e-6  # probabilities are held this far from 0 and 1 before their logit


@dataclass(frozen=True)
class Reading:
    """Log-odds of data against samples as slope · T + offset.

    Parameters
    ----------
    slope, offset : float
    squashed : bool, default=False
        Whether T is a probability, of which the logit is taken first.
    error : float, default=0.0
        Standard error of the slope.
    loss : float, default=log 2
        Logistic loss on the rows that it was fitted on, the mean of the two classes' means.
    """

    slope: float = 1.0
    offset: float = 0.0
    squashed: bool = False
    error: float = 0.0
    loss: float = float(np.log(2))

    @property
    def sign(self) -> int:
        """1 or −1 if the interval of the slope leaves 0 out, else 0: T then says nothing of the data."""
        if abs(self.slope) <= _INTERVAL * self.error:
            return 0
        return 1 if self.slope > 0 else -1

    @classmethod
    def learned(cls, t_p: Tensor, t_q: Tensor) -> Self:
        """Fit it on T of held-out real rows (n,) and of samples (m,), each class with a weight of one half."""
        raw = np.concatenate([t.detach().cpu().numpy().astype(np.float64) for t in (t_p, t_q)])
        largest = float(np.finfo(np.float32).max)
        raw = np.nan_to_num(raw, nan=0.0, posinf=largest, neginf=-largest)
        squashed = bool((raw >= 0).all() and (raw <= 1).all() and np.ptp(raw) > 0)
        if squashed:
            held = raw.clip(_LEAST_ODDS, 1 - _LEAST_ODDS)
            raw = np.log(held) - np.log1p(-held)
        center, scale = raw.mean(), raw.std()
        if not scale > 0:
            return cls(0.0, 0.0, squashed)
        is_real = np.repeat([1.0, 0.0], [len(t_p), len(t_q)])
        weights = np.where(is_real > 0, 0.5 / len(t_p), 0.5 / len(t_q))
        (slope, offset), error = _logistic((raw - center) / scale, is_real, weights)
        odds = slope * (raw - center) / scale + offset
        loss = -float(weights @ log_expit(np.where(is_real > 0, odds, -odds)))
        return cls(float(slope / scale), float(offset - slope * center / scale), squashed, float(error / scale), loss)

    def of(self, log_ratio: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """The log-odds as a function of points."""

        def log_odds(points: Tensor) -> Tensor:
            t = log_ratio(points)
            if self.squashed:
                t = torch.logit(t, eps=_LEAST_ODDS)
            return self.slope * t + self.offset

        return log_odds

    def to_state(self) -> State:
        """For a file."""
        return State({}, {name: getattr(self, name) for name in ("slope", "offset", "squashed", "error", "loss")})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore what `to_state` gave."""
        numbers = {name: state.number(name, -1e300, 1e300) for name in ("slope", "offset", "error", "loss")}
        return cls(squashed=state.choice("squashed", (False, True)), **numbers)


def _logistic(z: np.ndarray, label: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Slope and offset of a weighted logistic regression, and the slope's standard error, whatever the model's truth.

    A ridge of one observation in all keeps the slope finite where T separates the classes.
    """
    X = np.column_stack([z, np.ones_like(z)])
    ridge = np.diag([1.0 / len(z), 0.0])
    beta = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        p = expit(X @ beta)
        slope = X.T @ (weights * (p - label)) + ridge @ beta
        hessian = (X * (weights * np.maximum(p * (1 - p), 1e-12))[:, None]).T @ X + ridge
        step = np.linalg.solve(hessian, slope)
        beta -= step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    scores = X * (weights * (expit(X @ beta) - label))[:, None]
    inverse = np.linalg.inv(hessian)
    return beta, float(np.sqrt((inverse @ (scores.T @ scores) @ inverse)[0, 0]))
