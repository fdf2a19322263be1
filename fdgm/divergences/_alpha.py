"""The alpha family."""

import math
from numbers import Real

import torch
from torch import Tensor

from ._base import Divergence

__all__ = ["Alpha"]


class Alpha(Divergence):
    """f(r) = (r^α − αr + α − 1) / (α(α − 1)). It is half of Pearson's at α = 2, and twice squared Hellinger at ½.

    Parameters
    ----------
    alpha : float, default=0.5
        Any finite number except 0 and 1, where the limits are ``reverse_kl`` and ``kl``.

    Raises
    ------
    ValueError
        When first used, if `alpha` is 0, 1 or not finite.
    """

    def __init__(self, alpha: float = 0.5) -> None:
        self.alpha = alpha

    @property
    def _a(self) -> float:
        a = self.alpha
        if not isinstance(a, Real) or not math.isfinite(a) or a in (0, 1):
            raise ValueError(
                f"alpha of Alpha must be a finite number other than 0 (use 'reverse_kl') and 1 (use 'kl'), got {a!r}."
            )
        return float(a)

    def f(self, l: Tensor) -> Tensor:
        a = self._a
        return (torch.expm1(a * l) - a * torch.expm1(l)) / (a * (a - 1))

    def f_prime(self, l: Tensor) -> Tensor:
        a = self._a
        return torch.expm1((a - 1) * l) / (a - 1)

    def log_weight(self, l: Tensor) -> Tensor:
        return (self._a - 1) * l

    @property
    def dual(self) -> Divergence:
        return Alpha(1 - self._a)

    def conjugate(self, t: Tensor) -> Tensor:
        a = self._a
        base = 1 + (a - 1) * t  # r^(α−1) at the supremum
        # Where it is not positive no r has this slope: the supremum is at r = 0 for α > 1 and at infinity below.
        # (0 < α < 1 and α < 0 alike: f' is bounded above, by 1/(1 − α).)
        outside = -1 / a if a > 1 else torch.inf
        inside = torch.expm1(a / (a - 1) * base.clamp(min=torch.finfo(t.dtype).tiny).log()) / a
        return torch.where(base > 0, inside, outside)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return torch.expm1(self._a * l) / self._a
