"""Critic losses as pure functions. Each defines how its output becomes a log-ratio."""

from ._age import AGE
from ._base import Objective
from ._f_gan import FGAN
from ._hinge import Hinge
from ._logistic import Logistic, Minimax, NonSaturating
from ._lsgan import LSGAN
from ._ratio_losses import KLIEPObjective, LSIFObjective
from ._relativistic import Relativistic
from ._wasserstein import WGAN, WGANGP

__all__ = [
    "AGE",
    "FGAN",
    "LSGAN",
    "WGAN",
    "WGANGP",
    "Hinge",
    "KLIEPObjective",
    "LSIFObjective",
    "Logistic",
    "Minimax",
    "NonSaturating",
    "Objective",
    "Relativistic",
]
