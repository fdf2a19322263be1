"""The skorch layer: one net with several modules and optimizers, and the critic step that all methods share."""

from ..exceptions import StopTraining
from ._average import Average
from ._budget import Budget
from ._clock import Clock
from ._copy import dtype_of, own_copy
from ._critic_step import CriticStep
from ._failures import TrainingFailure
from ._forward import PRECISIONS, forward
from ._fused import FusedPerceptron
from ._mode import Mode
from ._net import N_PROCESSES, MultiNet, mean_loss, resolve_device
from ._norm_bound import NormBound
from ._optimizers import set_lr
from ._plain import plain_copy
from ._principal import PrincipalComponents
from ._progress import ProgressBar
from ._rows import MemmapRows, ResidentRows, Rows, RowsWithout, hold_out
from ._state import restore_stream
from ._watch import Watch, spread
from ._whole import Whole

__all__ = [
    "N_PROCESSES",
    "PRECISIONS",
    "Average",
    "Budget",
    "Clock",
    "CriticStep",
    "FusedPerceptron",
    "MemmapRows",
    "Mode",
    "MultiNet",
    "NormBound",
    "PrincipalComponents",
    "ProgressBar",
    "ResidentRows",
    "Rows",
    "RowsWithout",
    "StopTraining",
    "TrainingFailure",
    "Watch",
    "Whole",
    "dtype_of",
    "forward",
    "hold_out",
    "mean_loss",
    "own_copy",
    "plain_copy",
    "resolve_device",
    "restore_stream",
    "set_lr",
    "spread",
]
