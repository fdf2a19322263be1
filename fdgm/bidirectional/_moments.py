"""How far the latents of a batch are from the prior, by their moments."""

import torch
from torch import Tensor

__all__ = ["aggregate_kl", "most_latents"]

_LEAST = 1e-4  # added to variances, since a batch may have none in some direction
_ROWS_FOR_EACH = 4  # rows for each latent from which the whole covariance is estimated


def most_latents(n: int) -> int:
    """The most latents whose covariance `aggregate_kl` estimates from a batch of n, at least 1."""
    return max(1, n // _ROWS_FOR_EACH)


def aggregate_kl(latents: Tensor) -> Tensor:
    """KL(N(m, S)‖N(0, I)) with the mean m and the covariance S of latents (n, k): a tensor ().

    It is at most the KL divergence of the latents' distribution to the prior. No distribution with these moments is
    nearer to the prior than the Gaussian. With fewer than 4 rows for each latent, S is its diagonal alone.

    Examples
    --------
    >>> import torch
    >>> from fdgm.bidirectional._moments import aggregate_kl
    >>> z = torch.randn(10_000, 2, generator=torch.Generator().manual_seed(0))
    >>> bool(aggregate_kl(z) < 1e-3), round(aggregate_kl(z + 1).item(), 1)  # |m|²/2 of a shift
    (True, 1.0)
    """
    n, k = latents.shape
    mean = latents.mean(dim=0)
    centred = latents - mean
    if k > most_latents(n):
        variances = centred.square().mean(dim=0) + _LEAST
        log_volume = variances.log().sum()
    else:
        covariance = centred.T @ centred / n + _LEAST * torch.eye(k, dtype=latents.dtype, device=latents.device)
        variances = covariance.diagonal()
        log_volume = torch.logdet(covariance)
    return (variances.sum() + mean.square().sum() - k - log_volume) / 2
