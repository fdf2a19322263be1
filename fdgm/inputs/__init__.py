"""What comes in: validation, scaling and seeds, once, for every estimator."""

from ._scaler import AffineScaler, chunks
from ._seeds import Seeds, chunk_seed, entropy_of, given_key, int_seed, some_rows, with_seed
from ._validation import (
    Record,
    columns_of,
    index_of,
    is_mapped,
    plain_columns,
    set_columns,
    validate,
    validate_count,
    validate_latents,
    validate_pair,
)

__all__ = [
    "AffineScaler",
    "Record",
    "Seeds",
    "chunk_seed",
    "chunks",
    "columns_of",
    "entropy_of",
    "given_key",
    "index_of",
    "int_seed",
    "is_mapped",
    "plain_columns",
    "set_columns",
    "some_rows",
    "validate",
    "validate_count",
    "validate_latents",
    "validate_pair",
    "with_seed",
]
