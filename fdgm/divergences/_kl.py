"""Kullback–Leibler, and the same with its arguments exchanged."""

import torch
from torch import Tensor

from ._base import Divergence

__all__ = ["KL", "ReverseKL"]


class KL(Divergence):
    """KL(P‖Q), f(r) = r log r."""

    def f(self, l: Tensor) -> Tensor:
        return l * l.exp()

    def f_prime(self, l: Tensor) -> Tensor:
        return l + 1

    def log_weight(self, l: Tensor) -> Tensor:
        return torch.zeros_like(l)

    @property
    def dual(self) -> Divergence:
        return ReverseKL()

    def conjugate(self, t: Tensor) -> Tensor:
        return (t - 1).exp()

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return l.exp()

    def log_ratio_from_output(self, v: Tensor) -> Tensor:
        return v - 1

    def output_from_log_ratio(self, l: Tensor) -> Tensor:
        return l + 1


class ReverseKL(Divergence):
    """KL(Q‖P), f(r) = −log r."""

    def f(self, l: Tensor) -> Tensor:
        return -l

    def f_prime(self, l: Tensor) -> Tensor:
        return -(-l).exp()

    def log_weight(self, l: Tensor) -> Tensor:
        return -l

    @property
    def dual(self) -> Divergence:
        return KL()

    def conjugate(self, t: Tensor) -> Tensor:
        return torch.where(t < 0, -1 - (-t).log(), torch.inf)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return l - 1
