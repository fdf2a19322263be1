"""What a fit saw, for the model's card: counts and ranges, and no rows."""

from typing import Any

import numpy as np

from ..inputs import Record, extremes
from ..persistence import forget_card

__all__ = ["note_seen"]

_MAX_COLUMNS = 1000  # a card is to be read


def note_seen(estimator: Any, X: np.ndarray, record: Record, *, n_rows: int, goes_on: bool) -> None:
    """Note how many rows there were, and the smallest and largest value of each column, as X has them."""
    low, high = extremes((X,))
    before = vars(estimator).get("_seen") if goes_on else None
    seen: dict[str, Any] = {"rows": n_rows + (before["rows"] if before else 0)}
    if len(record.shape) > 1:
        seen |= {"shape": list(record.shape), "range": [float(low.min()), float(high.max())]}
        if before:
            seen["range"] = _wider(before["range"], seen["range"])
    else:
        names = record.columns if record.columns is not None else tuple(f"x{k}" for k in range(len(low)))
        seen["n_columns"] = len(low)
        seen["columns"] = [str(name) for name in names[:_MAX_COLUMNS]]
        if record.ranks is None:
            ranges = {str(name): [float(low[k]), float(high[k])] for k, name in enumerate(names[:_MAX_COLUMNS])}
            if before:
                ranges = {name: _wider(before["ranges"].get(name, ends), ends) for name, ends in ranges.items()}
            seen["ranges"] = ranges
    estimator._seen = seen
    forget_card(estimator)


def _wider(first: list[float], second: list[float]) -> list[float]:
    return [min(first[0], second[0]), max(first[1], second[1])]
