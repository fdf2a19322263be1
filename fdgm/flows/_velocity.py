"""The velocity of the gradient flow of D_f(model‖data), and its Euler step."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..divergences import Scaling

__all__ = ["euler_step", "velocity"]


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


def euler_step(points: Tensor, direction: Tensor, step_size: float) -> Tensor:
    """points + step_size · direction."""
    return points.detach().add(direction, alpha=step_size)
