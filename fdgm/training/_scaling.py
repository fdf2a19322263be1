"""Checks and warnings about the scaling of columns: values far out, and later rows that the scaling does not fit."""

import warnings
from typing import Any

import numpy as np

from .._columns import Labels
from ..distributed import current
from ..exceptions import TrainingWarning
from ..inputs import Scaler, extremes

__all__ = ["check_moved_range", "warn_of_far_values", "warn_of_freed_columns", "warn_of_moved_rows"]

_FAR = 1000.0  # deviations of a column's middle rows: a value so far out is more likely a typing error than a tail
_INFLATED = 10.0  # factor by which a few rows may stretch a standard deviation
_MOVED = 10.0  # scaled units, for half of the rows
_LISTED = 3  # columns named in one warning


def warn_of_far_values(owner: str, columns: Labels | None, scaler: Scaler, units: Scaler) -> None:
    """Warn of columns that a few rows would ruin, or whose values the networks cannot see as they are.

    Parameters
    ----------
    owner : str
    columns : tuple or None
        The names of the columns.
    scaler : Scaler
        The networks' scaling, before any bounds are taken from it.
    units : Scaler
        The robust scaling of the same rows.
    """
    ends = np.maximum(np.abs(units.low - units.mean), np.abs(units.high - units.mean)) / units.scale
    far = units.varies & (ends > _FAR)
    stretched = units.varies & (scaler.scale > _INFLATED * units.scale)
    affine = bool(np.isinf(scaler.upper).all())
    if affine and stretched.any():
        times = (scaler.scale / units.scale)[stretched].max()
        _warn(
            f"{owner}: a few rows far out set the scale of {_named(columns, stretched)}: the standard deviation is"
            f" {times:.3g} times that of the other rows, which the networks can hardly tell apart. Set scaling to"
            " 'robust', or remove those rows."
        )
    elif far.any():
        _warn(
            f"{owner}: {_named(columns, far)} of X has values up to {ends[far].max():.3g} standard deviations of its"
            " other rows away. The networks see such values on a logarithmic scale; remove them if they are mistakes."
        )


def check_moved_range(owner: str, scaler: Scaler, X: np.ndarray, *, data_range: Any) -> None:
    """Check that later rows are in the one range of all columns.

    Raises
    ------
    ValueError
        If that range was given.

    Warns
    -----
    TrainingWarning
        If the first call found it: the networks were made for it.
    """
    low, high = extremes((X,))
    least, greatest = float(low.min()), float(high.max())
    first, last = float(scaler.low.min()), float(scaler.high.max())
    if first <= least and greatest <= last:
        return
    if data_range != "auto":
        raise ValueError(
            f"X of {owner} must lie in the data_range ({first:g}, {last:g}), got numbers from {least:g} to"
            f" {greatest:g}."
        )
    _warn(
        f"{owner}: X has numbers from {least:g} to {greatest:g}, but its data_range is that of the first call,"
        f" ({first:g}, {last:g}), and samples stay in it; give data_range the true range and fit anew."
    )


def warn_of_freed_columns(owner: str, columns: Labels | None, freed: np.ndarray) -> None:
    """Warn of the columns that were constant until now, given as a mask of shape (*row_shape,)."""
    _warn(
        f"{owner}: {_named(columns, freed)} was constant in all calls until now, and varies. It is learned from here"
        " on; where that is too late, fit anew, with rows of each kind in the first call."
    )


def warn_of_moved_rows(owner: str, columns: Labels | None, scaler: Scaler, X: np.ndarray) -> None:
    """Warn if later rows are unlike those of the first call, whose scaling stays.

    Parameters
    ----------
    owner : str
    columns : tuple or None
        The names of the columns.
    scaler : Scaler
        The scaling of the earlier calls.
    X : ndarray of shape (n_samples, *row_shape)
    """
    some = X[np.unique(np.linspace(0, len(X) - 1, 1000).astype(int))]
    with np.errstate(over="ignore"):
        moved = scaler.varies & (np.median(np.abs((some - scaler.mean) / scaler.scale), axis=0) > _MOVED)
    if moved.any():
        _warn(
            f"{owner}: half of the rows or more are over {_MOVED:g} standard deviations of the first call away in"
            f" {_named(columns, moved)} of X. The scaling of the first call stays; if the data have moved for good, fit"
            " anew."
        )


def _named(columns: Labels | None, where: np.ndarray) -> str:
    """The columns, by name if they have one."""
    found = np.argwhere(where).tolist()
    labels = [repr(tuple(k) if len(k) > 1 else k[0]) for k in found[:_LISTED]]
    if columns is not None:
        labels = [repr(columns[k[0]]) for k in found[:_LISTED]]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f"column{'s' * (len(found) > 1)} {', '.join(labels)}{more}"


def _warn(message: str) -> None:
    if current().rank == 0:
        warnings.warn(message, TrainingWarning, stacklevel=6)  # the line that calls `fit`
