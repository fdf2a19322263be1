"""Trees that sample tables."""

from ._tree_sampler import TreeSampler

__all__ = ["TreeSampler"]
