"""Validation, scaling and seeds, shared by all estimators."""

from ._record import Record, columns_of, index_of, plain_columns, set_columns
from ._scaler import SCALINGS, Scaler
from ._seeds import Seeds, chunk_seed, entropy_of, given_key, int_seed, key_of_call, some_rows, with_seed
from ._spread import chunks, extremes
from ._stored import batches_of, is_stored, spooled
from ._validation import (
    as_before_on_error,
    hold_columns,
    is_mapped,
    is_mixed,
    validate,
    validate_latents,
    validate_pair,
)

__all__ = [
    "SCALINGS",
    "Record",
    "Scaler",
    "Seeds",
    "as_before_on_error",
    "batches_of",
    "chunk_seed",
    "chunks",
    "columns_of",
    "entropy_of",
    "extremes",
    "given_key",
    "hold_columns",
    "index_of",
    "int_seed",
    "is_mapped",
    "is_mixed",
    "is_stored",
    "key_of_call",
    "plain_columns",
    "set_columns",
    "some_rows",
    "spooled",
    "validate",
    "validate_latents",
    "validate_pair",
    "with_seed",
]
