"""Pearson's χ² divergence, and Neyman's, its dual."""

import math

import torch
from torch import Tensor

from ._base import Divergence

__all__ = ["Neyman", "Pearson"]


class Pearson(Divergence):
    """∫(p − q)²/q, f(r) = (r − 1)²."""

    def f(self, l: Tensor) -> Tensor:
        return torch.expm1(l).square()

    def f_prime(self, l: Tensor) -> Tensor:
        return 2 * torch.expm1(l)

    def log_weight(self, l: Tensor) -> Tensor:
        return l + math.log(2)

    @property
    def dual(self) -> Divergence:
        return Neyman()

    def conjugate(self, t: Tensor) -> Tensor:
        # Below t = −2 = f'(0) the supremum is at r = 0, where f(0) = 1.
        return torch.where(t >= -2, t * t / 4 + t, -1.0)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return torch.expm1(2 * l)

    def log_ratio_from_output(self, v: Tensor) -> Tensor:
        # An output below −2 is no slope of f. It stands for a ratio of 0.
        return torch.log1p((v / 2).clamp(min=torch.finfo(v.dtype).eps - 1))

    def output_from_log_ratio(self, l: Tensor) -> Tensor:
        return 2 * torch.expm1(l)

    def output_activation(self, v: Tensor) -> Tensor:
        # The published map is the identity on the whole line, although below −2 it is no f'(r).
        return v

    def conjugate_of_output(self, v: Tensor) -> Tensor:
        return self.conjugate(v)


class Neyman(Divergence):
    """∫(p − q)²/p, f(r) = (r − 1)²/r."""

    def f(self, l: Tensor) -> Tensor:
        return 4 * torch.sinh(l / 2).square()

    def f_prime(self, l: Tensor) -> Tensor:
        return -torch.expm1(-2 * l)

    def log_weight(self, l: Tensor) -> Tensor:
        return math.log(2) - 2 * l

    @property
    def dual(self) -> Divergence:
        return Pearson()

    def conjugate(self, t: Tensor) -> Tensor:
        return torch.where(t <= 1, 2 - 2 * (1 - t).clamp(min=0).sqrt(), torch.inf)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return -2 * torch.expm1(-l)
