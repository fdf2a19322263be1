"""The divergence behind the logD trick."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ._base import Divergence

__all__ = ["LogD"]


class LogD(Divergence):
    """f(r) = (r + 1) log(r + 1) − 2 log 2: what a GAN's generator follows under the logD trick.

    References
    ----------
    Gao et al., ICML 2019, theorem 3.1.
    """

    def f(self, l: Tensor) -> Tensor:
        # log(1 + e^x) is −logsigmoid(−x): torch's softplus is x itself from 20 on, which is 2e-9 short in float64.
        return -(l.exp() + 1) * logsigmoid(-l) - 2 * math.log(2)

    def f_prime(self, l: Tensor) -> Tensor:
        return 1 - logsigmoid(-l)

    def log_weight(self, l: Tensor) -> Tensor:
        return logsigmoid(l)

    def conjugate(self, t: Tensor) -> Tensor:
        # Below t = 1 = f'(0) the supremum is at r = 0, where f(0) = −2 log 2.
        return torch.where(t > 1, (t - 1).exp() - t, 0.0) + 2 * math.log(2)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        return l.exp() + logsigmoid(-l) + 2 * math.log(2)
