"""AGE's residual networks with self-attention for CelebA and ImageNet."""

from itertools import pairwise
from typing import ClassVar, Literal

from torch import nn

from .._checks import check_count, check_option, check_params
from ._attention import SelfAttention
from ._images import ImageArchitecture, NoiseMap, NoisySequential, channels_last, evenly
from ._pair import ThreeHeads
from ._residual import DownBlock, Norm, ResidualLayers, SumPool, UpBlock, bare, spectral_norm
from ._resnet50 import resnet50

__all__ = ["SAGAN"]

_BACKBONES = ("resnet50", "small")
_MOST = 16  # times the width, at the deepest layers


class SAGAN(ImageArchitecture):
    """Residual networks with self-attention where the side is 32 or less, for square images in [−1, 1].

    Sides must be 4, 5, 6 or 7 times a power of two.

    - At 64 × 64 these are AGE's networks for CelebA (``width=32``) and ImageNet (``width=64``), with spectral
      normalisation in generator and critics.
    - The critic of pairs averages three heads: one for x, one for z, one for the features of both.
    - Noise of an implicit generator is a map for each convolution.
    - The critic's features are summed over pixels, as in the authors' later code. The paper's table says averaged,
      which normalised layers cannot compensate.

    Parameters
    ----------
    width : int, default=32
        Channels next to the image in the critic. The generator has 2 to 16 times as many. Perceptrons have 32 times as
        many units, which gives the published 1,024 and 2,048.
    backbone : {"small", "resnet50"}, default="small"
        Convolutions of the encoder. ``"small"`` has the critic's blocks with batch norm. ``"resnet50"`` is the
        published ResNet-50, which needs torchvision (the extra ``fdgm[images]``). A perceptron with a skip connection
        follows either.

    Raises
    ------
    ImportError
        When an encoder is made, if it needs torchvision and that cannot be imported.
    ValueError
        When networks are made, if a parameter is out of range or if the data are not such images.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, appendix E.3,
    table 11 and figures 7 and 8.
    Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019.

    Examples
    --------
    >>> import torch
    >>> from fdgm.architectures import SAGAN
    >>> critic = SAGAN(width=2).pair_critic((3, 32, 32), latent_size=16, seed=0)
    >>> critic(torch.zeros(5, 3, 32, 32), torch.zeros(5, 16)).shape
    torch.Size([5])
    """

    example_shapes: ClassVar = ((1, 8, 8), (3, 16, 16))

    def __init__(self, *, width: int = 32, backbone: Literal["small", "resnet50"] = "small") -> None:
        self.width = width
        self.backbone = backbone

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        features, size = self._critic_features(data_shape)
        return channels_last(nn.Sequential(features, spectral_norm(nn.Linear(size, 1)), nn.Flatten(0)))

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        of_x, size = self._critic_features(data_shape)
        units = 32 * self.width
        of_z, of_both = (_perceptron(inputs, units, norm=spectral_norm) for inputs in (latent_size, size + units))
        heads = [spectral_norm(nn.Linear(inputs, 1)) for inputs in (size, units, units)]
        return channels_last(ThreeHeads(of_x, of_z, of_both, heads))

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        sides = self._checked(data_shape)
        units = 32 * self.width
        if self.backbone == "resnet50":
            body, size = resnet50(type(self).__name__, data_shape[0])
        else:
            multiples = _multiples(sides)
            size = self.width * multiples[-1]
            body = nn.Sequential(
                nn.Conv2d(data_shape[0], self.width, 1, bias=False),
                *self._down_blocks(multiples, norm=bare, batch_norm=True, bias=False),
                nn.BatchNorm2d(size),
                nn.ReLU(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
            )
        perceptron = nn.Sequential(
            nn.Linear(size, units),
            nn.BatchNorm1d(units),
            nn.ReLU(),
            ResidualLayers(units, norm=bare, batch_norm=True),
            nn.Linear(units, latent_size),
        )
        return channels_last(nn.Sequential(body, perceptron))

    def _checked(self, data_shape: tuple[int, ...]) -> list[int]:
        check_params(self, check_count, "width")
        check_params(self, check_option, "backbone", options=_BACKBONES)
        return evenly(self, data_shape)

    def _generator(self, data_shape: tuple[int, ...], latent_size: int, *, noisy: bool) -> NoisySequential:
        sides = self._checked(data_shape)
        # At sides up to 64 the layer next to the image has twice the width; deeper ladders end at the width itself.
        shift = 1 if len(sides) <= 5 else 0
        channels = [self.width * min(2 ** (level + shift), _MOST) for level in range(len(sides))]
        first, deepest = sides[-1], channels[-1]
        blocks: list[nn.Module] = []
        for level in range(len(sides) - 2, -1, -1):
            if level + 1 == _attentive(sides):
                blocks.append(SelfAttention(channels[level + 1], spectral_norm))
            blocks.append(
                UpBlock(
                    channels[level + 1],
                    channels[level],
                    sides[level],
                    norm=spectral_norm,
                    first_norm=True,
                    bias=True,
                    noisy=noisy,
                )
            )
        return channels_last(
            NoisySequential(
                spectral_norm(nn.Linear(latent_size, deepest * first**2)),
                nn.Unflatten(1, (int(deepest), first, first)),
                *([NoiseMap(deepest, first)] if noisy else []),
                *blocks,
                nn.BatchNorm2d(channels[0]),
                nn.ReLU(),
                spectral_norm(nn.Conv2d(channels[0], data_shape[0], 3, padding=1)),
                nn.Tanh(),
            )
        )

    def _critic_features(self, data_shape: tuple[int, ...]) -> tuple[nn.Module, int]:
        """From images to summed features, and the number of features."""
        sides = self._checked(data_shape)
        multiples, level = _multiples(sides), _attentive(sides)
        blocks = self._down_blocks(multiples, norm=spectral_norm, batch_norm=False, bias=True)
        blocks.insert(level, SelfAttention(self.width * multiples[level], spectral_norm))
        from_image = spectral_norm(nn.Conv2d(data_shape[0], self.width, 1))
        return nn.Sequential(from_image, *blocks, nn.ReLU(), SumPool()), self.width * multiples[-1]

    def _down_blocks(self, multiples: list[int], *, norm: Norm, batch_norm: bool, bias: bool) -> list[nn.Module]:
        """Blocks that halve the side down to the last, and one that does not."""
        channels = [self.width * multiple for multiple in multiples]
        blocks: list[nn.Module] = [
            DownBlock(a, b, norm=norm, batch_norm=batch_norm, bias=bias) for a, b in pairwise(channels)
        ]
        last = DownBlock(channels[-1], channels[-1], norm=norm, halve=False, batch_norm=batch_norm, bias=bias)
        return [*blocks, last]


def _multiples(sides: list[int]) -> list[int]:
    """Channels of the critic's layers over the width, from the image on."""
    return [min(2**level, _MOST) for level in range(len(sides))]


def _attentive(sides: list[int]) -> int:
    """The level with self-attention: the first below the image with side at most 32, since the cost is side^4."""
    return next(level for level, side in enumerate(sides) if level and side <= 32)


def _perceptron(inputs: int, units: int, *, norm: Norm) -> nn.Module:
    """A linear layer and three residual pairs of them."""
    residual = [ResidualLayers(units, norm=norm) for _ in range(3)]
    return nn.Sequential(norm(nn.Linear(inputs, units)), nn.ReLU(), *residual)
