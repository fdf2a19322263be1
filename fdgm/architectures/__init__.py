"""Generators, critics and encoders, made from the data's shape, the latent size and a seed."""

from ._base import Architecture
from ._distributions import Conditional, Deterministic, Gaussian, Implicit
from ._mlp import MLP

__all__ = ["MLP", "Architecture", "Conditional", "Deterministic", "Gaussian", "Implicit"]
