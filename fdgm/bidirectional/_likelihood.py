"""log p(x) of a Gaussian generator, by annealed importance sampling."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

__all__ = ["annealed_log_likelihood"]

_LEAPS = 10  # leapfrog steps of a transition
_ACCEPTED = 0.65  # target fraction of accepted proposals for step sizes: the best for HMC (Neal, 2011)
_STEEPNESS = 4.0  # of the sigmoid that temperatures follow: most of them near the prior and near the posterior


def annealed_log_likelihood(
    log_likelihood: Callable[[Tensor], Tensor],
    n: int,
    latent_size: int,
    *,
    n_temperatures: int,
    n_chains: int,
    source: torch.Generator,
) -> Tensor:
    """log ∫ N(z; 0, I) p(x|z) dz at each of n points, by Hamiltonian Monte Carlo from the prior to the posterior.

    With fixed step sizes the estimate of the integral is unbiased, so the estimate of its log is too low on average.
    Step sizes are adapted while the temperature changes, by all chains of a point together.

    Parameters
    ----------
    log_likelihood : callable
        Maps latents (n_chains * n, latent_size), chain by chain, to log p(x|z) (n_chains * n,).
    n : int
        Number of points.
    latent_size : int
    n_temperatures : int
        Number of distributions between the prior and the posterior, p(z) p(x|z)^β with β from 0 to 1.
    n_chains : int
        Number of chains for each point.
    source : Generator
        Randomness, on the device of the latents.

    Returns
    -------
    log_likelihood : Tensor of shape (n,), float64

    References
    ----------
    Neal, "Annealed importance sampling", Statistics and Computing, 2001.
    Wu, Burda, Salakhutdinov and Grosse, "On the Quantitative Analysis of Decoder-Based Generative Models", ICLR 2017.
    """
    device, m = source.device, n_chains * n
    z = torch.randn(m, latent_size, generator=source, dtype=torch.float32, device=device)
    step = torch.full((m, 1), 0.1, dtype=torch.float32, device=device)
    longer, shorter = (torch.tensor(factor, dtype=torch.float32, device=device) for factor in (1.02, 0.98))
    log_weight = torch.zeros(m, dtype=torch.float64, device=device)
    value, slope = _with_gradient(log_likelihood, z)
    betas = _temperatures(n_temperatures)
    for cold, warm in pairwise(betas):
        log_weight += (warm - cold) * value.double()
        if warm < 1:  # after the last weight no transition matters
            z, value, slope, accepted = _transition(log_likelihood, z, value, slope, step, warm, source)
            # All chains of a point together: a chain that adapts its own step has no fixed distribution to sample.
            often = accepted.view(n_chains, n).mean(dim=0) > _ACCEPTED
            step *= torch.where(often, longer, shorter).repeat(n_chains)[:, None]
    return torch.logsumexp(log_weight.view(n_chains, n), dim=0) - math.log(n_chains)


def _temperatures(n: int) -> list[float]:
    """β at 0, at n distributions between, and at 1."""
    raw = torch.sigmoid(_STEEPNESS * torch.linspace(-1, 1, n + 2, dtype=torch.float64, device="cpu"))
    return ((raw - raw[0]) / (raw[-1] - raw[0])).tolist()


def _with_gradient(function: Callable[[Tensor], Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        value = function(z)
        (gradient,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), gradient


def _transition(
    log_likelihood: Callable[[Tensor], Tensor],
    z: Tensor,
    value: Tensor,
    slope: Tensor,
    step: Tensor,
    beta: float,
    source: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One HMC proposal under log N(z; 0, I) + β log p(x|z), accepted or not, and acceptance probabilities (m,)."""
    momentum = torch.randn(z.shape, generator=source, dtype=z.dtype, device=z.device)
    start = beta * value - (z.square() + momentum.square()).sum(dim=1) / 2
    moved, moved_value, moved_slope = z, value, slope
    momentum = momentum + step / 2 * (beta * moved_slope - moved)
    for leap in range(_LEAPS):
        moved = moved + step * momentum
        moved_value, moved_slope = _with_gradient(log_likelihood, moved)
        fraction = 0.5 if leap == _LEAPS - 1 else 1.0
        momentum = momentum + fraction * step * (beta * moved_slope - moved)
    end = beta * moved_value - (moved.square() + momentum.square()).sum(dim=1) / 2
    probability = torch.nan_to_num((end - start).clamp(max=0).exp(), nan=0.0)  # a leap to NaN is refused
    taken = torch.rand(len(z), generator=source, dtype=z.dtype, device=z.device) < probability
    column = taken[:, None]
    return (
        torch.where(column, moved, z),
        torch.where(taken, moved_value, value),
        torch.where(column, moved_slope, slope),
        probability,
    )
