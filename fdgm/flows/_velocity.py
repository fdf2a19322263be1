"""The velocity of the gradient flow of D_f(model‖data), among samples or among the latents that made them."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..divergences import Scaling

__all__ = ["pull_back", "velocity"]


def velocity(log_ratio: Callable[[Tensor], Tensor], points: Tensor, scaling: Scaling) -> tuple[Tensor, Tensor]:
    """v = weight_f(−T) ∇T at each point, with T = log p_data/p_model.

    Parameters
    ----------
    log_ratio : callable
        From points (n, *shape) to T (n,), differentiable, row by row.
    points : Tensor of shape (n, *shape)
    scaling : Scaling

    Returns
    -------
    velocity : Tensor of shape (n, *shape)
        Per-sample gradients: not divided by the number of points.
    log_ratios : Tensor of shape (n,)

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, equation 7: v = −∇f'(r) with
    r the ratio of model to data, so that its log is −T.
    """
    points = points.detach().requires_grad_()
    t = log_ratio(points)  # (n,)
    (gradient,) = torch.autograd.grad(t.sum(), points)
    t = t.detach()
    weight = scaling.weight(-t).view(-1, *[1] * (points.dim() - 1))
    return weight * gradient, t


def pull_back(
    log_ratio: Callable[[Tensor], Tensor], generator: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """T∘g, the log-ratio as a function of latents.

    For an injective generator it is the log-ratio of two latent laws: of the one that g maps to the data, and of the
    prior.

    References
    ----------
    Ansari, Ang and Soh, ICLR 2021, lemma 3.2.
    """
    return lambda latents: log_ratio(generator(latents))
