"""How near samples of a table are to the rows that they were learned from."""

import math

import numpy as np
from scipy import stats

from ._judged import Figure

__all__ = ["copies", "nearer_to_training"]

_QUERIES = 1500  # samples whose nearest rows are sought


def nearer_to_training(
    training: np.ndarray, held_out: np.ndarray, generated: np.ndarray, categorical: np.ndarray
) -> Figure:
    """The fraction of samples that are nearer to a training row than to any of as many held-out rows.

    1,500 samples. The distance is a sum over columns. A number adds its difference, in units of the range between the
    1st and 99th percentile. A level that differs adds 1. Missing is a value of its own. Ties count one half.

    Parameters
    ----------
    training, held_out, generated : ndarray of shape (n, d)
    categorical : ndarray of shape (d,), bool

    Returns
    -------
    fraction : Figure
        ½ for samples that know nothing of the training rows. 1 for copies, if all training rows are compared.
    """
    rng = np.random.default_rng(0)
    n = min(len(training), len(held_out))
    with np.errstate(invalid="ignore"):
        finite = np.where(np.isfinite(held_out), held_out, np.nan)
        empty = np.isnan(finite).all(axis=0)
        low, high = np.nanpercentile(np.where(empty, 0.0, finite), [1, 99], axis=0)
    scale = np.where(categorical | ~(high > low), 1.0, high - low)

    def some(X: np.ndarray, size: int) -> np.ndarray:
        rows = (X[rng.permutation(len(X))[:size]] - np.where(categorical, 0.0, low)) / scale
        return np.nan_to_num(rows, nan=-2.0, posinf=1e6, neginf=-1e6)

    queries = some(generated, _QUERIES)
    to_training, to_held_out = (_nearest(queries, some(X, n), categorical) for X in (training, held_out))
    tie = np.abs(to_training - to_held_out) <= 1e-9
    nearer = float(np.mean((to_training < to_held_out) & ~tie) + np.mean(tie) / 2)
    return _of_fraction(nearer, len(queries))


def _nearest(queries: np.ndarray, rows: np.ndarray, categorical: np.ndarray) -> np.ndarray:
    """The distance (n,) of each query to its nearest row."""
    numbers, levels = rows[:, ~categorical], rows[:, categorical]
    found = np.empty(len(queries))
    for place, query in enumerate(queries):
        gap = np.abs(numbers - query[~categorical]).sum(axis=1) + (levels != query[categorical]).sum(axis=1)
        found[place] = gap.min()
    return found


def copies(training: np.ndarray, generated: np.ndarray) -> Figure:
    """The fraction of samples that are equal to a training row in all columns."""
    known = {row.tobytes() for row in np.nan_to_num(training, nan=-1e308) + 0.0}
    hits = sum(row.tobytes() in known for row in np.nan_to_num(generated, nan=-1e308) + 0.0)
    return _of_fraction(hits / len(generated), len(generated))


def _of_fraction(fraction: float, n: int) -> Figure:
    """A fraction of n with Wilson's interval."""
    if math.isnan(fraction):
        return Figure(fraction)
    found = stats.binomtest(round(fraction * n), n).proportion_ci(0.95, method="wilson")
    return Figure(fraction, min(found.low, fraction), max(found.high, fraction))
