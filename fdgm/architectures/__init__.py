"""Generators and critics, made from the data's shape, the latent size and a seed."""

from ._base import Architecture
from ._mlp import MLP

__all__ = ["MLP", "Architecture"]
