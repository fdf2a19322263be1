"""Where an encoder and a generator begin: at principal components, if they have linear maps for them."""

import torch
from torch import Tensor, nn

from ..architectures import Conditional, Gaussian, Isotropic, LinearSkip
from ..nets import PrincipalComponents

__all__ = ["start_from_components"]

_LOG_STD = -2.0  # initial log deviation of a Gaussian distribution


@torch.no_grad()
def start_from_components(encoder: Conditional, generator: Conditional, rows: Tensor, latent_size: int) -> None:
    """Set the initial weights of encoder and generator, which have one level of latents.

    - If a network has a linear map, the encoder's gives the scores of the principal components of the rows
      ``(n, *row_shape)``, each of variance 1. The generator's inverts it.
    - Gaussian distributions begin with deviations of exp(−2). Latents beyond the components, which the data do not
      determine, begin with the prior's.
    """
    found = PrincipalComponents.of(rows, latent_size)
    k, mean = len(found.deviations), found.mean.flatten()
    up, down = (_linear(network) for network in (encoder, generator))
    if up is not None:
        _set(up, found.directions / found.deviations[:, None], -(found.directions @ mean) / found.deviations)
    if down is not None:
        _set(down, (found.directions * found.deviations[:, None]).T, mean)
    log_std = torch.full((latent_size,), _LOG_STD, dtype=rows.dtype, device=rows.device)
    log_std[k:] = 0.0
    _set_log_std(encoder, log_std)
    _set_log_std(generator, torch.full_like(mean, _LOG_STD))


def _linear(network: Conditional) -> nn.Linear | None:
    """The linear map beside a network, if there is one."""
    return next((part.linear for part in network.modules() if isinstance(part, LinearSkip)), None)


def _set(linear: nn.Linear, weight: Tensor, bias: Tensor) -> None:
    """Set a linear map. Inputs past the weight's, which are noise, and outputs past it get zeros."""
    linear.weight.zero_()
    linear.weight[: weight.shape[0], : weight.shape[1]] = weight
    linear.bias.zero_()
    linear.bias[: len(bias)] = bias


def _set_log_std(network: Conditional, log_std: Tensor) -> None:
    """Set the log deviations (size,) of a Gaussian distribution for inputs of zero, where they can be set."""
    if isinstance(network, Isotropic):
        network.log_std.fill_(log_std.min())
    elif isinstance(network, Gaussian):
        last = [part for part in network.modules() if isinstance(part, nn.Linear)][-1:]
        for layer in last:
            if layer.bias is not None and layer.out_features == 2 * len(log_std):
                layer.bias[len(log_std) :] = log_std
