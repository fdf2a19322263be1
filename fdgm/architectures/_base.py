"""The base class of every architecture."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NoReturn, get_args

import torch
from torch import nn

from .. import registry
from .._checks import check_count
from .._literals import Distribution
from ..component import Component
from ._distributions import Conditional, Deterministic, Gaussian, Implicit, Isotropic
from ._seeded import is_built_in, seeded

__all__ = ["DISTRIBUTIONS", "Architecture"]

DISTRIBUTIONS: tuple[Distribution, ...] = get_args(Distribution)


class Architecture(Component, ABC):
    """Recipe for networks: it holds parameters, and makes a fresh module at each call.

    An author implements the `make_...` methods: `make_generator` and `make_critic` for any architecture, and also
    `make_encoder` and `make_pair_critic` for bidirectional models. Estimators call the methods without `make_`. These
    fix the seed of the initial weights without touching torch's global state.
    """

    #: Small shapes of rows that it accepts, for the contract's tests.
    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1,), (7,), (2, 4, 4))

    @abstractmethod
    def make_generator(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        """A module from latents (n, latent_size) to data ``(n, *data_shape)``, in scaled units."""

    @abstractmethod
    def make_critic(self, data_shape: tuple[int, ...]) -> nn.Module:
        """A module from data ``(n, *data_shape)`` to outputs (n,)."""

    def make_encoder(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        """A module from data ``(n, *data_shape)`` to latents (n, latent_size)."""
        self._lacks("make_encoder", "an encoder")

    def make_pair_critic(self, data_shape: tuple[int, ...], latent_size: int) -> nn.Module:
        """A module called ``critic(x, z)``, from data ``(n, *data_shape)`` and latents to outputs (n,)."""
        self._lacks("make_pair_critic", "a critic of pairs")

    def make_implicit_generator(
        self, data_shape: tuple[int, ...], latent_size: int, noise_size: int | None = None
    ) -> Conditional:
        """A generator that takes noise in addition to latents: by default as many numbers as there are latents."""
        noise_size = _checked_noise_size(self, noise_size, latent_size)
        return Implicit(self.make_generator(data_shape, latent_size + noise_size), noise_size)

    def make_implicit_encoder(
        self, data_shape: tuple[int, ...], latent_size: int, noise_size: int | None = None
    ) -> Conditional:
        """An encoder that also takes noise, as additional columns or constant channels of its input."""
        noise_size = _checked_noise_size(self, noise_size, latent_size)
        body = self.make_encoder((data_shape[0] + noise_size, *data_shape[1:]), latent_size)
        return Implicit(body, noise_size)

    def latent_size(self, data_shape: tuple[int, ...]) -> int:
        """The latent size for data of this shape if the user gives none."""
        return min(max(8, torch.Size(data_shape).numel() // 2), 128)

    def level_sizes(self, data_shape: tuple[int, ...], latent_size: int) -> tuple[int, ...]:
        """Sizes of the levels of latents, the one next to the data first, the prior's last."""
        return (latent_size,)

    def data_range(self, data_shape: tuple[int, ...]) -> tuple[float, float] | None:
        """The range that all data are mapped to and clamped to. None if columns are standardised."""
        return None

    def generator(self, data_shape: tuple[int, ...], latent_size: int, *, seed: int) -> nn.Module:
        """`make_generator` with initial weights drawn from `seed` alone."""
        return seeded(lambda: self.make_generator(data_shape, latent_size), seed, built_in=is_built_in(self))

    def critic(self, data_shape: tuple[int, ...], *, seed: int) -> nn.Module:
        """`make_critic` with initial weights drawn from `seed` alone."""
        return seeded(lambda: self.make_critic(data_shape), seed, built_in=is_built_in(self))

    def encoder(self, data_shape: tuple[int, ...], latent_size: int, *, seed: int) -> nn.Module:
        """`make_encoder` with initial weights drawn from `seed` alone."""
        return seeded(lambda: self.make_encoder(data_shape, latent_size), seed, built_in=is_built_in(self))

    def pair_critic(self, data_shape: tuple[int, ...], latent_size: int, *, seed: int) -> nn.Module:
        """`make_pair_critic` with initial weights drawn from `seed` alone."""
        return seeded(lambda: self.make_pair_critic(data_shape, latent_size), seed, built_in=is_built_in(self))

    def conditional_generator(
        self,
        data_shape: tuple[int, ...],
        latent_size: int,
        *,
        distribution: Distribution = "deterministic",
        noise_size: int | None = None,
        seed: int,
    ) -> Conditional:
        """A generator as the distribution p(x|z): ``generator(latents, noise)``.

        Parameters
        ----------
        data_shape : tuple of int
        latent_size : int
        distribution : {"deterministic", "gaussian", "isotropic", "implicit"}, default="deterministic"
        noise_size : int or None, default=None
            Noise size of an implicit distribution. With None the architecture sets it.
        seed : int

        Returns
        -------
        Conditional
            Its `noise_size` says how much noise it takes.

        Raises
        ------
        ValueError
            If `distribution` is unknown, or if `noise_size` is given but cannot be chosen.

        References
        ----------
        Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 2.1
        and appendix C.
        """
        self._check_distribution(distribution, noise_size)
        doubled = (2 * data_shape[0], *data_shape[1:])
        made: dict[str, Callable[[], Conditional]] = {
            "deterministic": lambda: Deterministic(self.make_generator(data_shape, latent_size)),
            "gaussian": lambda: Gaussian(
                self.make_generator(doubled, latent_size), data_shape, self.data_range(data_shape)
            ),
            "isotropic": lambda: Isotropic(self.make_generator(data_shape, latent_size), data_shape),
            "implicit": lambda: self.make_implicit_generator(data_shape, latent_size, noise_size),
        }
        return seeded(made[distribution], seed, built_in=is_built_in(self))

    def conditional_encoder(
        self,
        data_shape: tuple[int, ...],
        latent_size: int,
        *,
        distribution: Distribution = "deterministic",
        noise_size: int | None = None,
        seed: int,
    ) -> Conditional:
        """An encoder as the distribution p(z|x): ``encoder(data, noise)``. Otherwise as `conditional_generator`."""
        self._check_distribution(distribution, noise_size)
        made: dict[str, Callable[[], Conditional]] = {
            "deterministic": lambda: Deterministic(self.make_encoder(data_shape, latent_size)),
            "gaussian": lambda: Gaussian(self.make_encoder(data_shape, 2 * latent_size), (latent_size,)),
            "isotropic": lambda: Isotropic(self.make_encoder(data_shape, latent_size), (latent_size,)),
            "implicit": lambda: self.make_implicit_encoder(data_shape, latent_size, noise_size),
        }
        return seeded(made[distribution], seed, built_in=is_built_in(self))

    def _check_distribution(self, distribution: str, noise_size: int | None) -> None:
        owner = type(self).__name__
        if distribution not in DISTRIBUTIONS:
            raise ValueError(f"distribution of {owner} must be one of {list(DISTRIBUTIONS)}, got {distribution!r}.")
        if noise_size is not None and distribution != "implicit":
            raise ValueError(
                f"noise_size of {owner} must be None for a {distribution} distribution, got {noise_size!r};"
                " an implicit one takes it."
            )

    def _lacks(self, method: str, what: str) -> NoReturn:
        have = sorted(
            entry.name
            for entry in registry.report()[0]
            if entry.family == "architecture" and getattr(entry.cls, method) is not getattr(Architecture, method)
        )
        raise ValueError(
            f"architecture must be one that makes {what}, of which there are {have}, got {type(self).__name__}."
        )


def _checked_noise_size(architecture: Architecture, noise_size: int | None, default: int) -> int:
    if noise_size is None:
        return default
    return check_count(noise_size, "noise_size", type(architecture).__name__)
