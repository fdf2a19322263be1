"""Density-ratio estimators: log dP/dQ from a sample of each."""

from ._base import DensityRatio, with_gradient
from ._classifier import ClassifierRatio
from ._kliep import KLIEP
from ._lsif import RuLSIF, uLSIF

__all__ = ["KLIEP", "ClassifierRatio", "DensityRatio", "RuLSIF", "uLSIF", "with_gradient"]
