"""The hinge of geometric GAN, SAGAN and BigGAN."""

from typing import NoReturn

from torch import Tensor
from torch.nn.functional import relu

from ._base import Objective

__all__ = ["Hinge"]


class Hinge(Objective):
    """E_p[max(0, 1 − D)] + E_q[max(0, 1 + D)].

    At its least D is 1 where p > q and −1 where p < q: it tells the sign of the log-ratio alone.

    References
    ----------
    Lim and Ye, "Geometric GAN", 2017.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import Hinge
    >>> Hinge().loss(torch.tensor([2.0]), torch.tensor([0.0]))
    tensor(1.)
    """

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return relu(1 - output_p).mean() + relu(1 + output_q).mean()

    def log_ratio(self, output: Tensor) -> NoReturn:
        """There is none.

        Raises
        ------
        ValueError
        """
        raise ValueError("A critic trained by the hinge tells the sign of the log-ratio alone: it has no log_ratio.")
