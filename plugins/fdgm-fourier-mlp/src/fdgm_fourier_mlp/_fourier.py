"""Random Fourier features, and perceptrons over them."""

from numbers import Integral, Real
from typing import ClassVar

import torch
from torch import Tensor, nn

from fdgm.architectures import MLP, Architecture

__all__ = ["FourierFeatures", "FourierMLP"]


class FourierFeatures(nn.Module):
    """x ↦ (x, cos Bx, sin Bx), with B of independent N(0, bandwidth²): drawn once, and never trained.

    x itself is kept, so that what stands on the features is not periodic.

    Parameters
    ----------
    size : int
        Features of x.
    n_frequencies : int
        Rows of B.
    bandwidth : float
        In radians a unit of x: features turn over lengths of about 1/bandwidth.
    """

    frequencies: Tensor

    def __init__(self, size: int, n_frequencies: int, bandwidth: float) -> None:
        super().__init__()
        # A buffer: it moves with the module, and is in its state_dict.
        self.register_buffer("frequencies", bandwidth * torch.randn(size, n_frequencies))

    @property
    def size(self) -> int:
        """Features of the output."""
        size, n_frequencies = self.frequencies.shape
        return size + 2 * n_frequencies

    def forward(self, x: Tensor) -> Tensor:
        phases = x @ self.frequencies  # (n, n_frequencies)
        return torch.cat([x, phases.cos(), phases.sin()], dim=1)


class FourierMLP(Architecture):
    """fdgm's multilayer perceptrons, their critic and encoder over random Fourier features of the data.

    A plain perceptron learns low frequencies first, and is slow to see fine structure: a critic over Fourier features
    sees it from the start. The generator is the plain one, since latents have no fine structure.

    Parameters
    ----------
    n_frequencies : int, default=64
    bandwidth : float, default=1.0
        Of the random frequencies, in radians a standard deviation of the data. More is finer, and noisier between the
        data.
    width : int, default=128
    depth : int, default=3

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range.

    References
    ----------
    Rahimi and Recht, "Random features for large-scale kernel machines", NIPS 2007, section 3.
    Tancik et al., "Fourier features let networks learn high frequency functions in low dimensional domains",
    NeurIPS 2020, section 5.

    Examples
    --------
    >>> import torch
    >>> from fdgm_fourier_mlp import FourierMLP
    >>> critic = FourierMLP(n_frequencies=8, width=16).critic((2,), seed=0)
    >>> critic(torch.zeros(5, 2)).shape
    torch.Size([5])
    """

    example_shapes: ClassVar = ((1,), (7,), (2, 4, 4))

    def __init__(self, *, n_frequencies: int = 64, bandwidth: float = 1.0, width: int = 128, depth: int = 3) -> None:
        self.n_frequencies = n_frequencies
        self.bandwidth = bandwidth
        self.width = width
        self.depth = depth

    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        return self._mlp.make_generator(data_shape, latent_size)

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        features = self._features(data_shape)
        return nn.Sequential(nn.Flatten(), features, self._mlp.make_critic((features.size,)))

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        features = self._features(data_shape)
        return nn.Sequential(nn.Flatten(), features, self._mlp.make_encoder((features.size,), latent_size))

    @property
    def _mlp(self) -> MLP:
        return MLP(width=self.width, depth=self.depth)

    def _features(self, data_shape: tuple[int, ...]) -> FourierFeatures:
        n, bandwidth = self.n_frequencies, self.bandwidth
        if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
            raise ValueError(f"n_frequencies of FourierMLP must be an int of at least 1, got {n!r}.")
        if not isinstance(bandwidth, Real) or not 0 < bandwidth < float("inf"):
            raise ValueError(f"bandwidth of FourierMLP must be a finite number above 0, got {bandwidth!r}.")
        return FourierFeatures(torch.Size(data_shape).numel(), n, bandwidth)
