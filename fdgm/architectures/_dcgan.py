"""Convolutional networks without residuals, after Radford's DCGAN."""

from typing import Any, ClassVar, Literal, Self

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from .._checks import check_count, check_flag, check_option, check_params
from ._images import ImageArchitecture, NoiseMap, NoisySequential, channels_last, check_image_shape, halvings
from ._pair import PairCritic, ThreeHeads

__all__ = ["DCGAN"]

_NORMS = ("batch", "none", "spectral")


class DCGAN(ImageArchitecture):
    """Strided convolutions for square images of at least 8 × 8 pixels in [−1, 1].

    Each layer halves the side, rounded up, and doubles the channels, up to eight times `width`, until the side is 4 or
    less.

    - At 28 × 28 these are AGE's networks for Stacked MNIST, with kernels of 5 and a hidden layer before the critics'
      output.
    - At sides that halve evenly, such as 32 and 64, kernels are of 4, as in DGflow.
    - The critic of pairs concatenates z after flattening, or features of z if it is `unary`.
    - Noise of an implicit generator is a map for each layer.

    Parameters
    ----------
    width : int, default=64
        Channels of the layer next to the image, 64 as published. 16 or 32 train quickly on a CPU.
    critic_norm : {"batch", "none", "spectral"}, default="none"
        Normalisation in the critics. AGE has none. DGflow has ``"batch"``, after every convolution except the first,
        for objectives that compare whole batches. A critic of single points should not have it.
    unary : bool, default=False
        Whether the critic of pairs is the sum of a term of x, a term of z and a term of both, as in BigBiGAN. Otherwise
        it is a term of both.

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range or if the data are not such images.

    References
    ----------
    Radford et al., "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    ICLR 2016.
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, tables 8 to 10.
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, table 6.
    Donahue and Simonyan, "Large Scale Adversarial Representation Learning", NeurIPS 2019, of `unary`.

    Examples
    --------
    >>> import torch
    >>> from fdgm.architectures import DCGAN
    >>> generator = DCGAN(width=8).generator((1, 28, 28), latent_size=16, seed=0)
    >>> generator(torch.zeros(5, 16)).shape
    torch.Size([5, 1, 28, 28])
    """

    example_shapes: ClassVar = ((1, 8, 8), (3, 28, 28), (1, 32, 32))

    def __init__(
        self, *, width: int = 64, critic_norm: Literal["none", "batch", "spectral"] = "none", unary: bool = False
    ) -> None:
        self.width = width
        self.critic_norm = critic_norm
        self.unary = unary

    @classmethod
    def pairs(cls, **params: Any) -> Self:
        """Make networks for pairs that move, in a size for CPUs. The critic has terms of x and z alone.

        Parameters
        ----------
        **params
            Parameters that replace or add to ``width=16`` and ``unary=True``.

        Examples
        --------
        >>> from fdgm.architectures import DCGAN
        >>> DCGAN.pairs(width=32)
        DCGAN(unary=True, width=32)
        """
        return cls(**{"width": 16, "unary": True, **params})

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        features, size = self._critic_features(data_shape)
        layers: list[nn.Module] = [nn.Linear(size, 1)]
        if _is_uneven(data_shape[1]):
            layers = _head(size, 16 * self.width)
        return channels_last(nn.Sequential(*features, *self._normed(layers), nn.Flatten(0)))

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        channels, sides = self._checked(data_shape)
        layers: list[nn.Module] = []
        for wider in self._channels(sides):
            layers += [_conv(channels, wider, sides, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
            channels = wider
        return channels_last(nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * sides[-1] ** 2, latent_size)))

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        features, size = self._critic_features(data_shape)
        of_x, hidden = nn.Sequential(*features), 16 * self.width
        if not self.unary:
            head = self._normed(_head(size + latent_size, hidden))
            return channels_last(PairCritic(of_x, nn.Identity(), nn.Sequential(*head)))
        half = hidden // 2
        of_z = nn.Sequential(*self._normed([*_layer(latent_size, half), *_layer(half, half)]))
        of_both = nn.Sequential(*self._normed(_layer(size + half, hidden)))
        heads = [nn.Sequential(*self._normed(_head(n, hidden))) for n in (size, half)]
        last = nn.Sequential(*self._normed([nn.Linear(hidden, 1)]))
        return channels_last(ThreeHeads(of_x, of_z, of_both, [*heads, last], summed=True))

    def _checked(self, data_shape: tuple[int, ...]) -> tuple[int, list[int]]:
        check_params(self, check_count, "width")
        check_params(self, check_option, "critic_norm", options=_NORMS)
        check_params(self, check_flag, "unary")
        channels, side = check_image_shape(self, data_shape, 8)
        return channels, halvings(side)

    def _channels(self, sides: list[int]) -> list[int]:
        """Channels of the layers, from the image on."""
        return [self.width * min(2**i, 8) for i in range(len(sides) - 1)]

    def _generator(self, data_shape: tuple[int, ...], latent_size: int, *, noisy: bool) -> NoisySequential:
        out, sides = self._checked(data_shape)
        channels = [out, *self._channels(sides)]
        side, width = sides[-1], channels[-1]
        layers: list[nn.Module] = [
            nn.Linear(latent_size, width * side**2, bias=False),
            nn.Unflatten(1, (int(width), side, side)),
        ]
        for larger, narrower in zip(sides[-2::-1], channels[-2::-1], strict=True):
            layers += [NoiseMap(width, side)] if noisy else []
            layers += [
                nn.BatchNorm2d(width),
                nn.ReLU(),
                _upconv(width, narrower, sides, side, larger, bias=larger == sides[0]),
            ]
            side, width = larger, narrower
        return channels_last(NoisySequential(*layers, nn.Tanh()))

    def _critic_features(self, data_shape: tuple[int, ...]) -> tuple[list[nn.Module], int]:
        """Layers from images to flat features, and the number of features."""
        channels, sides = self._checked(data_shape)
        layers: list[nn.Module] = []
        for i, wider in enumerate(self._channels(sides)):
            batch = self.critic_norm == "batch" and i > 0
            layers += self._normed([_conv(channels, wider, sides, bias=not batch)])
            layers += [nn.BatchNorm2d(wider)] if batch else []
            layers += [nn.LeakyReLU(0.2)]
            channels = wider
        return [*layers, nn.Flatten()], channels * sides[-1] ** 2

    def _normed(self, layers: list[nn.Module]) -> list[nn.Module]:
        if self.critic_norm != "spectral":
            return layers
        return [spectral_norm(m) if isinstance(m, (nn.Conv2d, nn.Linear)) else m for m in layers]


def _is_uneven(side: int) -> bool:
    return any(s % 2 for s in halvings(side)[:-1])


def _kernel(sides: list[int]) -> tuple[int, int]:
    """Kernel size and padding. Only an odd kernel keeps layers centred if sides do not halve evenly."""
    return (5, 2) if _is_uneven(sides[0]) else (4, 1)


def _conv(channels: int, wider: int, sides: list[int], *, bias: bool) -> nn.Module:
    kernel, padding = _kernel(sides)
    return nn.Conv2d(channels, wider, kernel, stride=2, padding=padding, bias=bias)


def _upconv(width: int, narrower: int, sides: list[int], side: int, larger: int, *, bias: bool) -> nn.Module:
    kernel, padding = _kernel(sides)
    extra = larger - ((side - 1) * 2 - 2 * padding + kernel)
    return nn.ConvTranspose2d(width, narrower, kernel, 2, padding, output_padding=extra, bias=bias)


def _layer(size: int, hidden: int) -> list[nn.Module]:
    return [nn.Linear(size, hidden), nn.LeakyReLU(0.2)]


def _head(size: int, hidden: int) -> list[nn.Module]:
    return [*_layer(size, hidden), nn.Linear(hidden, 1)]
