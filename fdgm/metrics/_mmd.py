"""Maximum mean discrepancy, and the kernel inception distance, a special case."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np

from .._checks import as_generator, check_count, check_flag, check_number
from .._chunks import slices
from ._extractors import Features, feature_pair
from ._pairs import distances, gaussian_exponents, unit_scale

__all__ = ["kernel_inception_distance", "kernel_mmd", "median_distance"]

#: k(x, y): it maps rows (n, d) and (m, d) to the matrix (n, m).
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

_FOR_MEDIAN = 1000  # samples whose distances give the median; more change it by less than 1%


def kernel_mmd(
    X_real: Any,
    X_generated: Any,
    *,
    kernel: Literal["rbf", "polynomial"] | Kernel = "rbf",
    bandwidth: float | None = None,
    estimator: Literal["unbiased", "biased"] = "unbiased",
    squared: bool = True,
    features: Features = None,
    chunk_size: int = 500,
) -> float:
    """Squared maximum mean discrepancy E k(x, x') − 2 E k(x, y) + E k(y, y') between two samples.

    It is squared unless `squared` is False. Some texts report the root.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, with as many features.
    kernel : {"rbf", "polynomial"} or callable, default="rbf"
        "rbf" is exp(−‖x − y‖²/(2 bandwidth²)). "polynomial" is (x·y/d + 1)³, the kernel of the kernel inception
        distance. A callable maps rows (n, d) and (m, d) to the matrix (n, m).
    bandwidth : float or None, default=None
        Bandwidth of "rbf", in the units of the features, > 0. None is the median distance between the real samples, or
        between 1,000 of them if there are more: always the same ones, drawn at random. It depends only on the real
        samples, so that all models compared with them have the same kernel. Other kernels do not use it.
    estimator : {"unbiased", "biased"}, default="unbiased"
        "unbiased" omits the pairs of a row with itself. It is the U-statistic, which may be negative. "biased" keeps
        them. It is the V-statistic, the discrepancy of the two empirical distributions, >= 0.
    squared : bool, default=True
        False takes the root. If the unbiased estimate is negative, the root is 0.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows of each sample to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    mmd : float

    Raises
    ------
    ValueError
        If a sample is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, if
        the unbiased estimator has a sample of one row, or if a parameter is out of its range.

    See Also
    --------
    energy_distance : The discrepancy for the kernel −‖x − y‖, which has no bandwidth.

    References
    ----------
    Gretton et al., "A Kernel Two-Sample Test", Journal of Machine Learning Research 13, 2012, lemma 6 (unbiased:
    equation 3; biased: equation 5).

    Examples
    --------
    >>> from fdgm.metrics import kernel_mmd
    >>> round(kernel_mmd([[0.0], [1.0]], [[4.0], [5.0]], bandwidth=1.0), 4)
    1.2072
    """
    x, y, chunk_size = feature_pair(X_real, X_generated, features, "kernel_mmd", chunk_size)
    if estimator not in ("unbiased", "biased"):
        raise ValueError(f"estimator of kernel_mmd must be 'unbiased' or 'biased', got {estimator!r}.")
    check_flag(squared, "squared", "kernel_mmd")
    if kernel == "rbf":
        x, y, scale = unit_scale(x, y)
        k: Kernel = partial(_rbf, bandwidth=_bandwidth(bandwidth, x, scale))
    else:
        k = _kernel(kernel, bandwidth)
    value = _mmd2(x, y, k, chunk_size, unbiased=estimator == "unbiased", function="kernel_mmd")
    return value if squared else math.sqrt(max(value, 0.0))


def kernel_inception_distance(
    X_real: Any,
    X_generated: Any,
    *,
    features: Features = None,
    n_subsets: int = 100,
    subset_size: int | None = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> float:
    """Kernel inception distance: the mean, over random subsets, of the unbiased squared MMD of (x·y/d + 1)³.

    It is the published KID only with ``features="inception"``. With None it compares the rows themselves.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples, at least 2. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, at least 2, with as many features.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    n_subsets : int, default=100
        Number of pairs of subsets, at least 1.
    subset_size : int or None, default=None
        Number of rows in each subset, drawn without replacement, at least 2. None is 1,000, or all rows of the smaller
        sample.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the subsets. A RandomState is used in torch-fidelity's order.
    chunk_size : int, default=500
        Number of rows to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    distance : float
        Unbiased. It may therefore be slightly below 0 if the samples are alike.

    Raises
    ------
    ValueError
        If a sample is too small, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ,
        or if a parameter is out of its range.

    References
    ----------
    Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import kernel_inception_distance
    >>> X = np.random.default_rng(0).standard_normal((2000, 8))
    >>> round(kernel_inception_distance(X[:1000], X[1000:] + 1, random_state=0), 1)
    8.3
    """
    name = "kernel_inception_distance"
    x, y, chunk_size = feature_pair(X_real, X_generated, features, name, chunk_size)
    n_subsets = check_count(n_subsets, "n_subsets", name)
    largest = min(len(x), len(y))
    size = min(1000, largest) if subset_size is None else check_count(subset_size, "subset_size", name, minimum=2)
    if size > largest:
        raise ValueError(
            f"subset_size of {name} must be at most {largest}, the rows of the smaller sample, got {size}."
        )
    rng = random_state if isinstance(random_state, np.random.RandomState) else as_generator(random_state, name)
    values = []
    for _ in range(n_subsets):
        rows, others = rng.choice(len(x), size, replace=False), rng.choice(len(y), size, replace=False)
        values.append(_mmd2(x[rows], y[others], _polynomial, chunk_size, unbiased=True, function=name))
    return math.fsum(values) / n_subsets


def _bandwidth(bandwidth: float | None, x: np.ndarray, scale: float) -> float:
    """Bandwidth of "rbf" for samples that were divided by `scale`."""
    if bandwidth is not None:
        return check_number(bandwidth, "bandwidth", "kernel_mmd") / scale
    width = median_distance(x)
    if width == 0:
        raise ValueError(
            "bandwidth of kernel_mmd must be given where the median distance between real rows is 0, got None."
        )
    return width


def _kernel(kernel: str | Kernel, bandwidth: float | None) -> Kernel:
    if bandwidth is not None:
        raise ValueError(f"bandwidth of kernel_mmd must be None unless kernel is 'rbf', got {bandwidth!r}.")
    if kernel == "polynomial":
        return _polynomial
    if callable(kernel):
        return partial(_checked, kernel=kernel)
    raise ValueError(f"kernel of kernel_mmd must be 'rbf', 'polynomial' or a callable, got {kernel!r}.")


def _rbf(x: np.ndarray, y: np.ndarray, bandwidth: float) -> np.ndarray:
    return np.exp(gaussian_exponents(x, y, bandwidth))


def _polynomial(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    # If x and y are the same array, numpy uses another routine with other rounding. The copy prevents that.
    base = x @ np.ascontiguousarray(y.T) / x.shape[1] + 1
    return base * base * base  # a tenth of the time of ** 3


def _checked(x: np.ndarray, y: np.ndarray, kernel: Kernel) -> np.ndarray:
    values = np.asarray(kernel(x, y), dtype=np.float64)
    if values.shape != (len(x), len(y)) or not np.isfinite(values).all():
        raise ValueError(
            f"kernel of kernel_mmd must return a finite matrix of shape {(len(x), len(y))}, got shape {values.shape}."
        )
    return values


def median_distance(x: np.ndarray) -> float:
    """Median distance between the rows of x (n, d), or between 1,000 of them drawn with a fixed seed. 0 for one row."""
    # Evenly spaced rows would all be of one kind if kinds alternate.
    rows = x if len(x) <= _FOR_MEDIAN else x[np.random.default_rng(0).choice(len(x), _FOR_MEDIAN, replace=False)]
    rows, _, scale = unit_scale(rows, rows)
    pairs = distances(rows, rows)[np.triu_indices(len(rows), k=1)]
    return scale * float(np.median(pairs)) if len(pairs) else 0.0


def _mmd2(x: np.ndarray, y: np.ndarray, k: Kernel, chunk_size: int, *, unbiased: bool, function: str) -> float:
    if unbiased and min(len(x), len(y)) < 2:
        raise ValueError(f"{function} needs at least 2 rows in each sample, got {len(x)} real and {len(y)} generated.")
    try:
        with np.errstate(over="raise", invalid="raise"):
            within = _mean(x, x, k, chunk_size, itself=not unbiased) + _mean(y, y, k, chunk_size, itself=not unbiased)
            return within - 2 * _mean(x, y, k, chunk_size, itself=True)
    except (FloatingPointError, OverflowError) as error:
        raise ValueError(
            f"The samples of {function} must be small enough for a finite kernel, got entries of up to "
            f"{max(np.abs(x).max(), np.abs(y).max()):.3g}; divide both samples by one number."
        ) from error


def _mean(x: np.ndarray, y: np.ndarray, k: Kernel, chunk_size: int, *, itself: bool) -> float:
    """Mean of k(x_i, y_j) over all i and j or, without `itself`, over i ≠ j."""
    sums = []
    for rows in slices(len(x), chunk_size):
        for columns in slices(len(y), chunk_size):
            block = k(x[rows], y[columns])
            sums.append(block.sum())
            if not itself and rows == columns:
                sums.append(-np.trace(block))
    return math.fsum(sums) / (len(x) * (len(y) if itself else len(y) - 1))
