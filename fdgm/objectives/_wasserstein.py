"""The Wasserstein distance between samples, by a critic with bounded slope."""

from abc import ABC

from torch import Tensor

from ..regularizers import CriticRegularizer, GradientPenalty, WeightClip
from ._base import Objective

__all__ = ["WGAN", "WGANGP"]


class _Potential(Objective, ABC):
    """Base class of the objectives whose critic is a Kantorovich potential."""

    exact = False
    antisymmetric = True
    n_critic_steps = 5
    learning_rates = (5e-4, 2e-4)  # the slope stays even when samples reach the data, so they must slow down

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        return output_q.mean() - output_p.mean()

    def log_ratio(self, output: Tensor) -> Tensor:
        return output

    def optimum(self, log_ratio: Tensor) -> Tensor:
        raise NotImplementedError(
            f"optimum of {type(self).__name__} is a potential, which no single point's log-ratio determines."
        )


class WGANGP(_Potential):
    """Wasserstein loss E_q[D] − E_p[D], with critic slopes held to 1 by a gradient penalty: its minimum is −W₁(P, Q).

    As in DGflow, the output stands in for the log-ratio. It is a Kantorovich potential: moving along its gradient
    brings Q to P. But it is no ratio, and is known only up to a constant.

    Parameters
    ----------
    penalty : float, default=10.0
        Weight of the gradient penalty.
    two_sided : bool, default=True
        Whether slopes below 1 are penalised too.

    References
    ----------
    Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, equation 3; Ansari, Ang and Soh,
    "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, appendix B.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import WGANGP
    >>> WGANGP().loss(torch.ones(3), torch.zeros(5))
    tensor(-1.)
    """

    def __init__(self, penalty: float = 10.0, *, two_sided: bool = True) -> None:
        self.penalty = penalty
        self.two_sided = two_sided

    @property
    def regularizers(self) -> tuple[CriticRegularizer, ...]:
        return (GradientPenalty(self.penalty, two_sided=self.two_sided),)


class WGAN(_Potential):
    """As :class:`WGANGP`, but the critic's slope is bounded by clipping each of its weights.

    Parameters
    ----------
    limit : float, default=0.05
        The largest absolute value of a weight. The published value is 0.01, for deep convolutions. The bound on the
        slope, and with it the scale of the output, depends on the limit and on the architecture.

    References
    ----------
    Arjovsky, Chintala and Bottou, "Wasserstein Generative Adversarial Networks", ICML 2017, algorithm 1.
    """

    def __init__(self, limit: float = 0.05) -> None:
        self.limit = limit

    @property
    def regularizers(self) -> tuple[CriticRegularizer, ...]:
        return (WeightClip(self.limit),)
