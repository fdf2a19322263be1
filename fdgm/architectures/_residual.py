"""Residual blocks that double or halve the side of images, with spectral normalisation if the architecture asks."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu
from torch.nn.utils.parametrizations import spectral_norm

from ._distributions import Conditional
from ._images import NoiseMap

__all__ = ["DownBlock", "Norm", "ResidualLayers", "SumPool", "UpBlock", "bare", "mlp", "spectral_norm"]

#: What is done to each layer with weights: `spectral_norm`, or nothing by `bare`.
Norm = Callable[[nn.Module], nn.Module]


def bare(layer: nn.Module) -> nn.Module:
    """The layer as it is."""
    return layer


class UpBlock(Conditional):
    """ReLU, doubling of the side, convolution, batch norm, ReLU, convolution, and a 1 × 1 convolution as shortcut.

    The shortcut is convolved before it is enlarged, which gives the same result with a quarter of the work.

    Parameters
    ----------
    channels, out : int
        Channels of the input and of the output.
    side : int
        Side of the output.
    norm : callable
        Wraps each convolution.
    first_norm : bool
        Whether there is a batch norm before the first ReLU too.
    bias : bool
        Whether convolutions have a bias.
    noisy : bool
        Whether there is a noise map after each of the two convolutions.
    """

    def __init__(
        self, channels: int, out: int, side: int, *, norm: Norm, first_norm: bool, bias: bool, noisy: bool
    ) -> None:
        super().__init__(2 * side**2 if noisy else 0)
        self.before = nn.Sequential(*([nn.BatchNorm2d(channels)] if first_norm else []), nn.ReLU())
        self.convolution1 = norm(nn.Conv2d(channels, out, 3, padding=1, bias=bias))
        self.between = nn.Sequential(nn.BatchNorm2d(out), nn.ReLU())
        self.convolution2 = norm(nn.Conv2d(out, out, 3, padding=1, bias=bias))
        self.shortcut = norm(nn.Conv2d(channels, out, 1, bias=bias))
        self.maps = nn.ModuleList(NoiseMap(out, side) for _ in range(2)) if noisy else None

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        noise1, noise2 = (None, None) if noise is None else noise.chunk(2, dim=1)
        hidden = self.convolution1(_larger(self.before(input)))
        if self.maps is not None:
            hidden = self.maps[0](hidden, noise1)
        hidden = self.convolution2(self.between(hidden))
        if self.maps is not None:
            hidden = self.maps[1](hidden, noise2)
        return hidden + _larger(self.shortcut(input))


class DownBlock(nn.Module):
    """ReLU, convolution, ReLU, convolution, halving, and a 1 × 1 convolution as shortcut if one is needed.

    Parameters
    ----------
    channels, out : int
        Channels of the input and of the output.
    norm : callable
        Wraps each convolution.
    first_relu : bool, default=True
        Whether to begin with a ReLU. False for a block that gets the image itself.
    halve : bool, default=True
    batch_norm : bool, default=False
        Whether there is a batch norm before each ReLU.
    bias : bool
        Whether convolutions have a bias.
    """

    def __init__(
        self,
        channels: int,
        out: int,
        *,
        norm: Norm,
        first_relu: bool = True,
        halve: bool = True,
        batch_norm: bool = False,
        bias: bool,
    ) -> None:
        super().__init__()
        before: list[nn.Module] = [nn.BatchNorm2d(channels)] if batch_norm and first_relu else []
        self.path = nn.Sequential(
            *before,
            *([nn.ReLU()] if first_relu else []),
            norm(nn.Conv2d(channels, out, 3, padding=1, bias=bias)),
            *([nn.BatchNorm2d(out)] if batch_norm else []),
            nn.ReLU(),
            norm(nn.Conv2d(out, out, 3, padding=1, bias=bias)),
        )
        self.shortcut = norm(nn.Conv2d(channels, out, 1, bias=bias)) if halve or channels != out else nn.Identity()
        self.halve = halve

    def forward(self, input: Tensor) -> Tensor:
        if not self.halve:
            return self.path(input) + self.shortcut(input)
        return avg_pool2d(self.path(input), 2) + self.shortcut(avg_pool2d(input, 2))


class SumPool(nn.Module):
    """Sums over all pixels: (n, channels, side, side) to (n, channels)."""

    def forward(self, input: Tensor) -> Tensor:
        return torch.sum(input, dim=(2, 3))


class ResidualLayers(nn.Module):
    """Two linear layers with a skip connection around them, and a ReLU.

    Parameters
    ----------
    size : int
    norm : callable
        Wraps each layer.
    batch_norm : bool, default=False
        Whether there is a batch norm after each layer.
    """

    def __init__(self, size: int, *, norm: Norm, batch_norm: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for activation in (nn.ReLU(), None):
            layers += [norm(nn.Linear(size, size))]
            layers += [nn.BatchNorm1d(size)] if batch_norm else []
            layers += [activation] if activation is not None else []
        self.path = nn.Sequential(*layers)

    def forward(self, input: Tensor) -> Tensor:
        return relu(self.path(input) + input)


def mlp(sizes: list[int], norm: Norm) -> list[nn.Module]:
    """Linear layers of these sizes, each followed by a ReLU."""
    layers: list[nn.Module] = []
    for size, next_size in pairwise(sizes):
        layers += [norm(nn.Linear(size, next_size)), nn.ReLU()]
    return layers


def _larger(images: Tensor) -> Tensor:
    return interpolate(images, scale_factor=2.0, mode="nearest")
