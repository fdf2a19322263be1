"""What comes in: validation, scaling and seeds, once, for every estimator."""

from ._scaler import AffineScaler
from ._seeds import Seeds, chunk_seed, entropy_of
from ._validation import Record, validate, validate_count, validate_pair

__all__ = [
    "AffineScaler",
    "Record",
    "Seeds",
    "chunk_seed",
    "entropy_of",
    "validate",
    "validate_count",
    "validate_pair",
]
