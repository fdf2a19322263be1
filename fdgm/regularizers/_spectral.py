"""Spectral normalisation of any critic."""

from typing import ClassVar

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from ..component import Component
from ._penalties import CriticRegularizer
from ._stabilizer import MakeCritic, Stabilizer

__all__ = ["SpectralNorm"]

_NORMED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class SpectralNorm(Stabilizer):
    """Spectral normalisation: each linear layer and convolution of the critic is divided by its largest singular value.

    The critic's slope is then bounded, by 1 if its activations' slopes are. For a convolution the norm is that of its
    kernel as a matrix, as published. Layers that the architecture normalises itself do not change.

    References
    ----------
    Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018, section 2.1.
    """

    last: ClassVar = True

    def make_critic(self, make: MakeCritic, data_shape: tuple[int, ...], latent_size: int | None) -> nn.Module:
        critic = make(data_shape, latent_size)
        for layer in list(critic.modules()):
            if isinstance(layer, _NORMED) and not is_parametrized(layer, "weight"):
                spectral_norm(layer)
        return critic

    def clashes(self, other: Component) -> str | None:
        if isinstance(other, CriticRegularizer) and type(other).project is not CriticRegularizer.project:
            return "a layer is divided by its norm, whatever the size of the weights that are clipped before"
        return None
