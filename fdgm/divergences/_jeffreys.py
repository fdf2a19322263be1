"""Jeffreys' divergence, the sum of the two Kullback–Leibler divergences."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ._base import Divergence

__all__ = ["Jeffreys"]


class Jeffreys(Divergence):
    """KL(P‖Q) + KL(Q‖P), f(r) = (r − 1) log r."""

    def f(self, l: Tensor) -> Tensor:
        return l * torch.expm1(l)

    def f_prime(self, l: Tensor) -> Tensor:
        return l - torch.expm1(-l)

    def log_weight(self, l: Tensor) -> Tensor:
        return -logsigmoid(l)  # log(1 + e^-l); torch's softplus would be 2e-9 short of it past 20

    @property
    def dual(self) -> Divergence:
        return self

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return l + torch.expm1(l)
