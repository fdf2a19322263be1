"""Logistic regression of one sample against the other, with several rules for the generator."""

from abc import ABC
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ._base import Objective

__all__ = ["Logistic", "LogisticCritic", "Minimax", "NonSaturating"]


class LogisticCritic(Objective, ABC):
    """Base class of the objectives whose critic is a logistic regression."""

    antisymmetric: ClassVar = True

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return softplus(-output_p).mean() + softplus(output_q).mean()

    def loss_and_slopes(self, output_p: Tensor, output_q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        loss = self.loss(output_p, output_q).detach()
        return loss, torch.sigmoid(-output_p).div_(-len(output_p)), torch.sigmoid(output_q).div_(len(output_q))

    def log_ratio(self, output: Tensor) -> Tensor:
        return output


class Logistic(LogisticCritic):
    """Logistic loss E_p[log(1 + e^−T)] + E_q[log(1 + e^T)].

    The two means are summed, not pooled. The optimum is therefore T = log dP/dQ, whatever the sizes of the samples.
    Pooled, T would contain log n_p/n_q. At P = Q the loss is 2 log 2.

    In a GAN the generator follows ∇T with weight one, as in AGE-ALL.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import Logistic
    >>> Logistic().loss(torch.zeros(3), torch.zeros(5))
    tensor(1.3863)
    """


class Minimax(LogisticCritic):
    """The minimax GAN: the generator descends what the critic ascends, E_q[log(1 − σ(T))].

    Its samples follow σ(T) ∇T, the gradient of twice the Jensen–Shannon divergence. This gradient vanishes where the
    critic is sure that they are not data.

    References
    ----------
    Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, equation 1.
    """

    def generator_loss(self, output: Tensor) -> Tensor:
        return -softplus(output).mean()


class NonSaturating(LogisticCritic):
    """The GAN with the logD trick: the generator ascends E_q[log σ(T)].

    Its samples follow σ(−T) ∇T, the gradient of D_logD(model‖data).

    References
    ----------
    Goodfellow et al., "Generative Adversarial Nets", NIPS 2014, section 3; Gao et al., "Deep Generative Learning via
    Variational Gradient Flow", ICML 2019, theorem 3.1.
    """

    def generator_loss(self, output: Tensor) -> Tensor:
        return softplus(-output).mean()
