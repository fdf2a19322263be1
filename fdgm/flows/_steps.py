"""Explicit steps along a velocity, with and without diffusion."""

import math

import torch
from torch import Tensor

__all__ = ["euler_maruyama_step", "euler_step", "shortened"]


def euler_step(points: Tensor, direction: Tensor, step_size: float) -> Tensor:
    """points + step_size · direction."""
    return points.detach().add(direction, alpha=step_size)


def euler_maruyama_step(
    points: Tensor, direction: Tensor, step_size: float, noise: float, source: torch.Generator
) -> Tensor:
    """points + η · direction + √(2ηγ) ξ, with ξ standard normal.

    Parameters
    ----------
    points, direction : Tensor of shape (n, *shape)
    step_size : float
        η.
    noise : float, at least 0
        γ. At 0 nothing is drawn.
    source : Generator
        On the CPU. ξ is drawn there for points of any device, so that every device gets the same noise.

    References
    ----------
    Ansari, Ang and Soh, "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, equation 8. The
    unadjusted Langevin step of Che et al., "Your GAN is Secretly an Energy-based Model", NeurIPS 2020, is this one
    along ∇(log p_Z + T∘g), at half of its ε and with the square of its noise scale as γ.
    """
    moved = euler_step(points, direction, step_size)
    if noise == 0:
        return moved
    xi = torch.randn(points.shape, generator=source, dtype=points.dtype, device=source.device).to(points.device)
    return moved.add_(xi, alpha=math.sqrt(2 * step_size * noise))


def shortened(direction: Tensor, longest: float) -> Tensor:
    """Directions (n, *shape), with those that are longer than `longest` shortened to it."""
    if math.isinf(longest):
        return direction
    lengths = direction.flatten(1).norm(dim=1).clamp(min=torch.finfo(direction.dtype).tiny)
    return direction * (longest / lengths).clamp(max=1.0).view(-1, *[1] * (direction.dim() - 1))
