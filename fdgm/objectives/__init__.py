"""Critic losses as pure functions, each saying how its output becomes a log-ratio."""

from ._base import Objective
from ._logistic import Logistic

__all__ = ["Logistic", "Objective"]
