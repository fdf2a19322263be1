"""The birthday-paradox estimate of the number of different samples of a generator."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from .._checks import as_generator, check_count, check_number
from ._extractors import Features, as_features, feature_pair
from ._pairs import unit_scale
from ._search import Search, closest, within

__all__ = ["BirthdaySupport", "birthday_support"]


@dataclass(frozen=True, eq=False)
class BirthdaySupport:
    """Result of :func:`birthday_support`.

    Attributes
    ----------
    support_size : float
        ``batch_size**2``, the estimate of the number of different samples.
    is_lower_bound : bool
        True if no two generated samples are duplicates. The support is then probably at least that large.
    batch_size : float
        Number of samples that contain a duplicate with probability one half.
    threshold : float
        Distance up to which two samples counted as duplicates.
    n_duplicates : int
        Number of pairs of generated samples that are duplicates.
    pairs : ndarray of shape (n_pairs, 2), int64
        Rows of `X_generated`: the closest pairs, closest first. Look at them.
    distances : ndarray of shape (n_pairs,)
        Their distances.
    nearest_real : ndarray of shape (n_pairs,), int64, or None
        The row of `X_real` nearest to the first sample of each pair. If it looks the same too, the generator may have
        memorised it. None without `X_real`.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import birthday_support
    >>> X = np.random.default_rng(0).integers(400, size=(200, 1))  # 400 different samples
    >>> found = birthday_support(None, X, threshold=0, random_state=0)
    >>> bool(100 < found.support_size < 1600), found.distances[0]
    (True, np.float64(0.0))
    """

    support_size: float
    is_lower_bound: bool
    batch_size: float
    threshold: float
    n_duplicates: int
    pairs: np.ndarray
    distances: np.ndarray
    nearest_real: np.ndarray | None


def birthday_support(
    X_real: Any,
    X_generated: Any,
    *,
    threshold: float | None = None,
    n_pairs: int = 20,
    n_orders: int = 200,
    features: Features = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> BirthdaySupport:
    """Estimate the size of a generator's support from duplicates among its samples.

    A sample of size s from N equally likely outcomes has a duplicate with probability one half if s is about √N. The
    generated samples are therefore put into random orders. The batch size s is the median number of samples until the
    first duplicate, and the estimate is s².

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...) or None
        Real samples, at least 2. The trailing shape is flattened. They set the threshold, and the result names the
        nearest of them. None if `threshold` is given.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, at least 2, with as many features.
    threshold : float or None, default=None
        Two samples up to this distance apart are duplicates, in the units of the features, >= 0. None is the distance
        of the closest pair of real samples, which are assumed to be all different.
    n_pairs : int, default=20
        Number of closest pairs to return, at least 1.
    n_orders : int, default=200
        Number of random orders, at least 1.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the orders.
    chunk_size : int, default=500
        Number of rows to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    support : BirthdaySupport

    Raises
    ------
    ValueError
        If a sample has fewer than 2 rows, is not numeric or holds a NaN or an infinity. Also if the numbers of features
        differ, or if a parameter is out of its range.

    Notes
    -----
    In Arora and Zhang a person decides which of the closest pairs are duplicates, since no distance between pixels
    decides it well. Look at ``X_generated[support.pairs]``. Then call again, with `threshold` the distance of the last
    pair that looks the same.

    The estimate gives the order of magnitude. It is too low if outcomes are not equally likely, since it depends on
    1/Σ p². It cannot exceed the square of the number of samples.

    References
    ----------
    Arora and Zhang, "Do GANs actually learn the distribution? An empirical study", 2017 (ICLR 2018), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import birthday_support
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 2))
    >>> birthday_support(X, rng.choice(X[:25], 300), random_state=0).support_size < 300  # a generator of 25 samples
    True
    """
    name = "birthday_support"
    if X_real is None:
        chunk_size = check_count(chunk_size, "chunk_size", name)
        real = None
        x = as_features(X_generated, features, "X_generated", name, chunk_size=chunk_size)
    else:
        real, x, chunk_size = feature_pair(X_real, X_generated, features, name, chunk_size)
    for rows, which in ((real, "X_real"), (x, "X_generated")):
        if rows is not None and len(rows) < 2:
            raise ValueError(f"{which} of {name} must have at least 2 rows, got {len(rows)}.")
    n_pairs, n_orders = check_count(n_pairs, "n_pairs", name), check_count(n_orders, "n_orders", name)
    scaled, x, scale = unit_scale(x if real is None else real, x)
    if threshold is not None:
        threshold = check_number(threshold, "threshold", name, positive=False)
        limit = float(np.square(threshold / scale))
    elif real is None:
        raise ValueError(f"threshold of {name} must be given where X_real is None, got None.")
    else:
        limit = float(closest(scaled, 1, chunk_size)[1][0])
        threshold = math.sqrt(limit) * scale
    pairs, squared = closest(x, n_pairs, chunk_size)
    rng = as_generator(random_state, name)
    positions = np.argsort(rng.random((n_orders, len(x))), axis=1)  # (o, n), row i's place in each order
    first, n_duplicates = _first_duplicates(x, limit, positions, chunk_size)
    batch_size = float(np.median(first))
    bounded = not np.isfinite(batch_size)
    if bounded:
        batch_size = float(len(x))
    return BirthdaySupport(
        support_size=batch_size**2,
        is_lower_bound=bounded,
        batch_size=batch_size,
        threshold=threshold,
        n_duplicates=n_duplicates,
        pairs=pairs,
        distances=np.sqrt(squared) * scale,
        nearest_real=None if real is None else cdist(x[pairs[:, 0]], scaled).argmin(axis=1),
    )


def _first_duplicates(x: np.ndarray, limit: float, positions: np.ndarray, chunk_size: int) -> tuple[np.ndarray, int]:
    """Number of samples until the first duplicate in each order (o,), infinite without one, and of duplicates."""
    first, n_duplicates = np.full(len(positions), np.inf), 0
    limits = np.full(len(x), limit)
    for hits in within(Search(x, x), limits, limits, chunk_size, upper=True):
        chosen = hits.within_i & (hits.i < hits.j)
        i, j = hits.i[chosen], hits.j[chosen]
        n_duplicates += len(i)
        if len(i):
            for order, place in enumerate(positions):
                first[order] = min(first[order], np.maximum(place[i], place[j]).min() + 1)
    return first, n_duplicates
