"""Multilayer perceptrons."""

from collections.abc import Callable
from numbers import Integral

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ._base import Architecture

__all__ = ["MLP"]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


class MLP(Architecture):
    """Generator and critic of `depth` hidden layers of `width` units; data of any shape, flattened inside.

    Parameters
    ----------
    width : int, default=128
    depth : int, default=3
    activation : {"elu", "gelu", "leaky_relu", "relu", "silu", "tanh"}, default="leaky_relu"
        The leaky slope is 0.2.
    batch_norm : bool, default=False
        Batch normalisation after each hidden layer of the generator.
    spectral_norm : bool, default=False
        Spectral normalisation of each layer of the critic, which bounds its Lipschitz constant.

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range.

    Examples
    --------
    >>> import torch
    >>> from fdgm.architectures import MLP
    >>> generator = MLP(width=16, depth=2).generator((3,), latent_size=4, seed=0)
    >>> generator(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        *,
        width: int = 128,
        depth: int = 3,
        activation: str = "leaky_relu",
        batch_norm: bool = False,
        spectral_norm: bool = False,
    ) -> None:
        self.width = width
        self.depth = depth
        self.activation = activation
        self.batch_norm = batch_norm
        self.spectral_norm = spectral_norm

    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        size = torch.Size(data_shape).numel()
        shaped = [nn.Unflatten(1, tuple(data_shape))] if len(data_shape) > 1 else []
        return nn.Sequential(
            *self._hidden(latent_size, batch_norm=self.batch_norm), nn.Linear(self.width, size), *shaped
        )

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        size = torch.Size(data_shape).numel()
        layers = [*self._hidden(size, batch_norm=False), nn.Linear(self.width, 1)]
        if self.spectral_norm:
            layers = [spectral_norm(layer) if isinstance(layer, nn.Linear) else layer for layer in layers]
        flat = [nn.Flatten()] if len(data_shape) > 1 else []
        return nn.Sequential(*flat, *layers, nn.Flatten(0))

    def _hidden(self, size: int, *, batch_norm: bool) -> list[nn.Module]:
        self._check()
        layers: list[nn.Module] = []
        for _ in range(self.depth):
            layers.append(nn.Linear(size, self.width))
            if batch_norm:
                layers.append(nn.BatchNorm1d(self.width))
            layers.append(_ACTIVATIONS[self.activation]())
            size = self.width
        return layers

    def _check(self) -> None:
        for name in ("width", "depth"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} of MLP must be an int of at least 1, got {value!r}.")
        if self.activation not in _ACTIVATIONS:
            raise ValueError(f"activation of MLP must be one of {sorted(_ACTIVATIONS)}, got {self.activation!r}.")
        for name in ("batch_norm", "spectral_norm"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} of MLP must be a bool, got {getattr(self, name)!r}.")
