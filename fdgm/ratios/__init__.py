"""Density-ratio estimators: log dP/dQ from a sample of each."""

from ._base import DensityRatio, with_gradient
from ._classifier import ClassifierRatio
from ._diagnose import Diagnosis, TwoSampleTest, diagnose, two_sample_test
from ._kliep import KLIEP
from ._logistic import LogisticRatio
from ._lsif import RuLSIF, uLSIF
from ._stacked import StackedRatio
from ._telescoping import TelescopingRatio

__all__ = [
    "KLIEP",
    "ClassifierRatio",
    "DensityRatio",
    "Diagnosis",
    "LogisticRatio",
    "RuLSIF",
    "StackedRatio",
    "TelescopingRatio",
    "TwoSampleTest",
    "diagnose",
    "two_sample_test",
    "uLSIF",
    "with_gradient",
]
