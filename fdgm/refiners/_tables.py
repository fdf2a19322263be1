"""Tables of figures in a file."""

import math
from collections.abc import Mapping

import pandas as pd

from ..exceptions import FileError
from ..persistence import State

__all__ = ["frame_from_state", "frame_to_state"]


def frame_to_state(frame: pd.DataFrame) -> State:
    """The columns of a table as lists. Numbers that are not finite are null."""
    columns = {str(name): column.tolist() for name, column in frame.items()}
    return State({}, {name: [None if _not_finite(v) else v for v in values] for name, values in columns.items()})


def frame_from_state(state: State, columns: Mapping[str, type]) -> pd.DataFrame:
    """Restore a table with columns of these names and types."""
    found = {}
    for name, kind in columns.items():
        values = state.value(name)
        allowed = (int, float, type(None)) if kind is float else (kind,)
        if not isinstance(values, list) or not all(type(value) in allowed for value in values):
            raise FileError(f"{name} of a table must be a list of {kind.__name__}, and is not")
        found[name] = [math.nan if value is None else value for value in values]
    if len({len(values) for values in found.values()}) > 1:
        raise FileError(f"{list(columns)} must be equally long, and are not")
    return pd.DataFrame(found).astype(dict(columns))


def _not_finite(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
