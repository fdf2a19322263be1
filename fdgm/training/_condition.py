"""What samples can be asked for given: a value beside each row, which is not learned and does not move."""

from typing import Any, Self

import numpy as np
import pandas as pd

from ..exceptions import FileError
from ..persistence import State, as_tensor
from ..tables import Ranks, Schema

__all__ = ["Condition"]

_MOST_CLASSES = 50  # different values that are classes: beyond, numbers are one normal score


class Condition:
    """The y of a fit, as networks see it.

    Classes are one-hot. Numbers with more than 50 different values are the normal score of their rank.

    Parameters
    ----------
    schema : Schema
        Of the one column y.
    values : ndarray of shape (n_values,)
        The different codes of y, sorted.
    fractions : ndarray of shape (n_values,)
        Of the training rows.
    """

    def __init__(self, schema: Schema, values: np.ndarray, fractions: np.ndarray) -> None:
        self.schema = schema
        self.values = values
        self.fractions = fractions
        self._ranks = None
        if len(values) > _MOST_CLASSES:
            if schema.categorical[0]:
                raise ValueError(f"y must have at most {_MOST_CLASSES} classes, got {len(values)}.")
            repeated = np.repeat(values, np.maximum(np.round(fractions * 10 * len(values)).astype(int), 1))
            self._ranks = Ranks.of(repeated[:, None], np.zeros(1, dtype=bool))

    @classmethod
    def of(cls, y: Any, n: int, owner: str) -> tuple[Self, np.ndarray]:
        """Learn what y is. Return it with the codes (n,).

        Raises
        ------
        ValueError
            If it has no value for each of n rows, or missing ones, or more than 50 classes.
        """
        if y is None:
            raise ValueError(f'y of {owner} must be given with condition="y", got None.')
        table = _as_table(y)
        schema = Schema.of(table, f"y of {owner}")
        codes = _checked(schema, table, n, owner)
        values, counts = np.unique(codes, return_counts=True)
        return cls(schema, values, counts / n), codes

    @property
    def size(self) -> int:
        """Numbers that stand for a value."""
        return len(self.values) if self._ranks is None else 1

    def read(self, y: Any, n: int | None, owner: str) -> np.ndarray:
        """Codes (n,) of other values: one for all n, or n of them. Without n, as many as there are.

        Raises
        ------
        ValueError
            If there are not so many, or one was not in the y of fit. The message has the nearest one.
        """
        scalar = np.ndim(y) == 0
        codes = _checked(self.schema, _as_table([y] if scalar else y), None if scalar else n, owner)
        unknown = codes[~np.isin(codes, self.values)] if self._ranks is None else codes[:0]
        beyond = codes[(codes < self.values[0]) | (codes > self.values[-1])]
        for code in (*unknown, *beyond):
            near = self.values[np.argmin(np.abs(self.values - code))]
            column = self.schema.columns[0]
            raise ValueError(
                f"y of {owner} must be a value that fit saw, got {column.shown(code)}; the nearest is"
                f" {column.shown(near)}."
            )
        return np.repeat(codes, 1 if n is None else n) if scalar else codes

    def draw(self, n: int, seed: int) -> np.ndarray:
        """Codes (n,) at the fractions of the training rows."""
        ends = np.cumsum(self.fractions)
        u = np.random.default_rng(seed).random(n) * ends[-1]
        return self.values[np.minimum(np.searchsorted(ends, u, side="right"), len(ends) - 1)]

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """What networks see (n, size), float32."""
        if self._ranks is not None:
            return self._ranks.encode(codes[:, None]).astype(np.float32)
        found: np.ndarray = (codes[:, None] == self.values).astype(np.float32)
        return found

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Values (n,) of codes, as they were in y."""
        found: np.ndarray = self.schema.decode(codes[:, None])["y"].to_numpy()
        return found

    def to_state(self) -> State:
        """The whole state, for a file."""
        arrays = {"values": as_tensor(self.values), "fractions": as_tensor(self.fractions)}
        return State({"schema": self.schema.to_tensor(), **arrays})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Restore what `to_state` gave."""
        schema = Schema.from_state(state, 1)
        values = state.array("values", (None,))
        fractions = state.array("fractions", (len(values),), least=0.0)
        schema.check_values([values])
        if not len(values) or (np.diff(values) <= 0).any() or not 0 < fractions.sum() < 2:
            raise FileError("values of y must increase and have fractions of the rows, and do not")
        if list(schema.labels) != ["y"] or schema.library != "pandas":
            raise FileError("the schema of y must be of one column y, and is not")
        try:
            return cls(schema, values, fractions)
        except ValueError as error:
            raise FileError(str(error)) from error


def _as_table(y: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": y.array if isinstance(y, pd.Series) else np.asarray(y)})


def _checked(schema: Schema, table: pd.DataFrame, n: int | None, owner: str) -> np.ndarray:
    """Codes of y, of which there are n and none is missing."""
    if n is not None and len(table) != n:
        raise ValueError(f"y of {owner} must have a value for each of {n} rows, got {len(table)}.")
    try:
        codes = schema.columns[0].encode(table["y"])
    except ValueError as error:
        raise ValueError(f"y of {owner}: {error}.") from error
    if not np.isfinite(codes).all():
        raise ValueError(f"y of {owner} must have no missing or infinite values.")
    return codes
