"""Where a generator begins: at a cloud about as wide as the data, not at a point."""

from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.parametrize import is_parametrized

__all__ = ["spread_out"]

_N_LATENTS = 512
_SPREAD = 0.5  # of the data's: enough for a critic to see more than a point, and no row begins beyond the data

_Module = TypeVar("_Module", bound=nn.Module)


@torch.no_grad()
def spread_out(generator: _Module, latent_size: int) -> _Module:
    """Scale the last layer's initial weights so that latents come to lie half a unit around 0.

    Torch's own let a signal fade from layer to layer, so that all latents are mapped to nearly one point, from which a
    critic sends them all in one direction. Statistics of batch normalisation begin as those of the same latents, for
    evaluation and training to agree from the start. A last layer with a spectral norm stays as it is.

    References
    ----------
    Mishkin and Matas, "All you need is a good init", ICLR 2016, has this for every layer.
    """
    layers = [layer for layer in generator.modules() if isinstance(layer, (nn.Linear, _ConvNd))]
    norms = [layer for layer in generator.modules() if isinstance(layer, _BatchNorm)]
    if not layers or (is_parametrized(layers[-1]) and not norms):
        return generator
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the statistics of this one batch
    hook = layers[-1].register_forward_hook(_scale)
    training = generator.training
    generator.train()(torch.randn(_N_LATENTS, latent_size))
    generator.train(training)
    hook.remove()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked.zero_()
    return generator


def _scale(layer: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    rows = output.movedim(1, -1).flatten(1, -2) if isinstance(layer, _ConvNd) else output  # units last
    spread = rows.var(dim=0).mean().sqrt()
    if is_parametrized(layer) or not spread > 0:
        return
    layer.weight *= _SPREAD / spread
    if layer.bias is not None:
        mean = (rows - layer.bias).flatten(0, -2).mean(dim=0) * _SPREAD / spread
        layer.bias.copy_(-mean)
