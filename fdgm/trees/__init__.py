"""Trees that sample tables."""

from ._imputer import GenerativeImputer
from ._tree_sampler import TreeSampler

__all__ = ["GenerativeImputer", "TreeSampler"]
