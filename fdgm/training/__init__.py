"""What every estimator that trains networks does alike: budget, chance, failure, files and checkpoints."""

from ._chunks import CHUNK, in_chunks
from ._generative import GenerativeModel
from ._trainable import Trainable

__all__ = ["CHUNK", "GenerativeModel", "Trainable", "in_chunks"]
