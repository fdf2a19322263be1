"""The skorch layer: several modules and optimizers under one net, and the critic step that all methods share."""

from ._clock import Clock
from ._critic_step import CriticStep
from ._net import MultiNet, NonFinite, StopTraining, resolve_device
from ._progress import ProgressBar

__all__ = ["Clock", "CriticStep", "MultiNet", "NonFinite", "ProgressBar", "StopTraining", "resolve_device"]
