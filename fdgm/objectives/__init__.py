"""Critic losses as pure functions, each saying how its output becomes a log-ratio."""

from ._base import Objective
from ._f_gan import FGAN
from ._hinge import Hinge
from ._logistic import Logistic
from ._lsgan import LSGAN
from ._ratio_losses import KLIEPObjective, LSIFObjective
from ._regularizers import R1, CriticRegularizer, GradientPenalty, WeightClip
from ._wasserstein import Wasserstein, WassersteinClip

__all__ = [
    "FGAN",
    "LSGAN",
    "R1",
    "CriticRegularizer",
    "GradientPenalty",
    "Hinge",
    "KLIEPObjective",
    "LSIFObjective",
    "Logistic",
    "Objective",
    "Wasserstein",
    "WassersteinClip",
    "WeightClip",
]
