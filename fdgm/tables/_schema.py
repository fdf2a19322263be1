"""One description of a whole table: learned once, validated ever after."""

import json
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Self

import numpy as np
import pandas as pd
from torch import Tensor

from .. import _columns
from .._literals import Unknown
from ..exceptions import FileError
from ..persistence import State, as_tensor
from . import _arrow, _pandas, _polars
from ._column import Column, Refused

__all__ = ["Schema"]

_LIBRARIES: dict[str, ModuleType] = {"pandas": _pandas, "polars": _polars, "pyarrow": _arrow}


class Schema:
    """What each column of a table is, and rows as numbers and back.

    `Schema.of` learns it from a table of pandas, polars or pyarrow. A number is its own code; so is an integer up to
    2**53. A date or a duration is a multiple of its unit, and anything else is its position among the levels of its
    column. A missing value is NaN. ``decode(encode(table))`` is equal to the table, dtypes and columns included.

    Parameters
    ----------
    columns : list of Column
    labels : object
        The names of the columns, as the library has them.
    library : str
        "pandas", "polars" or "pyarrow".

    Examples
    --------
    >>> import pandas as pd
    >>> from fdgm.tables import Schema
    >>> table = pd.DataFrame({"age": [39, 50], "job": ["clerk", None], "since": pd.to_datetime(["2020-01-01"] * 2)})
    >>> schema = Schema.of(table)
    >>> schema.encode(table)
    array([[   39.,     0., 18262.],
           [   50.,    nan, 18262.]])
    >>> schema.decode(schema.encode(table)).equals(table)
    True
    >>> [column.kind for column in schema.columns]
    ['integer', 'category', 'date']
    """

    def __init__(self, columns: list[Column], labels: Any, library: str) -> None:
        self.columns = columns
        self.labels = labels
        self.library = library

    @classmethod
    def of(cls, table: Any, what: str = "X") -> Self:
        """Learn the description of a table.

        Parameters
        ----------
        table : DataFrame of pandas or polars, or Table of pyarrow
        what : str, default="X"
            The table, for messages.

        Raises
        ------
        TypeError
            If it is no such table.
        ValueError
            If a column cannot be represented. The message names each such column and what to do.
        """
        library = _columns.library_of(table)
        if library not in _LIBRARIES:
            mend = "; collect() it first" if library == "polars lazy" else ""
            raise TypeError(f"{what} must be a table of pandas, polars or pyarrow, got {type(table).__name__}{mend}.")
        module = _LIBRARIES[library]
        labels = module.labels_of(table)
        made: list[Column] = []
        refused: list[tuple[Any, Exception]] = []
        for label, native in zip(labels, module.columns(table), strict=True):
            try:
                made.append(Column.of(native))
                module.describe_dtype(made[-1].dtype)
            except Refused as error:
                refused.append((label, error))
            except TypeError as error:
                refused.append((label, TypeError(f"{error}; turn it to numbers, dates or strings first")))
        _refuse(what, refused)
        return cls(made, labels, library)

    @property
    def module(self) -> ModuleType:
        """What knows the columns of the library."""
        return _LIBRARIES[self.library]

    def encode(self, table: Any, what: str = "X", *, unknown: Unknown = "error") -> np.ndarray:
        """Rows as numbers.

        Parameters
        ----------
        table : DataFrame or Table
            Of any of the libraries, with the columns of this description in any order.
        what : str, default="X"
            The table, for messages.
        unknown : str, default="error"
            "missing" takes levels that were not there when this was learned for missing values.

        Returns
        -------
        codes : ndarray of shape (n_rows, n_columns), float64

        Raises
        ------
        TypeError
            If it is no table.
        ValueError
            If columns have other names, hold another kind of values or levels that were not there when this was
            learned. The message names each such column.
        """
        library = _columns.library_of(table)
        if library not in _LIBRARIES:
            raise TypeError(f"{what} must be a table with columns as in fit, got {type(table).__name__}.")
        table = _columns.align(table, tuple(self.labels), what, f"{what} in fit")
        codes = np.empty((len(table), len(self.columns)))
        refused: list[tuple[Any, Exception]] = []
        for place, native in enumerate(_LIBRARIES[library].columns(table)):
            try:
                codes[:, place] = self.columns[place].encode(native, unknown=unknown)
            except Refused as error:
                refused.append((self.labels[place], error))
        _refuse(what, refused)
        return codes

    def decode(self, codes: np.ndarray, index: Any = None) -> Any:
        """The inverse of `encode`: a table of the library, with the columns and dtypes that were there.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
        index : Index or None, default=None
            Labels of the rows, in pandas.

        Raises
        ------
        ValueError
            If a code is missing in a column whose dtype holds no missing values.
        ImportError
            If the table was of a library that is not installed where a file is read.
        """
        made: list[Any] = []
        refused: list[tuple[Any, Exception]] = []
        for place, column in enumerate(self.columns):
            try:
                made.append(column.decode(codes[:, place], self.module))
            except Refused as error:
                refused.append((self.labels[place], error))
        _refuse("codes", refused)
        return self.module.frame(self.labels, made, len(codes), index)

    @property
    def categorical(self) -> np.ndarray:
        """A mask of shape (n_columns,) of the columns whose codes have no order."""
        return np.array([not column.ordered for column in self.columns])

    @property
    def is_numeric(self) -> bool:
        """Whether every column holds numbers that are their own codes."""
        return all(column.kind in ("number", "integer") and column.levels is None for column in self.columns)

    def summary(self) -> pd.DataFrame:
        """A line for each column, for people."""
        rows = [
            {
                "kind": column.kind,
                "values": column.spread,
                "decimals": column.decimals,
                "unit": column.unit,
                "missing": column.missing,
                "dtype": str(column.dtype),
            }
            for column in self.columns
        ]
        return pd.DataFrame(rows, index=pd.Index([str(label) for label in self.labels], name="column"))

    def to_json(self) -> str:
        """The whole description."""
        columns = [column.to_json(self.module) for column in self.columns]
        labels = self.module.describe_labels(self.labels)
        return json.dumps({"library": self.library, "labels": labels, "columns": columns})

    def check_values(self, values: Sequence[np.ndarray]) -> None:
        """Check that the values of the columns, read from a file, are codes that can be decoded.

        Raises
        ------
        FileError
            If not.
        """
        for column, held in zip(self.columns, values, strict=False):
            whole = column.levels is not None or column.kind != "number"
            most = 2**53 if column.levels is None else len(column.levels) - 1
            least = -(2**53) if column.levels is None else 0
            if whole and not ((held % 1 == 0) & (held >= least) & (held <= most)).all():
                raise FileError("values of a column must be codes of its kind, and are not")

    def to_tensor(self) -> Tensor:
        """The text of `to_json` as bytes, for a file."""
        return as_tensor(np.frombuffer(self.to_json().encode(), dtype=np.uint8))

    @classmethod
    def from_state(cls, state: State, n_columns: int) -> Self:
        """Restore what `to_tensor` gave under the name "schema", for that many columns.

        Raises
        ------
        FileError
            If it is something else.
        """
        try:
            text = state.array("schema", (None,), "uint8").tobytes().decode()
        except UnicodeDecodeError as error:
            raise FileError("the schema must be text, and is not") from error
        schema = cls.from_json(text)
        if len(schema.columns) != n_columns:
            raise FileError(f"the schema must have {n_columns} columns, got {len(schema.columns)}")
        return schema

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`.

        Raises
        ------
        FileError
            If it is not what `to_json` gives.
        """
        try:
            described = json.loads(text)
            library, columns = described["library"], described["columns"]
            module = _LIBRARIES[library]
            labels = module.restored_labels(described["labels"])
            made = [Column.from_json(column, module) for column in columns]
            if len(made) != len(labels):
                raise ValueError(f"{len(labels)} labels of {len(made)} columns")
        except FileError:
            raise
        except ImportError:
            raise
        except Exception as error:
            raise FileError(f"a table's description is none ({type(error).__name__}: {error})") from error
        return cls(made, labels, library)


def _refuse(what: str, refused: list[tuple[Any, Exception]]) -> None:
    """One error for all columns that were refused.

    Raises
    ------
    ValueError
        If there is one.
    """
    if refused:
        said = "; ".join(f"column {label!r}: {error}" for label, error in refused)
        raise ValueError(f"{what} has columns that cannot be represented. {said}.")
