"""Additions to an objective: penalties and projections of a critic, and stabilizers of GANs."""

from ._base import Regularizer
from ._matching import FeatureMatching
from ._minibatch import MinibatchDiscrimination
from ._packing import Packing
from ._penalties import R1, CriticRegularizer, GradientPenalty, WeightClip
from ._reconstructor import Reconstructor
from ._spectral import SpectralNorm
from ._stabilizer import CriticFunction, GeneratorStep, MakeCritic, Stabilizer
from ._unrolling import Unrolling

__all__ = [
    "R1",
    "CriticFunction",
    "CriticRegularizer",
    "FeatureMatching",
    "GeneratorStep",
    "GradientPenalty",
    "MakeCritic",
    "MinibatchDiscrimination",
    "Packing",
    "Reconstructor",
    "Regularizer",
    "SpectralNorm",
    "Stabilizer",
    "Unrolling",
    "WeightClip",
]
