"""Twice the Jensen–Shannon divergence, in its own form and in f-GAN's."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ._base import Divergence

__all__ = ["GAN", "JensenShannon"]

_LOG2 = math.log(2)

# log(1 + e^x) is −logsigmoid(−x) below: torch's softplus is x itself from 20 on, which is 2e-9 short in float64.


def _r_log1p_inverse(l: Tensor) -> Tensor:
    """r log(1 + 1/r), which tends to 1: past l = 40 it is 1 in every dtype, while r itself overflows."""
    l = l.clamp(max=40)
    return -l.exp() * logsigmoid(l)


class JensenShannon(Divergence):
    """2 JS(P, Q), f(r) = r log r − (r + 1) log((r + 1)/2); reports halve it."""

    def f(self, l: Tensor) -> Tensor:
        return l.exp() * _LOG2 - _r_log1p_inverse(l) + logsigmoid(-l) + _LOG2

    def f_prime(self, l: Tensor) -> Tensor:
        return logsigmoid(l) + _LOG2

    def log_weight(self, l: Tensor) -> Tensor:
        return logsigmoid(-l)

    @property
    def dual(self) -> Divergence:
        return self

    def conjugate(self, t: Tensor) -> Tensor:
        return torch.where(t < _LOG2, -torch.log(2 - t.exp()), torch.inf)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return -logsigmoid(-l) - _LOG2


class GAN(Divergence):
    """f-GAN's "GAN", f(r) = r log r − (r + 1) log(r + 1) + 2 log 2: 2 JS up to a multiple of r − 1."""

    def f(self, l: Tensor) -> Tensor:
        return 2 * _LOG2 - _r_log1p_inverse(l) + logsigmoid(-l)

    def f_prime(self, l: Tensor) -> Tensor:
        return logsigmoid(l)

    def log_weight(self, l: Tensor) -> Tensor:
        return logsigmoid(-l)

    def conjugate(self, t: Tensor) -> Tensor:
        return torch.where(t < 0, -torch.log(-torch.expm1(t)) - 2 * _LOG2, torch.inf)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return -logsigmoid(-l) - 2 * _LOG2
