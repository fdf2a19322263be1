"""Turn a user's input into a checked array."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_array, validate_data

from .._columns import Labels, align, labels_of, library_of
from .._numbers import as_numbers
from ..tables import Ranks, Schema
from ._record import Record, columns_of
from ._spread import chunks
from ._stored import is_stored, spooled

__all__ = [
    "as_before_on_error",
    "hold_columns",
    "is_mapped",
    "is_mixed",
    "validate",
    "validate_latents",
    "validate_pair",
]


def validate(
    estimator: BaseEstimator, X: Any, *, reset: bool, min_samples: int = 1, ranked: bool | Record = False
) -> tuple[np.ndarray, Record]:
    """Check X and return it as an array of floats or integers, with its record.

    Without `reset`, a table's columns are put in the order that they had at fit. With `ranked`, or without `reset` if
    the estimator's record has ranks, X may hold whatever a schema can describe, and the array has normal scores. The
    ranks are X's own, or those of a record given as `ranked`.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If X holds strings, categories, dates, complex numbers, masked values or infinity, or has too few rows. If X
        holds NaN and the estimator's tags do not allow it. The message names the first row and column. Without `reset`,
        also if its rows have another shape or its columns other names than at `fit`.
    """
    record = vars(estimator).get("_record") if not reset else ranked if isinstance(ranked, Record) else None
    if ranked or (record is not None and record.ranks is not None):
        return _ranked(estimator, X, record, min_samples, reset=reset)
    like = None if reset else columns_of(estimator)
    if is_stored(X):
        X = spooled(X, f"X of {type(estimator).__name__}", like)
    X = align(X, like, f"X of {type(estimator).__name__}", "X at fit")
    array, record = _checked(estimator, X, min_samples)
    hold_columns(estimator, X, array, reset=reset)
    return array, record


def is_mixed(X: Any, *, integers: bool = True) -> bool:
    """Whether X is a table that a schema must describe: with strings, categories, dates or holes, or of pyarrow.

    Parameters
    ----------
    X : object
    integers : bool, default=True
        Whether one with integers or booleans is, too: as floats they would not come back as they were.
    """
    library = library_of(X)
    if library in (None, "polars lazy"):
        return False
    if library == "pyarrow":
        return True
    columns = [X.iloc[:, k] for k in range(X.shape[1])] if library == "pandas" else list(X.iter_columns())
    return not all(_is_plain(column, integers) for column in columns)


def _is_plain(column: Any, integers: bool) -> bool:
    """Whether a column holds floats, or objects that are numbers, and no holes."""
    series = nw.from_native(column, series_only=True)
    if series.dtype.is_float():
        return not bool(series.is_null().any()) and not bool(series.is_nan().any())
    if series.dtype.is_integer() or series.dtype == nw.Boolean:
        return not integers and not bool(series.is_null().any())
    if series.dtype != nw.Object:
        return False
    return all(isinstance(value, (Real, Decimal)) and not isinstance(value, bool) for value in series.to_list())


def _ranked(
    estimator: BaseEstimator, X: Any, record: Record | None, min_samples: int, *, reset: bool
) -> tuple[np.ndarray, Record]:
    """X as normal scores, as `validate` returns it: with the ranks of a record or, if that is None, X's own."""
    what, columns = f"X of {type(estimator).__name__}", None if record is None else record.columns
    X = align(spooled(X, what, columns) if is_stored(X) else X, columns, what, "X at fit")
    table = library_of(X) not in (None, "polars lazy")
    schema = record.schema if record is not None else Schema.of(X, what) if table else None
    if table and schema is not None:
        if len(X) < min_samples or not schema.columns:
            raise ValueError(
                f"{what} must have at least {min_samples} row(s) and one column, got {len(X)} row(s) and"
                f" {len(schema.columns)} column(s)."
            )
        codes, categorical = schema.encode(X, what), schema.categorical
        made = Record(codes.shape[1:], "float64", labels_of(X), library_of(X) or "pandas", schema)
    elif schema is not None and not schema.is_numeric:
        raise TypeError(f"{what} must be a table with columns as in fit, got {type(X).__name__}.")
    else:
        codes, made = _checked(estimator, X, min_samples, allow_nan=True)
        if codes.ndim != 2:
            raise ValueError(f"{what} must have shape (n_samples, n_features) for ranks, got {codes.shape}.")
        codes, categorical = np.asarray(codes, dtype=np.float64), np.zeros(codes.shape[1], dtype=bool)
    hold_columns(estimator, X, codes, reset=reset)
    ranks = None if record is None else record.ranks
    if ranks is None:
        ranks = Ranks.of(codes, categorical)
    try:
        return ranks.encode(codes), replace(made, ranks=ranks) if record is None else record
    except ValueError as error:
        raise ValueError(f"{what}: {error}.") from error


def _checked(
    estimator: BaseEstimator, X: Any, min_samples: int, *, allow_nan: bool = False
) -> tuple[np.ndarray, Record]:
    """X alone, as `validate` returns it. Nothing is recorded. An estimator's tags may allow NaN too."""
    name, allow_nan = type(estimator).__name__, allow_nan or _allows_nan(estimator)
    if is_mapped(X):
        return _checked_mapped(name, X, min_samples, allow_nan=allow_nan)
    labels, library = labels_of(X), library_of(X) or "pandas"
    array = check_array(
        as_numbers(X, f"X of {name}"),
        dtype="numeric",
        allow_nd=True,
        ensure_all_finite=False,
        ensure_min_samples=min_samples,
        estimator=estimator,
        input_name="X",
    )
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    _refuse_non_finite(name, array, labels=labels, allow_nan=allow_nan)
    return array, Record(array.shape[1:], array.dtype.name, labels, library)


def validate_pair(
    estimator: BaseEstimator, X_p: Any, X_q: Any, *, reset: bool, min_samples: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Check a sample of the numerator P and one of the denominator Q, and return both as arrays.

    A table's columns are put in the order of X_p's or, without `reset`, in that at fit. Nothing is recorded until both
    samples are checked.

    Raises
    ------
    TypeError, ValueError
        As `validate`, for each sample. Also if the two samples' rows differ in shape or their columns in names. Every
        message names the sample and the order of the two.
    """
    name = type(estimator).__name__
    order = f"{name} takes X_p, a sample of the numerator P, first and X_q, of the denominator Q, second."
    if is_stored(X_p):
        X_p = spooled(X_p, f"X_p of {name}", None if reset else columns_of(estimator))
    expected, like = (labels_of(X_p), "X_p") if reset else (columns_of(estimator), "X_p at fit")
    if is_stored(X_q):
        X_q = spooled(X_q, f"X_q of {name}", expected)
    tables, arrays = [], []
    for sample, X in (("X_p", X_p), ("X_q", X_q)):
        with _named(sample, name, order):
            table = align(X, expected, f"X of {name}", like)
            array, _ = _checked(estimator, table, min_samples)
            if not reset:
                hold_columns(estimator, table, array, reset=False)
        tables.append(table)
        arrays.append(array)
    p, q = arrays
    if p.shape[1:] != q.shape[1:]:
        raise ValueError(
            f"X_q of {name} must have rows of the shape of X_p's, {p.shape[1:]}, got {q.shape[1:]}. {order}"
        )
    if reset:
        for sample, table, array in zip(("X_p", "X_q"), tables, arrays, strict=True):
            with _named(sample, name, order):
                hold_columns(estimator, table, array, reset=sample == "X_p")
    return p, q


@contextmanager
def _named(sample: str, name: str, order: str) -> Iterator[None]:
    """A context that adds the name of the sample to errors."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"{sample} of {name}: {error} {order}") from error
    except ValueError as error:
        raise ValueError(f"{sample} of {name}: {error} {order}") from error


def validate_latents(owner: str, Z: Any, size: int, *, hint: str = "") -> np.ndarray:
    """Check latents and return a float32 copy (n, size). A hint may be given for latents of another shape.

    Raises
    ------
    TypeError
        If Z is sparse.
    ValueError
        If Z is not at least one row of `size` real numbers that are finite, also in float32.
    """
    given = check_array(
        as_numbers(Z, f"Z of {owner}"),
        dtype="numeric",
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
        ensure_all_finite=False,
        input_name="Z",
        estimator=owner,
    )
    if given.ndim != 2 or given.shape[1] != size or not len(given):
        raise ValueError(f"Z of {owner} must have shape (n_samples, {size}), got {given.shape}{hint}.")
    with np.errstate(over="ignore"):
        latents = np.array(given, dtype=np.float32, order="C")
    bad = np.argwhere(~np.isfinite(latents))
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(
            f"Z of {owner} must be finite in float32, got {given[row, column]} at row {row}, column {column}."
        )
    return latents


@contextmanager
def as_before_on_error(estimator: BaseEstimator, *, unless: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Restore an estimator if a fit ends with an error, so that a refused X destroys no earlier fit.

    Parameters
    ----------
    estimator : BaseEstimator
    unless : callable, default=False
        Called after the error: whether something was learned that must stay. An interrupt always keeps what there is.
    """
    before = dict(vars(estimator))
    try:
        yield
    except Exception:
        if not unless():
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def is_mapped(X: Any) -> bool:
    """Whether X is an array in a file, with numbers that can be used directly."""
    return isinstance(X, np.memmap) and X.dtype.kind in "fiub" and X.ndim > 1


def _checked_mapped(name: str, X: np.memmap, min_samples: int, *, allow_nan: bool) -> tuple[np.ndarray, Record]:
    """As `_checked`, in chunks: the array stays in its file."""
    if len(X) < min_samples:
        raise ValueError(
            f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of {min_samples} is required"
            f" by {name}."
        )
    for part in chunks(X):
        _refuse_non_finite(name, X[part], labels=labels_of(X), first=part.start, allow_nan=allow_nan)
    return X, Record(X.shape[1:], X.dtype.name if X.dtype.kind == "f" else "float64", labels_of(X))


def hold_columns(estimator: BaseEstimator, X: Any, array: np.ndarray, *, reset: bool) -> None:
    """Record names, number and shape of columns, or check X against those at `fit`.

    It is called after all other checks, so that a refused X leaves nothing behind.
    """
    labels = labels_of(X)
    if labels is not None and isinstance(X, np.ndarray):  # scikit-learn reads names from tables alone
        X = pd.DataFrame(X[:1], columns=list(labels))
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    if reset:
        estimator._row_shape, estimator._columns = array.shape[1:], labels
    expected = tuple(vars(estimator).get("_row_shape", array.shape[1:]))
    if array.shape[1:] != expected:  # scikit-learn compares the first dimension alone
        raise ValueError(
            f"X of {type(estimator).__name__} must have rows of shape {expected}, as at fit, got {array.shape[1:]}."
        )


def _allows_nan(estimator: BaseEstimator) -> bool:
    """Whether it takes missing values, by its tags."""
    return bool(get_tags(estimator).input_tags.allow_nan)


def _refuse_non_finite(
    name: str, array: np.ndarray, *, labels: Labels | None = None, first: int = 0, allow_nan: bool = False
) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):
            return
    bad = np.argwhere(np.isinf(array) if allow_nan else ~np.isfinite(array))
    if not len(bad):
        return
    row, *column = bad[0].tolist()
    value = array[tuple(bad[0])]
    what = "NaN" if np.isnan(value) else "infinity"
    place = column[0] if len(column) == 1 else tuple(column)
    where = place if labels is None else repr(labels[column[0]])
    raise ValueError(
        f"Input X of {name} must be finite, got {what} at row {first + row}, column {where}"
        f" (one of {len(bad)} such values); drop or impute them first."
    )
