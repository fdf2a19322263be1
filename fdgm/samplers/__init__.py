"""Estimators that learn to sample."""

from ._base import Sampler
from ._gan import GANSampler
from ._vgrow import VGrowSampler

__all__ = ["GANSampler", "Sampler", "VGrowSampler"]
