"""Networks as conditional distributions: deterministic, Gaussian (isotropic or not) or implicit."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

__all__ = ["Conditional", "Deterministic", "Gaussian", "Implicit", "Isotropic"]

# If the body ends in a tanh, so does its half for the log deviation, which is stretched to this range. In units of half
# the data's range it reaches from a third of a grey level in 256 to all of it.
_LOG_STD = (-6.0, 0.0)


class Conditional(nn.Module, ABC):
    """A distribution of outputs given inputs, as a transformation of standard normal noise.

    Noise always comes from the caller, so that torch's global state is never touched.

    Parameters
    ----------
    noise_size : int
        Number of noise values for each row. 0 if the output is a function of the input.
    """

    def __init__(self, noise_size: int) -> None:
        super().__init__()
        self.noise_size = noise_size

    @abstractmethod
    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        """Outputs for inputs ``(n, *input_shape)`` and noise (n, noise_size). Without noise, zeros are used."""

    @property
    def stages(self) -> "tuple[Conditional, ...]":
        """The distributions in its chain, the input's first. Itself, unless it has levels."""
        return (self,)


class Deterministic(Conditional):
    """Deterministic distribution: the body's output.

    Parameters
    ----------
    body : Module
        Maps inputs to outputs.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__(0)
        self.body = body

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.body(input)


class Gaussian(Conditional):
    """Independent Gaussians: mean + exp(log_std) · noise. Without noise it gives the mean.

    A deviation is at least exp(−6). The likelihood of a coordinate that hardly varies thus stays bounded.

    Parameters
    ----------
    body : Module
        Maps inputs to means and log deviations, concatenated along axis 1 (channels, for images).
    output_shape : tuple of int
        Shape of a row of output.
    bounds : (float, float) or None, default=None
        Range of the body's outputs. If there is one, deviations lie between exp(−6) and 1 times half of it.
    """

    def __init__(
        self, body: nn.Module, output_shape: tuple[int, ...], bounds: tuple[float, float] | None = None
    ) -> None:
        super().__init__(torch.Size(output_shape).numel())
        self.body = body
        self.output_shape = tuple(output_shape)
        self.bounds = bounds

    def mean_and_log_std(self, input: Tensor) -> tuple[Tensor, Tensor]:
        """Both of shape ``(n, *output_shape)``."""
        mean, log_std = self.body(input).chunk(2, dim=1)
        if self.bounds is not None:
            low, high = self.bounds
            fraction = (log_std - low) / (high - low)
            log_std = _LOG_STD[0] + (_LOG_STD[1] - _LOG_STD[0]) * fraction + math.log((high - low) / 2)
        else:
            log_std = _LOG_STD[0] + softplus(log_std - _LOG_STD[0])
        return mean, log_std

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        mean, log_std = self.mean_and_log_std(input)
        return mean if noise is None else mean + log_std.exp() * noise.view(-1, *self.output_shape)


class Isotropic(Gaussian):
    """A Gaussian with one learned deviation for all coordinates and inputs.

    A decoder can then not explain undrawn detail as noise, so its latents must encode it.

    Parameters
    ----------
    body : Module
        Maps inputs to means.
    output_shape : tuple of int
        Shape of a row of output.

    References
    ----------
    Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated Decoders", ICML 2021, section 4.
    """

    def __init__(self, body: nn.Module, output_shape: tuple[int, ...]) -> None:
        super().__init__(body, output_shape)
        self.log_std = nn.Parameter(torch.zeros((), dtype=torch.float32, device="cpu"))

    def mean_and_log_std(self, input: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.body(input)
        return mean, (_LOG_STD[0] + softplus(self.log_std - _LOG_STD[0])).expand_as(mean)

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.body(input) if noise is None else super().forward(input, noise)


class Implicit(Conditional):
    """Takes noise in addition to the input, so that the output has no density in closed form.

    Parameters
    ----------
    body : Module
        Maps inputs with `noise_size` more entries along axis 1 to outputs. For images these are constant channels.
    noise_size : int
    """

    def __init__(self, body: nn.Module, noise_size: int) -> None:
        super().__init__(noise_size)
        self.body = body

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        if noise is None:
            noise = input.new_zeros(len(input), self.noise_size)
        noise = noise.view(*noise.shape, *[1] * (input.dim() - 2))  # (n, noise_size, 1, ...)
        return self.body(torch.cat([input, noise.expand(-1, -1, *input.shape[2:])], dim=1))
