"""Confidence intervals for any measure, by resampling."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._checks import as_generator, check_count, check_flag, check_fraction
from .._columns import align_all
from .._numbers import as_numbers
from ..exceptions import SmallSampleWarning
from ._extractors import Features, as_features

__all__ = ["Interval", "bootstrap_interval", "is_text"]


class Interval(NamedTuple):
    """Result of :func:`bootstrap_interval`.

    Attributes
    ----------
    estimate : float
        The measure on the given samples.
    low : float
        Lower end of the interval.
    high : float
        Upper end of the interval.
    standard_error : float
        Standard deviation over the resamples.
    """

    estimate: float
    low: float
    high: float
    standard_error: float


def bootstrap_interval(
    metric: Callable[..., Any],
    *samples: Any,
    n_resamples: int = 100,
    confidence_level: float = 0.95,
    replace: bool = False,
    bounds: tuple[Any, Any] = (-np.inf, np.inf),
    features: Features = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> Any:
    """Compute a measure with an interval for its value on other samples of the same sizes.

    Parameters
    ----------
    metric : callable
        ``metric(*samples)`` gives a number or a tuple of numbers. Bind its other arguments with a lambda or
        :func:`functools.partial`, also samples that must not be resampled, such as centres.
    *samples : array-likes of shape (n, ...), lists of texts, or None
        Samples of at least 2 rows. Each is resampled separately. None is passed on. Columns of tables are aligned by
        name to those of the first, before `metric` gets arrays.
    n_resamples : int, default=100
        Number of resamples, at least 2. Each takes a quarter of the time of the whole sample if time grows with the
        square of the rows.
    confidence_level : float, default=0.95
        Fraction of other samples whose measure should lie in the interval, in (0, 1).
    replace : bool, default=False
        False draws a random half of each sample without replacement. True is the published bootstrap: as many rows as
        there are, with replacement. See the notes.
    bounds : (float, float), default=(-inf, inf)
        Bounds of the measure. The interval is clipped to them. If the measure has several numbers, each bound may be
        an array with one entry for each of them.
    features : str, callable or None, default=None
        An extractor's name, or a callable from an array to features of shape (n, d). It is applied once to every
        sample, and `metric` gets the features. This is much less work than in `metric`.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws.
    chunk_size : int, default=500
        Number of rows to give to `features` at once, at least 1.

    Returns
    -------
    interval : Interval, or a tuple of them
        If the measure returns a named tuple, a named tuple of the same kind.

    Raises
    ------
    TypeError
        If `metric` is not callable.
    ValueError
        If a sample has fewer than 2 rows, or if a parameter is out of its range.

    Notes
    -----
    The mean of n/2 rows drawn without replacement has variance σ²/n around the mean of all n. So has the mean of n
    rows drawn with replacement. But the half contains no row twice. Duplicates are nearest neighbours at distance 0,
    and land on both sides of a split into training and test set. With replacement, 1-NN accuracy, precision to
    coverage, the two-sample test and the birthday estimate would therefore all be wrong. Choose ``replace=True`` for
    measures that count or sum over samples, such as captured modes.

    Most measures have a bias that depends on the number of rows, and a resample is biased again. The interval
    therefore uses the deviations of the resamples from their own mean. It is for the measure's expectation *at these
    sample sizes*, not for its limit. If real and generated samples are so similar that only bias is left, it is too
    wide, by up to √3. The real samples are resampled too. The difference of two models, measured against the same real
    samples, is therefore more certain than the two intervals suggest.

    References
    ----------
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, sections 10 and 11.
    Politis and Romano, "Large Sample Confidence Regions Based on Subsamples under Minimal Assumptions", Annals of
    Statistics 22, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import bootstrap_interval, energy_distance
    >>> rng = np.random.default_rng(0)
    >>> X, Y = rng.standard_normal((200, 2)), 1 + rng.standard_normal((200, 2))
    >>> found = bootstrap_interval(energy_distance, X, Y, random_state=0)
    >>> found.low < found.estimate < found.high
    True
    """
    name = "bootstrap_interval"
    if not callable(metric):
        raise TypeError(f"metric of {name} must be callable as metric(*samples), got {metric!r}.")
    n_resamples = check_count(n_resamples, "n_resamples", name, minimum=2)
    check_fraction(confidence_level, "confidence_level", name)
    check_flag(replace, "replace", name)
    if len(bounds) != 2 or not np.all(np.asarray(bounds[0]) <= bounds[1]):
        raise ValueError(f"bounds of {name} must be a pair (low, high) with low <= high, got {bounds!r}.")
    chunk_size = check_count(chunk_size, "chunk_size", name)
    rng = as_generator(random_state, name)
    samples = tuple(align_all(samples, [f"sample {place}" for place in range(len(samples))], name))
    held = [_prepared(sample, features, place, name, chunk_size) for place, sample in enumerate(samples)]
    if all(sample is None for sample in held):
        raise ValueError(f"samples of {name} must have one that is not None, got {samples!r}.")
    whole = metric(*held)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)  # the whole sample has warned, if it is small
        drawn = [metric(*(_draw(sample, replace, rng) for sample in held)) for _ in range(n_resamples)]
    several = isinstance(whole, tuple)
    estimates = np.atleast_1d(np.asarray(whole, dtype=np.float64))  # (k,)
    replicates = np.asarray(drawn, dtype=np.float64).reshape(n_resamples, -1)  # (b, k)
    tail = (1 - confidence_level) / 2
    with np.errstate(invalid="ignore"):  # a measure may be infinite
        around = estimates - replicates.mean(axis=0)
        low, high = np.clip(np.quantile(replicates, [tail, 1 - tail], axis=0) + around, *bounds)
        error = replicates.std(axis=0, ddof=1)
    intervals = [Interval(*map(float, row)) for row in zip(estimates, low, high, error, strict=True)]
    return getattr(type(whole), "_make", tuple)(intervals) if several else intervals[0]


def is_text(X: Any) -> bool:
    """Whether `X` is a list or array of str, or of sequences of str."""
    if isinstance(X, np.ndarray):
        return X.dtype.kind in "US"
    if not isinstance(X, list | tuple) or len(X) == 0:
        return False
    first = X[0]
    return isinstance(first, str) or (isinstance(first, list | tuple) and len(first) > 0 and isinstance(first[0], str))


def _prepared(sample: Any, features: Features, place: int, function: str, chunk_size: int) -> Any:
    if sample is None:
        return None
    name = f"sample {place}"
    if features is not None:
        rows: Any = as_features(sample, features, name, function, chunk_size=chunk_size)
    elif is_text(sample):
        rows = list(sample)  # possibly of unequal lengths
    else:
        rows = np.asarray(as_numbers(sample, f"{name} of {function}"))
    if not (isinstance(rows, list) or rows.ndim) or len(rows) < 2:
        raise ValueError(f"{name} of {function} must have at least 2 rows, got {sample!r}.")
    return rows


def _draw(sample: Any, replace: bool, rng: np.random.Generator) -> Any:
    if sample is None:
        return None
    n = len(sample)
    chosen = rng.integers(n, size=n) if replace else rng.permutation(n)[: n // 2]
    return [sample[i] for i in chosen] if isinstance(sample, list) else sample[chosen]
