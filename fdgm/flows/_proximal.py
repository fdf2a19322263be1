"""The backward-Euler step of the KL flow: discriminator optimal transport."""

from collections.abc import Callable

import torch
from torch import Tensor

from .._ambient import undisturbed

__all__ = ["proximal_step"]


@undisturbed()
def proximal_step(
    log_ratio: Callable[[Tensor], Tensor],
    points: Tensor,
    step_size: float,
    *,
    n_iter: int,
    lr: float,
    betas: tuple[float, float] = (0.0, 0.9),
    nearest: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """arg min of −T(u) + ‖u − points‖²/(2 · step_size), where −T = f'(model/data) of f' = log, less a constant.

    Adam descends from the points themselves. It treats each number separately, so the rows are independent problems.

    Parameters
    ----------
    log_ratio : callable
        From points (n, *shape) to T (n,), differentiable, row by row.
    points : Tensor of shape (n, *shape)
    step_size : float
        λ: a larger one lets the step lead farther.
    n_iter : int
        Updates of the inner problem.
    lr : float
        Learning rate of the updates. Each update moves a number by about this much.
    betas : tuple of two floats in [0, 1)
    nearest : callable or None, default=None
        Map from points to the nearest ones that are allowed, applied after each update. None allows all.

    References
    ----------
    Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, equation 17; Ansari, Ang and Soh, ICLR 2021, section 4,
    for the step as backward Euler.
    """
    start = points.detach()
    u = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([u], lr=lr, betas=betas, fused=True)  # the others count steps on the default device
    for _ in range(n_iter):
        objective = (u - start).square().sum() / (2 * step_size) - log_ratio(u).sum()
        (u.grad,) = torch.autograd.grad(objective, u)
        optimizer.step()
        if nearest is not None:
            with torch.no_grad():
                u.copy_(nearest(u))
    return u.detach()
