"""Refiners: improve the samples of any generator by the log-ratio of data to model."""

from ._corrected import CorrectedRatio
from ._crank_nicolson import CrankNicolsonRefiner
from ._ddls import DDLSRefiner
from ._dgflow import DGflowRefiner
from ._dot import DOTRefiner
from ._generators import LatentGenerator
from ._importance import ImportanceRefiner
from ._metropolis import MetropolisHastingsRefiner
from ._rejection import RejectionRefiner

__all__ = [
    "CorrectedRatio",
    "CrankNicolsonRefiner",
    "DDLSRefiner",
    "DGflowRefiner",
    "DOTRefiner",
    "ImportanceRefiner",
    "LatentGenerator",
    "MetropolisHastingsRefiner",
    "RejectionRefiner",
]
