"""Energy distance between samples."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .._checks import as_generator, check_count, check_number
from ._extractors import Features, as_features, feature_pair
from ._pairs import blocks, unit_scale, warn_of_rounding
from ._rows import check_rows

__all__ = ["energy_distance", "energy_distance_unit", "energy_units", "mean_distance"]


def energy_distance(X_real: Any, X_generated: Any, *, features: Features = None, chunk_size: int = 500) -> float:
    """Energy distance 2E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖ between two samples, as a V-statistic.

    It is the squared distance, without the square root that :func:`scipy.stats.energy_distance` takes. The means run
    over all pairs, including each point with itself. It is thus the energy distance between the two empirical
    distributions: at least 0, and 0 if and only if they are the same.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, with as many features.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows of each sample to compare, or to give to `features`, at once, at least 1. The block of distances
        takes ``8 * chunk_size**2`` bytes, whatever the number of rows. Time is proportional to
        (n_real + n_generated)², whatever `chunk_size` is.

    Returns
    -------
    distance : float
        In the units of X, >= 0. Computed in float64. Below about 1e-15 of the mean distance it is rounding.

    Raises
    ------
    ValueError
        If a sample is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, or
        if `chunk_size` is not a positive int.

    Warns
    -----
    PrecisionWarning
        If the distance is so much smaller than the values that rounding leaves fewer than three digits.

    References
    ----------
    Székely and Rizzo, "Energy statistics: A class of statistics based on distances", Journal of Statistical
    Planning and Inference 143, 2013.

    Examples
    --------
    >>> from fdgm.metrics import energy_distance
    >>> energy_distance([[0.0, 0.0]], [[3.0, 4.0]])
    10.0
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "energy_distance", chunk_size)
    x, y, scale = unit_scale(x, y)
    # The three means are computed alike, so that they cancel exactly if the samples are the same array.
    within = _mean_distance(x, x, chunk_size) + _mean_distance(y, y, chunk_size)
    between = 2 * _mean_distance(x, y, chunk_size)
    distance = max(between - within, 0.0)
    warn_of_rounding(x, y, distance, 2.0**-52 * between, "energy_distance")
    return scale * distance


def energy_units(
    X_real: Any,
    X_generated: Any,
    *,
    real_distance: float | None = None,
    features: Features = None,
    chunk_size: int = 500,
) -> float:
    """Energy distance in units of sampling noise: 1 if the model's samples are as near as real ones, on average.

    It is 1 + U / (Δ (1/n + 1/m)). U is the unbiased energy statistic, whose mean is 0 on two real samples. Δ is the
    mean distance E‖X − X'‖ of two real rows. Δ (1/n + 1/m) is the mean of :func:`energy_distance` on two real samples.
    Unlike that mean, Δ does not depend on how a generator of data draws its rows.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        At least two independent real samples. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        At least two generated samples, with as many features.
    real_distance : float or None, default=None
        Δ, above 0, in the units of the rows, or of `features` if there are any: :func:`mean_distance` of a large real
        sample. None takes it from `X_real`.
    features : str, callable or None, default=None
        As in :func:`energy_distance`.
    chunk_size : int, default=500
        As in :func:`energy_distance`.

    Returns
    -------
    units : float
        Without units. Its standard deviation on two real samples is at most √2, so average it over draws before you
        compare models near 1. It may be negative, if the two samples are more alike than independent ones.

    Raises
    ------
    ValueError
        As :func:`energy_distance`. Also if a sample has fewer than two rows, if `real_distance` is not a finite number
        above 0, or if all rows of `X_real` are the same.

    Notes
    -----
    Rows must be independent. Where a generator of data stratifies, as :func:`sklearn.datasets.make_moons` does, take n
    random rows of a much larger draw.

    References
    ----------
    Székely and Rizzo, "Energy statistics: A class of statistics based on distances", Journal of Statistical
    Planning and Inference 143, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import energy_units
    >>> X, near, far = np.random.default_rng(0).normal([[[0.0]], [[0.0]], [[1.0]]], size=(3, 500, 1))
    >>> energy_units(X, near) < 4 < 100 < energy_units(X, far)
    True
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "energy_units", chunk_size)
    for name, rows in (("X_real", x), ("X_generated", y)):
        if len(rows) < 2:
            raise ValueError(f"{name} of energy_units must have at least 2 rows, got {len(rows)}.")
    x, y, scale = unit_scale(x, y)
    n, m = len(x), len(y)
    among_real = _mean_distance(x, x, chunk_size) * n / (n - 1)
    among_generated = _mean_distance(y, y, chunk_size) * m / (m - 1)
    between = 2 * _mean_distance(x, y, chunk_size)
    delta = among_real
    if real_distance is not None:
        delta = check_number(real_distance, "real_distance", "energy_units") / scale
    if delta == 0:
        raise ValueError("X_real of energy_units must have different rows where real_distance is None, got equal ones.")
    excess = between - among_real - among_generated
    warn_of_rounding(x, y, delta * (1 / n + 1 / m), 2.0**-52 * between, "energy_units")
    return 1 + excess / (delta * (1 / n + 1 / m))


def mean_distance(X: Any, *, features: Features = None, chunk_size: int = 500) -> float:
    """Mean distance E‖X − X'‖ of two different rows of a sample, the `real_distance` of :func:`energy_units`.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        At least two rows. The trailing shape is flattened.
    features : str, callable or None, default=None
        As in :func:`energy_distance`.
    chunk_size : int, default=500
        As in :func:`energy_distance`.

    Returns
    -------
    distance : float
        In the units of X, >= 0, without bias. Time is proportional to n_samples².

    Raises
    ------
    ValueError
        If there are fewer than two rows, or as :func:`energy_distance`.

    Examples
    --------
    >>> from fdgm.metrics import mean_distance
    >>> mean_distance([[0.0, 0.0], [3.0, 4.0]])
    5.0
    """
    chunk_size = check_count(chunk_size, "chunk_size", "mean_distance")
    x = as_features(X, features, "X", "mean_distance", chunk_size=chunk_size)
    if len(x) < 2:
        raise ValueError(f"X of mean_distance must have at least 2 rows, got {len(x)}.")
    x, _, scale = unit_scale(x, x)
    return scale * _mean_distance(x, x, chunk_size) * len(x) / (len(x) - 1)


def energy_distance_unit(
    sampler: Callable[[int, np.random.Generator], Any],
    *,
    n_samples: int = 5000,
    n_pairs: int = 50,
    random_state: Any = None,
) -> float:
    """Mean energy distance between two real samples, by drawing them.

    If a model's energy distance to the data, at the same `n_samples`, is about one unit, it does not tell them apart.
    Where `sampler` stratifies, two of its samples are more alike than independent ones, and the unit is too small:
    :func:`energy_units` needs no sampler, and has no such bias.

    Parameters
    ----------
    sampler : callable
        ``sampler(n, rng)`` gives n real rows, of shape (n, ...), drawn with the numpy Generator `rng`.
    n_samples : int, default=5000
        Number of rows in each sample, at least 1.
    n_pairs : int, default=50
        Number of pairs to average over, at least 1.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    unit : float
        In the units of X. For independent rows its expectation is 2E‖X − X'‖/n_samples.

    Raises
    ------
    TypeError
        If `sampler` is not callable.
    ValueError
        If `sampler` returns another number of rows, or if a parameter is out of its range.

    References
    ----------
    Székely and Rizzo, "Energy statistics: A class of statistics based on distances", Journal of Statistical
    Planning and Inference 143, 2013.

    Examples
    --------
    >>> from fdgm.datasets import make_ring
    >>> from fdgm.metrics import energy_distance_unit
    >>> sampler = lambda n, rng: make_ring(n, random_state=rng)
    >>> bool(energy_distance_unit(sampler, n_samples=200, n_pairs=5, random_state=0) > 0)
    True
    """
    if not callable(sampler):
        raise TypeError(f"sampler of energy_distance_unit must be callable as sampler(n, rng), got {sampler!r}.")
    n_samples = check_count(n_samples, "n_samples", "energy_distance_unit")
    n_pairs = check_count(n_pairs, "n_pairs", "energy_distance_unit")
    rng = as_generator(random_state, "energy_distance_unit")

    def draw() -> np.ndarray:
        rows = check_rows(sampler(n_samples, rng), "the sample from sampler", "energy_distance_unit")
        if len(rows) != n_samples:
            raise ValueError(f"sampler of energy_distance_unit must return {n_samples} rows, got {len(rows)}.")
        return rows

    return math.fsum(energy_distance(draw(), draw()) for _ in range(n_pairs)) / n_pairs


def _mean_distance(x: np.ndarray, y: np.ndarray, chunk_size: int) -> float:
    """Mean of ‖x_i − y_j‖ over all i and j."""
    return math.fsum(block.sum() for _, _, block in blocks(x, y, chunk_size)) / (len(x) * len(y))
