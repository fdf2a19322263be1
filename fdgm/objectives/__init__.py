"""Critic losses as pure functions, each saying how its output becomes a log-ratio."""

from ._base import Objective
from ._f_gan import FGAN
from ._hinge import Hinge
from ._logistic import Logistic

__all__ = ["FGAN", "Hinge", "Logistic", "Objective"]
