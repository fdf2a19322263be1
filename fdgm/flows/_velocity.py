"""The velocity of the gradient flow of D_f(model‖data), among samples or among the latents that made them."""

from collections.abc import Callable

import torch
from torch import Tensor

from .._ambient import undisturbed
from ..divergences import Scaling

__all__ = ["ValueAndGradient", "differentiated", "pull_back", "velocity"]

#: From points (n, *shape) to T (n,) and its gradients, of the points' shape, each in its own point.
ValueAndGradient = Callable[[Tensor], tuple[Tensor, Tensor]]


def differentiated(log_ratio: Callable[[Tensor], Tensor]) -> ValueAndGradient:
    """Return a function that gives T and ∇T by autograd. T must be differentiable and judge each point by itself."""

    @undisturbed()
    def value_and_gradient(points: Tensor) -> tuple[Tensor, Tensor]:
        points = points.detach()
        if points.is_inference():  # a copy is none, and can have a gradient
            points = points.clone()
        t = log_ratio(points.requires_grad_())  # (n,)
        (gradient,) = torch.autograd.grad(t.sum(), points)
        return t.detach(), gradient

    return value_and_gradient


@undisturbed()
def velocity(value_and_gradient: ValueAndGradient, points: Tensor, scaling: Scaling) -> tuple[Tensor, Tensor]:
    """v = weight_f(−T) ∇T at each point, with T = log p_data/p_model.

    Parameters
    ----------
    value_and_gradient : callable
        From points (n, *shape) to T (n,) and ∇T (n, *shape), as :func:`differentiated` makes it.
    points : Tensor of shape (n, *shape)
    scaling : Scaling

    Returns
    -------
    velocity : Tensor of shape (n, *shape)
        Gradients of each sample, not divided by the number of points.
    log_ratios : Tensor of shape (n,)

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, equation 7: v = −∇f'(r) with
    r the ratio of model to data, so that its log is −T.
    """
    t, gradient = value_and_gradient(points)
    weight = scaling.weight(-t).view(-1, *[1] * (points.dim() - 1))
    return weight * gradient, t


def pull_back(
    log_ratio: Callable[[Tensor], Tensor], generator: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """Return T∘g, the log-ratio as a function of latents.

    For an injective generator it is the log-ratio of two latent distributions, the one that g maps to the data and the
    prior.

    References
    ----------
    Ansari, Ang and Soh, ICLR 2021, lemma 3.2.
    """
    return lambda latents: log_ratio(generator(latents))
