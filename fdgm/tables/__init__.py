"""Tables with columns of several kinds: what each column is, and rows as numbers and back."""

from ._column import Column
from ._positions import Positions
from ._ranks import Ranks
from ._schema import Schema
from ._units import units

__all__ = ["Column", "Positions", "Ranks", "Schema", "units"]
