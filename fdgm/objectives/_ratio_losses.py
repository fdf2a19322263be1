"""Losses of the ratio itself, with the ratio softplus(output)."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ._base import Objective

__all__ = ["KLIEPObjective", "LSIFObjective"]

_SMALL = -15.0  # below this, log softplus(v) equals v to within e^-15/2


class LSIFObjective(Objective):
    """Least squares on the ratio, E_q[r²]/2 − E_p[r], which is E_q[(r − dP/dQ)²]/2 up to a constant.

    The ratio is r = softplus(output), which is positive and has slope at most 1 in the output. One large output thus
    cannot dominate training, as it would if the output were log r. At P = Q the loss is −1/2.

    In a GAN the generator descends what the critic ascends. Its samples follow r² ∇T, the gradient of half the Pearson
    divergence of (data‖model).

    References
    ----------
    Kanamori, Hido and Sugiyama, "A Least-squares Approach to Direct Importance Estimation", JMLR 10, 2009, equation 3.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import LSIFObjective
    >>> at_one = LSIFObjective().optimum(torch.zeros(4))
    >>> LSIFObjective().loss(at_one, at_one)
    tensor(-0.5000)
    """

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return softplus(output_q).square().mean() / 2 - softplus(output_p).mean()

    def log_ratio(self, output: Tensor) -> Tensor:
        return _log_softplus(output)

    def generator_loss(self, output: Tensor) -> Tensor:
        # The squares do not determine log r where r is almost 0, so the generator could not learn from log r.
        return -softplus(output).square().mean() / 2

    def optimum(self, log_ratio: Tensor) -> Tensor:
        return _log_softplus_inverse(log_ratio)


class KLIEPObjective(Objective):
    """Likelihood of the ratio, E_q[r] − E_p[log r] − 1, with the minimum −KL(P‖Q).

    KLIEP maximises E_p[log r] subject to E_q[r] = 1. The multiplier of this constraint is 1, so the optimum of the
    loss satisfies the constraint. The ratio is r = softplus(output), as in :class:`LSIFObjective`. At P = Q the loss
    is 0.

    References
    ----------
    Sugiyama et al., "Direct importance estimation for covariate shift adaptation", Annals of the Institute of
    Statistical Mathematics 60, 2008, equation 9.
    """

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return softplus(output_q).mean() - _log_softplus(output_p).mean() - 1

    def log_ratio(self, output: Tensor) -> Tensor:
        return _log_softplus(output)

    def optimum(self, log_ratio: Tensor) -> Tensor:
        return _log_softplus_inverse(log_ratio)


def _log_softplus(v: Tensor) -> Tensor:
    return torch.where(v < _SMALL, v, softplus(v.clamp(min=_SMALL)).log())


def _log_softplus_inverse(l: Tensor) -> Tensor:
    """log(e^r − 1) at r = e^l."""
    r = l.exp()
    return torch.where(l < _SMALL, l, r + torch.log(-torch.expm1(-r.clamp(min=torch.finfo(l.dtype).tiny))))
