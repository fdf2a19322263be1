"""VGrow's residual networks."""

from typing import ClassVar

from torch import nn

from .._checks import check_count, check_flag, check_params
from ._images import ImageArchitecture, NoiseMap, NoisySequential, channels_last, evenly
from ._pair import PairCritic
from ._residual import DownBlock, Norm, SumPool, UpBlock, bare, mlp, spectral_norm

__all__ = ["ResNet"]


class ResNet(ImageArchitecture):
    """Residual networks with spectral normalisation in generator and critic, for square images in [−1, 1].

    Sides must be 4, 5, 6 or 7 times a power of two, such as 28, 32, 48 and 64.

    - At 32 × 32 these are VGrow's networks. The generator has three blocks that double the side, from 4 × 4 on. The
      critic has two blocks that halve it and two that do not, and sums over pixels. Larger images have more doubling
      and halving blocks.
    - The critic of pairs joins the pooled features with those of z by a perceptron.
    - The encoder has batch norm instead of spectral normalisation.
    - Noise of an implicit generator is a map for each convolution.

    Parameters
    ----------
    width : int, default=128
        Channels of every layer, 128 as published. 32 trains on a CPU.
    spectral_norm : bool, default=True
        Spectral normalisation of every layer of generator and critics.

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range or if the data are not such images.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 5.2, and the authors'
    published code.
    Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.

    Examples
    --------
    >>> import torch
    >>> from fdgm.architectures import ResNet
    >>> critic = ResNet(width=8).critic((1, 32, 32), seed=0)
    >>> critic(torch.zeros(5, 1, 32, 32)).shape
    torch.Size([5])
    """

    example_shapes: ClassVar = ((1, 8, 8), (1, 28, 28), (3, 32, 32))

    def __init__(self, *, width: int = 128, spectral_norm: bool = True) -> None:
        self.width = width
        self.spectral_norm = spectral_norm

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        features, last = self._critic_features(data_shape), self._norm(nn.Linear(self.width, 1))
        return channels_last(nn.Sequential(*features, last, nn.Flatten(0)))

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        hidden = 4 * self.width
        of_z = mlp([latent_size, hidden, hidden], self._norm)
        of_both = [*mlp([self.width + hidden, hidden, hidden], self._norm), self._norm(nn.Linear(hidden, 1))]
        features = nn.Sequential(*self._critic_features(data_shape))
        return channels_last(PairCritic(features, nn.Sequential(*of_z), nn.Sequential(*of_both)))

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        sides = self._checked(data_shape)
        blocks = self._down_blocks(data_shape[0], sides, norm=bare, batch_norm=True)
        size = self.width * sides[_n_halvings(sides)] ** 2
        layers = [*blocks, nn.BatchNorm2d(self.width), nn.ReLU(), nn.Flatten(), nn.Linear(size, latent_size)]
        return channels_last(nn.Sequential(*layers))

    @property
    def _norm(self) -> Norm:
        return spectral_norm if self.spectral_norm else bare

    def _checked(self, data_shape: tuple[int, ...]) -> list[int]:
        """Sides from the image's down to 4, 5, 6 or 7."""
        check_params(self, check_count, "width")
        check_params(self, check_flag, "spectral_norm")
        return evenly(self, data_shape)

    def _generator(self, data_shape: tuple[int, ...], latent_size: int, *, noisy: bool) -> NoisySequential:
        sides, width, norm = self._checked(data_shape), self.width, self._norm
        first = sides[-1]
        blocks = [
            UpBlock(width, width, side, norm=norm, first_norm=False, bias=False, noisy=noisy) for side in sides[-2::-1]
        ]
        return channels_last(
            NoisySequential(
                norm(nn.Linear(latent_size, width * first**2)),
                nn.Unflatten(1, (int(width), first, first)),
                *([NoiseMap(width, first)] if noisy else []),
                *blocks,
                nn.ReLU(),
                norm(nn.Conv2d(width, data_shape[0], 3, padding=1, bias=False)),
                nn.Tanh(),
            )
        )

    def _critic_features(self, data_shape: tuple[int, ...]) -> list[nn.Module]:
        sides = self._checked(data_shape)
        return [*self._down_blocks(data_shape[0], sides, norm=self._norm, batch_norm=False), nn.ReLU(), SumPool()]

    def _down_blocks(self, channels: int, sides: list[int], *, norm: Norm, batch_norm: bool) -> list[nn.Module]:
        """Blocks that halve the side, and two that do not."""
        halve = [True] * _n_halvings(sides) + [False, False]
        return [
            DownBlock(
                self.width if i else channels,
                self.width,
                norm=norm,
                first_relu=i > 0,
                halve=halves,
                batch_norm=batch_norm,
                bias=False,
            )
            for i, halves in enumerate(halve)
        ]


def _n_halvings(sides: list[int]) -> int:
    """Of the critic: down to a side of 8 or less, and one at least."""
    return max(1, sum(side > 8 for side in sides))
