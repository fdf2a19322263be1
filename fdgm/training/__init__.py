"""What all estimators that train networks fraction: budget, randomness, failures, files and checkpoints."""

from ._chunks import chunk_noise, map_rows, padded, values_at
from ._generative import GenerativeModel
from ._params import at_fit, same
from ._scaling import warn_of_freed_columns, warn_of_moved_rows
from ._trainable import Trainable

__all__ = [
    "GenerativeModel",
    "Trainable",
    "at_fit",
    "chunk_noise",
    "map_rows",
    "padded",
    "same",
    "values_at",
    "warn_of_freed_columns",
    "warn_of_moved_rows",
]
