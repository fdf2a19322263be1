"""Estimators that learn to sample."""

from ._vgrow import VGrowSampler

__all__ = ["VGrowSampler"]
