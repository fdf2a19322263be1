"""Multilayer perceptrons."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from .._checks import check_count, check_flag, check_option, check_params
from .._literals import Activation
from ._base import Architecture
from ._pair import PairCritic, ThreeHeads
from ._skip import LinearSkip

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
    """Perceptrons with `depth` hidden layers of `width` units. Data of any shape are flattened inside.

    The critic of pairs is AGE's: a module for x, one for z, and one for the features of both, followed by a linear
    layer. AGE's networks for two dimensions are ``MLP(width=500, depth=2, encoder_depth=3, batch_norm=True,
    critic_width=400, critic_activation="leaky_relu")``.

    Parameters
    ----------
    width : int, default=128
    depth : int, default=3
        Hidden layers of the generator, and of the critic and the encoder.
    activation : {"elu", "gelu", "leaky_relu", "relu", "silu", "tanh"}, default="relu"
        The leaky slope is 0.2.
    batch_norm : bool, default=False
        Batch normalisation after each hidden layer of the generator and the encoder.
    spectral_norm : bool, default=False
        Spectral normalisation of each layer of the critics, which bounds their Lipschitz constant.
    encoder_depth : int or None, default=None
        Hidden layers of the encoder. None is `depth`.
    pair_depth : int, default=2
        Hidden layers of each of the three modules of the critic of pairs.
    critic_width : int or None, default=None
        Units of each hidden layer of the critics. None is `width`.
    critic_activation : str or None, default=None
        Activation of the critics. None is `activation`.
    skip : bool, default=False
        Whether a linear map of the input is added to the output of generator and encoder. Principal components can
        then be their start.
    unary : bool, default=False
        Whether the critic of pairs is the sum of a term of x, a term of z and a term of both, as in BigBiGAN. Otherwise
        it is a term of both.

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, appendix E.1.

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
        activation: Activation = "relu",
        batch_norm: bool = False,
        spectral_norm: bool = False,
        encoder_depth: int | None = None,
        pair_depth: int = 2,
        critic_width: int | None = None,
        critic_activation: Activation | None = None,
        skip: bool = False,
        unary: bool = False,
    ) -> None:
        self.width = width
        self.depth = depth
        self.activation = activation
        self.batch_norm = batch_norm
        self.spectral_norm = spectral_norm
        self.encoder_depth = encoder_depth
        self.pair_depth = pair_depth
        self.critic_width = critic_width
        self.critic_activation = critic_activation
        self.skip = skip
        self.unary = unary

    @classmethod
    def bidirectional(cls, **params: Any) -> Self:
        """Make AGE's networks in a size for CPUs, with a spectrally normalised critic.

        Without batch norm encoder and generator hardly match each other. Without a bounded critic they diverge again.

        Parameters
        ----------
        **params
            Parameters that replace or add to ``depth=2``, ``encoder_depth=3``, ``batch_norm=True``,
            ``spectral_norm=True`` and ``critic_activation="leaky_relu"``.

        References
        ----------
        Shen et al., 2020, appendix E.1.

        Examples
        --------
        >>> from fdgm.architectures import MLP
        >>> MLP.bidirectional(width=64).batch_norm
        True
        """
        ours = {"depth": 2, "encoder_depth": 3, "batch_norm": True, "spectral_norm": True}
        return cls(**{**ours, "critic_activation": "leaky_relu", **params})

    @classmethod
    def pairs(cls, **params: Any) -> Self:
        """Make networks for pairs that move: linear maps beside perceptrons, and a critic with terms of x and z alone.

        They have no normalisation. The critic's is a part of the method.

        Parameters
        ----------
        **params
            Parameters that replace or add to ``depth=2``, ``skip=True``, ``unary=True`` and
            ``critic_activation="leaky_relu"``.

        References
        ----------
        Donahue and Simonyan, "Large Scale Adversarial Representation Learning", NeurIPS 2019, for the critic.

        Examples
        --------
        >>> from fdgm.architectures import MLP
        >>> MLP.pairs(width=64).unary
        True
        """
        ours = {"depth": 2, "skip": True, "unary": True, "critic_activation": "leaky_relu"}
        return cls(**{**ours, **params})

    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        self._check()
        size = torch.Size(data_shape).numel()
        shaped = [nn.Unflatten(1, tuple(data_shape))] if len(data_shape) > 1 else []
        return nn.Sequential(*self._mapping(latent_size, size, self.depth), *shaped)

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        self._check()
        size = torch.Size(data_shape).numel()
        layers = self._normed([*self._critic_hidden(size, self.depth), nn.Linear(self._critic_units, 1)])
        return nn.Sequential(*_flat(data_shape), *layers, nn.Flatten(0))

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        self._check()
        size = torch.Size(data_shape).numel()
        depth = self.depth if self.encoder_depth is None else self.encoder_depth
        return nn.Sequential(*_flat(data_shape), *self._mapping(size, latent_size, depth))

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        self._check()
        size = torch.Size(data_shape).numel()
        of_x = self._normed(self._critic_hidden(size, self.pair_depth))
        of_z = self._normed(self._critic_hidden(latent_size, self.pair_depth))
        if self.unary:
            of_both = self._normed(self._critic_hidden(2 * self._critic_units, 1))
            heads = [nn.Sequential(*self._head()), nn.Sequential(*self._head()), *self._normed([self._output()])]
            return ThreeHeads(
                nn.Sequential(*_flat(data_shape), *of_x),
                nn.Sequential(*of_z),
                nn.Sequential(*of_both),
                heads,
                summed=True,
            )
        of_both = self._normed(
            [*self._critic_hidden(2 * self._critic_units, self.pair_depth), nn.Linear(self._critic_units, 1)]
        )
        return PairCritic(nn.Sequential(*_flat(data_shape), *of_x), nn.Sequential(*of_z), nn.Sequential(*of_both))

    def _mapping(self, n_in: int, n_out: int, depth: int) -> list[nn.Module]:
        """Layers of the generator or the encoder, between flat inputs and flat outputs."""
        hidden = self._hidden(n_in, depth, self.activation, self.width, batch_norm=self.batch_norm)
        layers = [*hidden, nn.Linear(self.width, n_out)]
        return [LinearSkip(nn.Sequential(*layers))] if self.skip else layers

    def _head(self) -> list[nn.Module]:
        """Layers from the critic's features of one argument to its term."""
        return self._normed([*self._critic_hidden(self._critic_units, 1), self._output()])

    def _output(self) -> nn.Linear:
        return nn.Linear(self._critic_units, 1)

    @property
    def _critic_units(self) -> int:
        return self.width if self.critic_width is None else self.critic_width

    def _critic_hidden(self, size: int, depth: int) -> list[nn.Module]:
        activation = self.critic_activation or self.activation
        return self._hidden(size, depth, activation, self._critic_units, batch_norm=False)

    def _hidden(self, size: int, depth: int, activation: str, width: int, *, batch_norm: bool) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers.append(nn.Linear(size, width))
            if batch_norm:
                layers.append(nn.BatchNorm1d(width))
            layers.append(_ACTIVATIONS[activation]())
            size = width
        return layers

    def _normed(self, layers: list[nn.Module]) -> list[nn.Module]:
        if not self.spectral_norm:
            return layers
        return [spectral_norm(layer) if isinstance(layer, nn.Linear) else layer for layer in layers]

    def _check(self) -> None:
        optional = [name for name in ("encoder_depth", "critic_width") if getattr(self, name) is not None]
        check_params(self, check_count, "width", "depth", "pair_depth", *optional)
        check_params(self, check_option, "activation", options=_ACTIVATIONS)
        if self.critic_activation is not None:
            check_params(self, check_option, "critic_activation", options=_ACTIVATIONS)
        check_params(self, check_flag, "batch_norm", "spectral_norm", "skip", "unary")


def _flat(data_shape: tuple[int, ...]) -> list[nn.Module]:
    return [nn.Flatten()] if len(data_shape) > 1 else []
