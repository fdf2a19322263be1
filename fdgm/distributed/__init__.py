"""Fits that several processes share, over torch.distributed."""

from ._group import Group, alone, current, together
from ._launch import launch

__all__ = ["Group", "alone", "current", "launch", "together"]
