"""Data and samples that are larger than memory."""

from ._sample_to import SamplesToFiles

__all__ = ["SamplesToFiles"]
