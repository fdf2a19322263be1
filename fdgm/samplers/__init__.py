"""Estimators that learn to sample."""

from ._base import Sampler
from ._vgrow import VGrowSampler

__all__ = ["Sampler", "VGrowSampler"]
