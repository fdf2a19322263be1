"""Two levels of latents."""

from typing import Any

from torch import Tensor, nn

from .. import registry
from .._checks import check_count, check_option, check_params
from .._literals import Distribution
from ._base import DISTRIBUTIONS, Architecture
from ._distributions import Conditional
from ._mlp import MLP

__all__ = ["Chain", "Hierarchical"]


class Chain(Conditional):
    """A chain of distributions. The output of each is the input of the next, and each takes its part of the noise.

    Parameters
    ----------
    *links : Conditional
    """

    def __init__(self, *links: Conditional) -> None:
        super().__init__(sum(link.noise_size for link in links))
        self.links = nn.ModuleList(links)

    @property
    def stages(self) -> tuple[Conditional, ...]:
        return tuple(self.links)  # type: ignore[arg-type]

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        start = 0
        for link in self.stages:
            input = link(input, None if noise is None else noise[:, start : start + link.noise_size])
            start += link.noise_size
        return input


class Hierarchical(Architecture):
    """Two levels of latents between data and prior, as in hierarchical ALI, for bidirectional models.

    - The generator maps z2 → z1 → x, and the encoder maps x → z1 → z2. The critic of pairs sees both levels,
      (x, z1, z2).
    - z2 is drawn from the prior, and `latent_size` counts it. z1, the level next to the data, keeps what
      reconstructions need.
    - Both arrows of a network have its distribution, unless `between` sets another. With a deterministic generator z1
      is a function of z2.
    - In a model without levels, such as a sampler, it equals its base.

    Parameters
    ----------
    base : str, Architecture or None, default=None
        Architecture between data and the first level, and of the critic. None is :meth:`MLP.bidirectional`.
    top : str, Architecture or None, default=None
        Architecture between the levels. None is the same as `base`.
    hidden_size : int or None, default=None
        Size of the first level. None is twice `latent_size`.
    between : {"deterministic", "gaussian", "isotropic", "implicit"} or None, default=None
        The generator's distribution of z1 given z2. None is its distribution of x. Hierarchical ALI has a Gaussian
        one, a Gaussian encoder and a deterministic x.

    Raises
    ------
    ValueError
        When networks are made, if a parameter is out of range.

    References
    ----------
    Belghazi et al., "Hierarchical Adversarially Learned Inference", 2018.

    Examples
    --------
    >>> import torch
    >>> from fdgm.architectures import MLP, Hierarchical
    >>> architecture = Hierarchical(base=MLP(width=16), hidden_size=6)
    >>> encoder = architecture.conditional_encoder((10,), 2, distribution="gaussian", seed=0)
    >>> [stage(torch.zeros(3, size)).shape for stage, size in zip(encoder.stages, (10, 6))]
    [torch.Size([3, 6]), torch.Size([3, 2])]
    """

    def __init__(
        self,
        *,
        base: str | Architecture | None = None,
        top: str | Architecture | None = None,
        hidden_size: int | None = None,
        between: Distribution | None = None,
    ) -> None:
        self.base = base
        self.top = top
        self.hidden_size = hidden_size
        self.between = between

    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        return self._base().make_generator(data_shape, latent_size)

    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        return self._base().make_critic(data_shape)

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        return self._base().make_encoder(data_shape, latent_size)

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        return self._base().make_pair_critic(data_shape, latent_size)

    def latent_size(self, data_shape: tuple[int, ...]) -> int:
        return self._base().latent_size(data_shape)

    def level_sizes(self, data_shape: tuple[int, ...], latent_size: int) -> tuple[int, ...]:
        if self.hidden_size is None:
            return 2 * latent_size, latent_size
        check_params(self, check_count, "hidden_size")
        return self.hidden_size, latent_size

    def data_range(self, data_shape: tuple[int, ...]) -> tuple[float, float] | None:
        return self._base().data_range(data_shape)

    def conditional_generator(
        self, data_shape: tuple[int, ...], latent_size: int, *, seed: int, **distribution: Any
    ) -> Conditional:
        hidden, _ = self.level_sizes(data_shape, latent_size)
        above = distribution
        if self.between is not None:
            check_params(self, check_option, "between", options=DISTRIBUTIONS)
            above = {"distribution": self.between}
        return Chain(
            self._top().conditional_generator((hidden,), latent_size, seed=seed + 1, **above),
            self._base().conditional_generator(data_shape, hidden, seed=seed, **distribution),
        )

    def conditional_encoder(
        self, data_shape: tuple[int, ...], latent_size: int, *, seed: int, **distribution: Any
    ) -> Conditional:
        hidden, _ = self.level_sizes(data_shape, latent_size)
        return Chain(
            self._base().conditional_encoder(data_shape, hidden, seed=seed, **distribution),
            self._top().conditional_encoder((hidden,), latent_size, seed=seed + 1, **distribution),
        )

    def _base(self) -> Architecture:
        return _made(self.base)

    def _top(self) -> Architecture:
        return _made(self.top)


def _made(architecture: str | Architecture | None) -> Architecture:
    return MLP.bidirectional() if architecture is None else registry.make("architecture", architecture)
