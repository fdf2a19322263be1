"""The hinge of geometric GAN, SAGAN and BigGAN."""

from torch import Tensor
from torch.nn.functional import relu

from ._base import Objective

__all__ = ["Hinge"]


class Hinge(Objective):
    """Hinge loss E_p[max(0, 1 − D)] + E_q[max(0, 1 + D)], whose optimum is the sign of the log-ratio.

    As in DGflow, the output stands in for the log-ratio. It has the right sign, but not the right size. At P = Q the
    loss is 2.

    References
    ----------
    Lim and Ye, "Geometric GAN", 2017, equation 2; Ansari, Ang and Soh, "Refining Deep Generative Models via
    Discriminator Gradient Flow", ICLR 2021, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import Hinge
    >>> Hinge().loss(torch.tensor([2.0]), torch.tensor([0.0]))
    tensor(1.)
    """

    exact = False
    antisymmetric = True

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return relu(1 - output_p).mean() + relu(1 + output_q).mean()

    def log_ratio(self, output: Tensor) -> Tensor:
        return output

    def optimum(self, log_ratio: Tensor) -> Tensor:
        return log_ratio.sign()
