"""Tables with columns of several kinds: what each column is, and rows as numbers and back."""

from ._column import Column
from ._schema import Schema

__all__ = ["Column", "Schema"]
