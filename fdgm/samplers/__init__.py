"""Estimators that learn to sample."""

from ._base import Sampler
from ._flow_matching import FlowMatchingSampler
from ._gan import GANSampler
from ._vgrow import VGrowSampler

__all__ = ["FlowMatchingSampler", "GANSampler", "Sampler", "VGrowSampler"]
