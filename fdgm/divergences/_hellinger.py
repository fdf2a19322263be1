"""The squared Hellinger distance, unnormalised."""

import math

import torch
from torch import Tensor

from ._base import Divergence

__all__ = ["SquaredHellinger"]


class SquaredHellinger(Divergence):
    """∫(√p − √q)², f(r) = (√r − 1)²: between 0 and 2."""

    def f(self, l: Tensor) -> Tensor:
        return torch.expm1(l / 2).square()

    def f_prime(self, l: Tensor) -> Tensor:
        return -torch.expm1(-l / 2)

    def log_weight(self, l: Tensor) -> Tensor:
        return -l / 2 - math.log(2)

    @property
    def dual(self) -> Divergence:
        return self

    def conjugate(self, t: Tensor) -> Tensor:
        return torch.where(t < 1, t / (1 - t), torch.inf)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return torch.expm1(l / 2)

    def log_ratio_from_output(self, v: Tensor) -> Tensor:
        return 2 * v

    def output_from_log_ratio(self, l: Tensor) -> Tensor:
        return l / 2
