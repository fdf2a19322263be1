"""Tables of mixed columns in a refiner that chooses: rows are codes, and what is chosen is a table again."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier

from .._columns import Labels, align, library_of
from ..inputs import hold_columns
from ..persistence import State
from ..ratios import ClassifierRatio
from ..tables import Positions, Schema, units

__all__ = ["Mixed", "boosted_ratio"]

_PLAIN = ("number", "integer", "boolean")
#: Of tables: trees that stop by held-out rows of their own, since the rows to calibrate by are held out already.
_TREES: dict[str, Any] = {"max_iter": 400, "early_stopping": True, "l2_regularization": 1.0}


class Mixed:
    """A table with categories, dates or missing values, in place of the record of an array.

    Rows are codes (n, d), float64, as `Schema.encode` gives them. NaN is missing.

    Parameters
    ----------
    schema : Schema
    codes : ndarray of shape (n, d)
        The rows of X.
    """

    dtype = "float64"

    def __init__(self, schema: Schema, codes: np.ndarray) -> None:
        self.schema = schema
        self.positions = Positions.of(codes, schema.categorical, 0)
        self.training = self.positions.encode(codes).astype(np.int32)

    @classmethod
    def of(cls, X: Any, owner: str, *, numbers: bool = False) -> "Mixed | None":
        """What X is, or None if it is no table of pandas, polars or pyarrow. Also None if it is one of numbers without
        holes, unless `numbers` says that those count too.

        Raises
        ------
        ValueError, TypeError
            If a column cannot be represented.
        """
        if library_of(X) not in ("pandas", "polars", "pyarrow") or not len(X):
            return None
        schema = Schema.of(X, f"X of {owner}")
        if not numbers and all(column.kind in _PLAIN and not column.missing for column in schema.columns):
            return None
        return cls(schema, schema.encode(X))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return (len(self.schema.columns),)

    @property
    def columns(self) -> Labels:
        """The names of the columns."""
        return tuple(self.schema.labels)

    def read(self, estimator: BaseEstimator, X: Any, what: str, *, reset: bool) -> np.ndarray:
        """Codes of a table with these columns, in any order.

        Raises
        ------
        ValueError, TypeError
            If X has other columns, or other kinds of values.
        """
        codes = self.schema.encode(X, what)
        hold_columns(estimator, align(X, self.columns, what, "X at fit"), codes, reset=reset)
        return codes

    def restore(self, rows: np.ndarray, index: Any = None) -> Any:
        """Codes in X's form."""
        return self.schema.decode(rows, index)

    def to_state(self) -> State:
        """Refuse to be stored.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(
            "X of a refiner must be a table of numbers without missing values for it to be saved, got columns of"
            f" {sorted({column.kind for column in self.schema.columns})}; save the generator, and fit the refiner anew."
        )

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """Codes as trees can split them: levels in an order in which neighbours are alike, and −1 for unknown ones."""
        made = rows.copy()
        for place in np.flatnonzero(self.schema.categorical).tolist():
            known = self._known(rows, place)
            found = self.positions.encode_column(place, np.where(known, rows[:, place], np.nan))
            made[:, place] = np.where(np.isnan(rows[:, place]), np.nan, np.where(known, found, -1.0))
        return made

    def units(self, rows: np.ndarray) -> np.ndarray:
        """Ranks and one-hots, in which distances mean something. Unknown levels count as missing."""
        held = rows.copy()
        for place in np.flatnonzero(self.schema.categorical).tolist():
            held[:, place] = np.where(self._known(rows, place), rows[:, place], np.nan)
        return units(self.positions.encode(held), self.training, self.schema.categorical)

    def _known(self, rows: np.ndarray, place: int) -> np.ndarray:
        return np.isin(rows[:, place], self.positions.values[place])


def boosted_ratio() -> ClassifierRatio:
    """The ratio of tables of mixed columns: boosted trees, which take missing values and any units."""
    return ClassifierRatio(HistGradientBoostingClassifier(**_TREES))
