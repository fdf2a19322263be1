"""What all estimators that train networks share: budget, randomness, failures, files and checkpoints."""

from ._build import build
from ._checkpoint import resume
from ._chunks import chunk_noise, map_rows, padded, values_at
from ._condition import Condition
from ._data_scaling import scaled_range
from ._early_stopping import BestGenerator
from ._generative import GenerativeModel
from ._loop import describe_history, forget, is_trained, make_clock, rows_of, train, without_half_a_fit
from ._params import at_fit, check_idle, check_unchanged, same
from ._scaling import warn_of_freed_columns, warn_of_moved_rows
from ._shared import check_alike, common_rows
from ._trainable import Trainable
from ._whole import Keeper

__all__ = [
    "BestGenerator",
    "Condition",
    "GenerativeModel",
    "Keeper",
    "Trainable",
    "at_fit",
    "build",
    "check_alike",
    "check_idle",
    "check_unchanged",
    "chunk_noise",
    "common_rows",
    "describe_history",
    "forget",
    "is_trained",
    "make_clock",
    "map_rows",
    "padded",
    "resume",
    "rows_of",
    "same",
    "scaled_range",
    "train",
    "values_at",
    "warn_of_freed_columns",
    "warn_of_moved_rows",
    "without_half_a_fit",
]
