"""Options of training as objects: optimizers, noise, early stopping, checkpoints."""

from ._base import Option
from ._checkpoint import Checkpoint
from ._early_stopping import EarlyStopping
from ._noise import InstanceNoise
from ._optimizers import Adam, Optimizer, RMSprop
from ._schedule import Schedule

__all__ = ["Adam", "Checkpoint", "EarlyStopping", "InstanceNoise", "Optimizer", "Option", "RMSprop", "Schedule"]
