"""What X was: an array of numbers or a table with a schema, and samples in the same form."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from .._columns import align, library_of
from .._literals import Unknown
from ..exceptions import FileError
from ..inputs import Record, columns_of, hold_columns, validate
from ..persistence import State
from ..tables import Schema

__all__ = ["Form"]


class Form:
    """The form of X.

    Parameters
    ----------
    schema : Schema or None
        None if X was an array.
    record : Record or None
        None if X was a table.
    """

    def __init__(self, schema: Schema | None, record: Record | None) -> None:
        self.schema = schema
        self.record = record

    @classmethod
    def of(cls, estimator: BaseEstimator, X: Any) -> tuple[Self, np.ndarray]:
        """Learn the form of X. Return it, and X as numbers (n, d), in which NaN is missing.

        Raises
        ------
        ValueError, TypeError
            If a column of a table cannot be represented, or an array is not rows of numbers, at least two.
        """
        name = type(estimator).__name__
        if library_of(X) in (None, "polars lazy"):
            array, record = validate(estimator, X, reset=True, min_samples=2)
            if array.ndim != 2:
                raise ValueError(f"X of {name} must have shape (n_samples, n_features), got {array.shape}.")
            return cls(None, record), np.asarray(array, dtype=np.float64)
        schema = Schema.of(X, f"X of {name}")
        if len(X) < 2 or not schema.columns:
            raise ValueError(
                f"X of {name} must have at least two rows and one column, got {len(X)} row(s) and"
                f" {len(schema.columns)} column(s)."
            )
        codes = schema.encode(X, f"X of {name}")
        hold_columns(estimator, X, codes, reset=True)
        return cls(schema, None), codes

    def encode(self, estimator: BaseEstimator, X: Any, *, unknown: Unknown = "error") -> np.ndarray:
        """Another X as numbers (n, d), as `Schema.encode` does.

        Raises
        ------
        ValueError, TypeError
            If X has other columns than at fit, or of other kinds.
        """
        name = f"X of {type(estimator).__name__}"
        if self.schema is None:
            array, _ = validate(estimator, X, reset=False)
            return np.asarray(array, dtype=np.float64)
        codes = self.schema.encode(X, name, unknown=unknown)
        hold_columns(estimator, align(X, columns_of(estimator), name, "X at fit"), codes, reset=False)
        return codes

    def decode(self, codes: np.ndarray, index: Any = None) -> Any:
        """Samples (n, d) in X's form."""
        if self.schema is not None:
            return self.schema.decode(codes, index)
        return self.record.restore(codes)  # type: ignore[union-attr]  # one of the two is there

    @property
    def categorical(self) -> np.ndarray:
        """A mask (n_features,) of the columns whose values have no order."""
        if self.schema is not None:
            return self.schema.categorical
        return np.zeros(self.record.shape[0], dtype=bool)  # type: ignore[union-attr]  # one of the two is there

    def check_values(self, values: list[np.ndarray]) -> None:
        """That the values of the columns, read from a file, are codes that can be decoded.

        Raises
        ------
        FileError
            If not.
        """
        if self.schema is not None:
            self.schema.check_values(values)

    def to_state(self) -> State:
        """The whole state, for a file."""
        if self.schema is None:
            return State(parts={"record": self.record.to_state()})  # type: ignore[union-attr]
        return State({"schema": self.schema.to_tensor()})

    @classmethod
    def from_state(cls, state: State, n_columns: int) -> Self:
        """What `to_state` gave, for that many columns."""
        if not state.has("schema"):
            record = Record.from_state(state.part("record"))
            if record.shape != (n_columns,):
                raise FileError(f"the record must be of rows of {n_columns} numbers, got {record.shape}")
            return cls(None, record)
        return cls(Schema.from_state(state, n_columns), None)
