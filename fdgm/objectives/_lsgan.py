"""Least squares on the labels."""

from torch import Tensor

from ._base import Objective

__all__ = ["LSGAN"]

_EDGE = 1e-4  # outputs are clamped this far inside (0, 1) before their logit, which is then at most 9.2


class LSGAN(Objective):
    """Least squares E_p[(D − 1)²]/2 + E_q[D²]/2: it regresses the labels, and its optimum is p/(p + q).

    The log-ratio is the logit of the output. The output is first clamped to [1e-4, 1 − 1e-4], since a regression may
    pass 0 or 1. Beyond these bounds the log-ratio has no gradient. At P = Q the loss is 1/4.

    References
    ----------
    Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, equation 9.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import LSGAN
    >>> LSGAN().log_ratio(torch.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
    """

    antisymmetric = True

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return ((output_p - 1).square().mean() + output_q.square().mean()) / 2

    def log_ratio(self, output: Tensor) -> Tensor:
        return output.logit(_EDGE)

    def generator_loss(self, output: Tensor) -> Tensor:
        return (output - 1).square().mean() / 2

    def optimum(self, log_ratio: Tensor) -> Tensor:
        return log_ratio.sigmoid()
