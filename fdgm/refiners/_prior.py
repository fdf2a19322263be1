"""Distributions of latents, and their supports."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Prior"]


@dataclass(frozen=True)
class Prior:
    """Standard normal latents, or uniform latents between bounds.

    Parameters
    ----------
    size : int
        Number of latents of one sample.
    bounds : (float, float) or None
        Bounds of the uniform distribution. None is the normal distribution.
    """

    size: int
    bounds: tuple[float, float] | None = None

    def sample(self, n: int, source: torch.Generator) -> Tensor:
        """Draw n latents (n, size), with the randomness of `source`, on the CPU."""
        if self.bounds is None:
            return torch.randn(n, self.size, generator=source, dtype=torch.float32, device=source.device)
        low, high = self.bounds
        return low + (high - low) * torch.rand(
            n, self.size, generator=source, dtype=torch.float32, device=source.device
        )

    def log_density(self, latents: Tensor) -> Tensor:
        """log p_Z (n,) inside the support, up to a constant."""
        if self.bounds is None:
            return -latents.square().sum(1) / 2
        return latents.new_zeros(len(latents))

    def contains(self, latents: Tensor) -> Tensor:
        """A mask (n,) of the latents in the support."""
        if self.bounds is None:
            return torch.ones(len(latents), dtype=torch.bool, device=latents.device)
        low, high = self.bounds
        return ((latents >= low) & (latents <= high)).all(1)

    def reflected(self, latents: Tensor) -> Tensor:
        """Reflect latents at the bounds, as often as needed.

        Reflection keeps the uniform distribution, whatever the step's noise. A clamp would leave atoms at the bounds.
        """
        if self.bounds is None:
            return latents
        low, high = self.bounds
        width = high - low
        folded = (high - (torch.remainder(latents - low, 2 * width) - width).abs()).clamp(low, high)
        return torch.where((latents >= low) & (latents <= high), latents, folded)

    def diffused(self, latents: Tensor, time: float, source: torch.Generator) -> Tensor:
        """Latents (n, size) after a diffusion of this duration that leaves the prior as it is.

        Normal latents follow the Ornstein–Uhlenbeck process, uniform ones Brownian motion that is reflected at the
        bounds. Both are exact for any duration.
        """
        shape, dtype = latents.shape, latents.dtype
        xi = torch.randn(shape, generator=source, dtype=dtype, device=source.device).to(latents.device)
        if self.bounds is None:
            return math.exp(-time) * latents + math.sqrt(-math.expm1(-2 * time)) * xi
        return self.reflected(latents + math.sqrt(2 * time) * xi)

    def proposed(self, latents: Tensor, beta: float, source: torch.Generator) -> Tensor:
        """Proposals (n, size) for a Markov chain, whose stationary distribution without rejection is the prior.

        Normal latents are proposed by preconditioned Crank–Nicolson, √(1 − β²) u + βξ. Uniform ones take a step of
        β half-widths times ξ, reflected at the bounds.
        """
        if self.bounds is not None:
            low, high = self.bounds
            return self.diffused(latents, (beta * (high - low) / 2) ** 2 / 2, source)
        xi = torch.randn(latents.shape, generator=source, dtype=latents.dtype, device=source.device)
        return math.sqrt(1 - beta**2) * latents + beta * xi.to(latents.device)

    def nearest(self, latents: Tensor) -> Tensor:
        """The points of the support nearest to the latents."""
        return latents if self.bounds is None else latents.clamp(*self.bounds)
