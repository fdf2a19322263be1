"""What comes in: validation, scaling and seeds, once, for every estimator."""

from ._record import Record, columns_of, index_of, plain_columns, set_columns
from ._scaler import AffineScaler, chunks
from ._seeds import Seeds, chunk_seed, entropy_of, given_key, int_seed, some_rows, with_seed
from ._validation import as_before_on_error, is_mapped, validate, validate_count, validate_latents, validate_pair

__all__ = [
    "AffineScaler",
    "Record",
    "Seeds",
    "as_before_on_error",
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
