"""Additions to an objective: penalties and projections of a critic, and stabilizers of GANs."""

from ._base import Regularizer
from ._matching import FeatureMatching
from ._minibatch import MinibatchDiscrimination
from ._packing import Packing
from ._penalties import R1, R1R2, CriticRegularizer, GradientPenalty, SlopePenalty, WeightClip
from ._reconstructor import Reconstructor
from ._spectral import SpectralNorm
from ._stabilizer import CriticFunction, GeneratorStep, MakeCritic, Stabilizer
from ._unrolling import Unrolling

__all__ = [
    "R1",
    "R1R2",
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
    "SlopePenalty",
    "SpectralNorm",
    "Stabilizer",
    "Unrolling",
    "WeightClip",
]
