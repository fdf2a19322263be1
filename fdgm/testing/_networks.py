"""The networks of an architecture under test, for its example shapes."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor, nn

from ..architectures import Architecture
from ._check import require
from ._component import given_by_plugin

__all__ = ["Network", "Trial", "applied"]

_OPTIONAL = ("encoder", "pair_critic")


def applied(what: object, module: nn.Module, inputs: Sequence[Tensor]) -> Tensor:
    """The module's output. A failure names the inputs."""
    try:
        output = module(*inputs)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        shapes = " and ".join(str(tuple(x.shape)) for x in inputs)
        raise AssertionError(f"{what} must take {shapes}, but raised {type(error).__name__}: {error}") from error
    require(isinstance(output, Tensor), f"{what} must return a tensor, got {type(output).__name__}")
    return output


class Network:
    """One of the networks of an architecture, for data of one shape.

    Parameters
    ----------
    architecture : Architecture
    kind : {"generator", "critic", "encoder", "pair_critic"}
    shape : tuple of int
        Shape of a row of data.
    latent_size : int or None, default=None
        None leaves it to the architecture.
    """

    def __init__(
        self, architecture: Architecture, kind: str, shape: tuple[int, ...], latent_size: int | None = None
    ) -> None:
        self.architecture = architecture
        self.kind = kind
        self.shape = shape
        size = architecture.latent_size(shape) if latent_size is None else latent_size
        self._latent_size: tuple[int, ...] = () if kind == "critic" else (size,)
        self.output_shape: tuple[int, ...] = {"generator": shape, "encoder": self._latent_size}.get(kind, ())

    def make(self, seed: int = 0) -> nn.Module:
        """Make a fresh module, in evaluation mode."""
        module: nn.Module = getattr(self.architecture, self.kind)(self.shape, *self._latent_size, seed=seed)
        return module.eval()

    def inputs(self, n: int = 2) -> list[Tensor]:
        """Draw n standard normal rows of each input, the same each time."""
        stream = torch.Generator("cpu").manual_seed(0)
        shapes = {"generator": [self._latent_size], "pair_critic": [self.shape, self._latent_size]}.get(self.kind)
        return [
            torch.randn(n, *shape, generator=stream, dtype=torch.float32, device="cpu")
            for shape in shapes or [self.shape]
        ]

    def __str__(self) -> str:
        return f"the {self.kind} of {self.architecture!r} for data of shape {self.shape}"


class Trial:
    """An architecture and its networks, of the kinds that it makes.

    Parameters
    ----------
    architecture : Architecture
    """

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture

    @cached_property
    def networks(self) -> list[Network]:
        """The networks of every kind and example shape."""
        shapes = self.architecture.example_shapes
        require(shapes, f"example_shapes of {self!r} must name a shape of data that it takes, got {shapes!r}")
        return [Network(self.architecture, kind, shape) for shape in shapes for kind in self.kinds]

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its networks."""
        given = [kind for kind in _OPTIONAL if given_by_plugin(self.architecture, Architecture, f"make_{kind}")]
        return "generator", "critic", *given

    @cached_property
    def with_more_latents(self) -> list[Network]:
        """The networks with latents, one more than the architecture's own, for the first example shape."""
        shape = self.architecture.example_shapes[0]
        size = self.architecture.latent_size(shape) + 1
        return [Network(self.architecture, kind, shape, size) for kind in self.kinds if kind != "critic"]

    def __repr__(self) -> str:
        return repr(self.architecture)
