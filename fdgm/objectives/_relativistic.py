"""The relativistic pairing: a critic that tells which of two rows is data."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .._literals import Auto
from ..regularizers import R1R2, CriticRegularizer
from ._base import Objective

__all__ = ["Relativistic"]


class Relativistic(Objective):
    """Relativistic pairing E_p,q[log(1 + e^(D(y) − D(x)))], x of the data and y of the model, with bounded slopes.

    The critic tells which of two rows is data, so the model is never judged without data beside it. The mean is over
    all pairs of the two batches. At the optimum D is the log-ratio plus a constant, which the loss does not see.
    :class:`~fdgm.GANSampler` finds it from E_q[e^T] = 1; :class:`~fdgm.ratios.LogisticRatio` leaves it in. At P = Q
    the loss is log 2.

    The generator descends the same loss with the samples exchanged, E_p,q[log(1 + e^(D(x) − D(y)))].

    Parameters
    ----------
    penalty : float or "auto", default="auto"
        Weight γ of the penalty γ/2 (E_p‖∇D‖² + E_q‖∇D‖²), above 0. ``"auto"`` is 0.05 for each number of a row,
        and at most 10.

    References
    ----------
    Huang et al., "The GAN is dead; long live the GAN! A Modern Baseline GAN", NeurIPS 2024, equations 2 and 6;
    Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN", ICLR 2019.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import Relativistic
    >>> Relativistic().loss(torch.ones(3), torch.ones(5))
    tensor(0.6931)
    """

    antisymmetric = True
    relative = True
    learning_rates = (1e-3, 1e-3)
    betas = (0.0, 0.9)

    def __init__(self, penalty: float | Auto = "auto") -> None:
        self.penalty = penalty

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return softplus(output_q - output_p[:, None]).mean()

    def loss_and_slopes(self, output_p: Tensor, output_q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        margins = output_q - output_p[:, None]  # (n_p, n_q)
        slopes = torch.sigmoid(margins).div_(margins.numel())
        return softplus(margins).mean(), slopes.sum(dim=1).neg_(), slopes.sum(dim=0)

    def log_ratio(self, output: Tensor) -> Tensor:
        return output

    def paired_generator_loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return self.loss(output_q, output_p)

    @property
    def regularizers(self) -> tuple[CriticRegularizer, ...]:
        return (R1R2(self.penalty),)
