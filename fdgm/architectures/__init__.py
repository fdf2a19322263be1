"""Generators, critics and encoders, made from the data's shape, the latent size and a seed."""

from ._base import DISTRIBUTIONS, Architecture
from ._dcgan import DCGAN
from ._distributions import Conditional, Deterministic, Gaussian, Implicit, Isotropic
from ._hierarchical import Hierarchical
from ._mlp import MLP
from ._resnet import ResNet
from ._sagan import SAGAN
from ._seeded import is_built_in, seeded
from ._skip import LinearSkip

__all__ = [
    "DCGAN",
    "DISTRIBUTIONS",
    "MLP",
    "SAGAN",
    "Architecture",
    "Conditional",
    "Deterministic",
    "Gaussian",
    "Hierarchical",
    "Implicit",
    "Isotropic",
    "LinearSkip",
    "ResNet",
    "is_built_in",
    "seeded",
]
