"""Arimoto's divergences, a family of powers that are all symmetric."""

import math
from numbers import Real

import torch
from torch import Tensor

from fdgm.divergences import Divergence

__all__ = ["Arimoto"]


def _log1p_exp(x: Tensor) -> Tensor:
    """log(1 + e^x). torch's softplus is x itself from 20 on, which is 2e-9 short in float64."""
    return torch.logaddexp(x, torch.zeros_like(x))


class Arimoto(Divergence):
    """f(r) = β/(β − 1) · [(1 + r^β)^(1/β) − 2^(1/β − 1) (1 + r)]: squared Hellinger at β = ½, total variation at ∞.

    Symmetric for every β, and a power of it is a metric.

    Parameters
    ----------
    beta : float, default=2.0
        Any finite number above 0 but 1, whose limit is ``js``.

    Raises
    ------
    ValueError
        When first used, if `beta` is out of range.

    References
    ----------
    Österreicher and Vajda, "A new class of metric divergences on probability spaces and its applicability in
    statistics", Annals of the Institute of Statistical Mathematics 55, 2003, equation 4.
    """

    def __init__(self, beta: float = 2.0) -> None:
        self.beta = beta

    @property
    def _b(self) -> float:
        b = self.beta
        if not isinstance(b, Real) or not math.isfinite(b) or b <= 0 or b == 1:
            raise ValueError(f"beta of Arimoto must be a finite number above 0 other than 1 (use 'js'), got {b!r}.")
        return float(b)

    def f(self, l: Tensor) -> Tensor:
        b = self._b
        top = torch.relu(l)  # the larger exponent of 1 + r, taken out so that nothing overflows but the result
        norm = (_log1p_exp(b * l) / b - top).exp()
        return b / (b - 1) * top.exp() * (norm - 2 ** (1 / b - 1) * ((-top).exp() + (l - top).exp()))

    def f_prime(self, l: Tensor) -> Tensor:
        b = self._b
        return b / (b - 1) * ((-(b - 1) / b * _log1p_exp(-b * l)).exp() - 2 ** (1 / b - 1))

    def log_weight(self, l: Tensor) -> Tensor:
        b = self._b
        return math.log(b) + (b - 1) * l + (1 / b - 2) * _log1p_exp(b * l)

    @property
    def dual(self) -> Divergence:
        return self
