"""The skorch layer: several modules and optimizers under one net, and the critic step that all methods share."""

from ._clock import Clock
from ._critic_step import CriticStep
from ._net import MultiNet, NonFinite, StopTraining, resolve_device
from ._progress import ProgressBar
from ._state import net_tensors, restore_net

__all__ = [
    "Clock",
    "CriticStep",
    "MultiNet",
    "NonFinite",
    "ProgressBar",
    "StopTraining",
    "net_tensors",
    "resolve_device",
    "restore_net",
]
