"""Divergences of P and Q from their mixture, skewed: from one direction to the other as the skew goes from 0 to 1."""

import math
from numbers import Real

import torch
from torch import Tensor

from fdgm.divergences import Divergence

__all__ = ["SkewChi2", "SkewJensenShannon"]


def _checked(divergence: Divergence, skew: float) -> float:
    if not isinstance(skew, Real) or not 0 < skew < 1:
        raise ValueError(
            f"skew of {type(divergence).__name__} must be a number strictly between 0 and 1, got {skew!r}."
        )
    return float(skew)


def _log_m(s: float, l: Tensor) -> Tensor:
    """m = s r + 1 − s is the density of s P + (1 − s) Q relative to Q's."""
    return torch.logaddexp(l + math.log(s), torch.full_like(l, math.log1p(-s)))


def _log_m_over_r(s: float, l: Tensor) -> Tensor:
    return _log_m(1 - s, -l)


class SkewJensenShannon(Divergence):
    """f(r) = (s r log r − m log m)/(s (1 − s)): from `kl` at s → 0 by twice `js` at ½ to `reverse_kl` at s → 1.

    Lin's Jensen–Shannon divergence of weights s and 1 − s, over their product so that neither end vanishes.

    Parameters
    ----------
    skew : float in (0, 1), default=0.5

    References
    ----------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37, 1991,
    section IV.
    Huszár, "How (not) to train your generative model", 2015, section 3.
    """

    def __init__(self, skew: float = 0.5) -> None:
        self.skew = skew

    def f(self, l: Tensor) -> Tensor:
        s = _checked(self, self.skew)
        return -(l.exp() * _log_m_over_r(s, l) / (1 - s) + _log_m(s, l) / s)

    def f_prime(self, l: Tensor) -> Tensor:
        s = _checked(self, self.skew)
        return -_log_m_over_r(s, l) / (1 - s)

    def log_weight(self, l: Tensor) -> Tensor:
        return -_log_m(_checked(self, self.skew), l)

    @property
    def dual(self) -> Divergence:
        return SkewJensenShannon(1 - _checked(self, self.skew))


class SkewChi2(Divergence):
    """f(r) = (r − 1)²/m: from `pearson` at s → 0 by twice Le Cam's at ½ to `neyman` at s → 1.

    (1 − s)² of it is the relative Pearson divergence that RuLSIF estimates.

    Parameters
    ----------
    skew : float in (0, 1), default=0.5

    References
    ----------
    Le Cam, "Asymptotic Methods in Statistical Decision Theory", Springer, 1986, chapter 4.
    Yamada, Suzuki, Kanamori, Hachiya and Sugiyama, "Relative density-ratio estimation for robust distribution
    comparison", Neural Computation 25, 2013, section 2.
    """

    def __init__(self, skew: float = 0.5) -> None:
        self.skew = skew

    def _u(self, l: Tensor) -> Tensor:
        """(r − 1)/m, which is bounded: both are taken over the larger of r and 1."""
        top = torch.relu(l)
        return ((l - top).exp() - (-top).exp()) / (_log_m(_checked(self, self.skew), l) - top).exp()

    def f(self, l: Tensor) -> Tensor:
        return torch.expm1(l) * self._u(l)

    def f_prime(self, l: Tensor) -> Tensor:
        return self._u(l) * (1 + (-_log_m(_checked(self, self.skew), l)).exp())

    def log_weight(self, l: Tensor) -> Tensor:
        return math.log(2) + l - 3 * _log_m(_checked(self, self.skew), l)

    @property
    def dual(self) -> Divergence:
        return SkewChi2(1 - _checked(self, self.skew))
