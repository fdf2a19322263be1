"""Options of training as objects: optimizers, noise, early stopping, checkpoints, and the ways of training."""

from ._base import Option
from ._checkpoint import Checkpoint
from ._early_stopping import EarlyStopping
from ._flow import Flow
from ._gradient import Gradient
from ._implicit import ImplicitNoise
from ._maps import Maps
from ._network import Network
from ._noise import InstanceNoise
from ._optimizers import Adam, Optimizer, RMSprop
from ._replay import Replay
from ._schedule import Schedule
from ._step_size import StepSize

__all__ = [
    "Adam",
    "Checkpoint",
    "EarlyStopping",
    "Flow",
    "Gradient",
    "ImplicitNoise",
    "InstanceNoise",
    "Maps",
    "Network",
    "Optimizer",
    "Option",
    "RMSprop",
    "Replay",
    "Schedule",
    "StepSize",
]
