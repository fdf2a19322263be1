"""Wasserstein distances between samples: exact, and averaged over projections onto lines."""

from typing import Any

import numpy as np

from .._checks import as_generator, check_count
from ._extractors import Features, feature_pair
from ._pairs import unit_scale, warn_of_rounding
from ._transport import optimal_cost

__all__ = ["sliced_wasserstein_distance", "wasserstein_distance"]

_PROJECTIONS = 50  # projected at once


def wasserstein_distance(
    X_real: Any, X_generated: Any, *, p: int = 1, features: Features = None, chunk_size: int = 500
) -> float:
    """Exact p-Wasserstein distance (min E‖X − Y‖^p)^(1/p) between the two empirical distributions.

    The minimum is over all couplings of the rows, with equal weights within a sample. POT's network simplex (extra
    ``fdgm[metrics]``) solves it. With one feature, sorting does.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, with as many features.
    p : {1, 2}, default=1
        Power of the Euclidean distance that is the cost.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    distance : float
        In the units of the features, >= 0.

    Raises
    ------
    ImportError
        If POT is not installed and there are several features.
    ValueError
        If a sample is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, or
        if a parameter is out of its range.

    Warns
    -----
    PrecisionWarning
        If some distances are so much larger than others that rounding may leave fewer than three digits.

    See Also
    --------
    sliced_wasserstein_distance : Cheap for any number of rows.

    Notes
    -----
    - Time grows about as n² to n³: 5,000 rows against 5,000 take some 10 s.
    - Up to 10⁷ pairs of rows, costs are kept in memory. Beyond that they are computed on demand. Memory is then
      proportional to n, but with hundreds of features it takes many times as long.
    - With many features the distance between two samples of one distribution falls as slowly as n^(−1/d). Compare
      models at one sample size only.
    - The solver sees costs of at most 1, so the units of the features do not matter.
    - The solver runs in its own thread. Ctrl-C returns at once, and the thread ends later: with few samples as soon as
      the problem is solved, with 20,000 within a few minutes.

    References
    ----------
    Bonneel et al., "Displacement Interpolation Using Lagrangian Mass Transport", SIGGRAPH Asia 2011 (the solver).
    Flamary et al., "POT: Python Optimal Transport", Journal of Machine Learning Research 22, 2021.

    Examples
    --------
    >>> from fdgm.metrics import wasserstein_distance
    >>> wasserstein_distance([[0.0], [1.0]], [[5.0], [4.0]])
    4.0
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "wasserstein_distance", chunk_size)
    p = _power(p, "wasserstein_distance")
    x, y, scale = unit_scale(x, y)
    if x.shape[1] == 1:
        cost, error = float(_sorted_cost(x, y, p)[0]), float(np.finfo(np.float64).tiny)
    else:
        cost, error = optimal_cost(x, y, p, chunk_size)
    warn_of_rounding(x, y, cost, error, "wasserstein_distance")
    return scale * cost ** (1 / p)


def sliced_wasserstein_distance(
    X_real: Any,
    X_generated: Any,
    *,
    p: int = 1,
    n_projections: int | None = None,
    projections: Any = None,
    features: Features = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> float:
    """Sliced p-Wasserstein distance (E W_p(θ·X, θ·Y)^p)^(1/p), over random directions θ of unit length.

    On a line, sorting finds the optimal coupling. Time is therefore n log n, and the error does not grow with the
    number of features.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, with as many features d.
    p : {1, 2}, default=1
        Power of the distance that is the cost.
    n_projections : int or None, default=None
        Number of directions to draw and average over, at least 1. None is 100 if `projections` is not given.
    projections : array-like of shape (n_projections, d) or None, default=None
        The directions themselves. Each is divided by its length. None draws them uniformly on the sphere. Use the same
        ones for all models that you compare: then their choice cancels.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the directions.
    chunk_size : int, default=500
        Number of rows to give to `features` at once, at least 1.

    Returns
    -------
    distance : float
        In the units of the features, and at most the exact distance. It is smaller by a factor of about √d if the
        difference is equal in all directions.

    Raises
    ------
    ValueError
        If a sample is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, or
        if a parameter is out of its range.

    References
    ----------
    Bonneel et al., "Sliced and Radon Wasserstein Barycenters of Measures", Journal of Mathematical Imaging and Vision
    51, 2015.

    Examples
    --------
    >>> from fdgm.metrics import sliced_wasserstein_distance
    >>> sliced_wasserstein_distance([[0.0, 0.0], [1.0, 0.0]], [[0.0, 3.0], [1.0, 3.0]], projections=[[1, 0], [0, 1]])
    1.5
    """
    name = "sliced_wasserstein_distance"
    x, y, _ = feature_pair(X_real, X_generated, features, name, chunk_size)
    p = _power(p, name)
    rng = as_generator(random_state, name)
    if projections is None:
        n_drawn = 100 if n_projections is None else check_count(n_projections, "n_projections", name)
        directions = rng.standard_normal((n_drawn, x.shape[1]))
    else:
        if n_projections is not None:
            raise ValueError(
                f"n_projections of {name} must be None beside projections, which are the directions, got"
                f" {n_projections!r}."
            )
        directions = np.array(projections, dtype=np.float64)
        if directions.ndim != 2 or directions.shape[1] != x.shape[1] or not np.isfinite(directions).all():
            raise ValueError(
                f"projections of {name} must be finite and of shape (n_projections, {x.shape[1]}), "
                f"got shape {directions.shape}."
            )
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    if len(directions) == 0 or (lengths == 0).any():
        raise ValueError(
            f"projections of {name} must have a direction of a length > 0 in each row, got {projections!r}."
        )
    directions /= lengths
    x, y, scale = unit_scale(x, y)
    costs = [
        _sorted_cost(x @ block.T, y @ block.T, p)
        for block in np.split(directions, range(_PROJECTIONS, len(directions), _PROJECTIONS))
    ]
    return scale * float(np.concatenate(costs).mean() ** (1 / p))


def _power(p: Any, function: str) -> int:
    if p not in (1, 2) or isinstance(p, bool):
        raise ValueError(f"p of {function} must be 1 or 2, got {p!r}.")
    return int(p)


def _sorted_cost(x: np.ndarray, y: np.ndarray, p: int) -> np.ndarray:
    """W_p^p (k,) between the columns of x (n, k) and those of y (m, k)."""
    x, y = np.sort(x, axis=0), np.sort(y, axis=0)
    if len(x) == len(y):
        return (np.abs(x - y) ** p).mean(axis=0)
    # Quantile functions are step functions. Between neighbouring steps of either, both are constant. In units of
    # 1/(n m) the steps are integers, so that coinciding steps coincide exactly.
    n, m = len(x), len(y)
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)  # (s + 1,), from 0 to n m
    i, j = edges[:-1] // m, edges[:-1] // n
    return np.diff(edges) / (n * m) @ np.abs(x[i] - y[j]) ** p
