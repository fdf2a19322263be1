"""Logistic regression of one sample against the other."""

from torch import Tensor
from torch.nn.functional import softplus

from ._base import Objective

__all__ = ["Logistic"]


class Logistic(Objective):
    """E_p[log(1 + e^−T)] + E_q[log(1 + e^T)].

    The two means are summed, not pooled, so that the optimum is T = log dP/dQ whatever the sizes of the samples;
    pooled, T would carry log n_p/n_q. At P = Q the loss is 2 log 2.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import Logistic
    >>> Logistic().loss(torch.zeros(3), torch.zeros(5))
    tensor(1.3863)
    """

    antisymmetric = True

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return softplus(-output_p).mean() + softplus(output_q).mean()

    def log_ratio(self, output: Tensor) -> Tensor:
        return output
