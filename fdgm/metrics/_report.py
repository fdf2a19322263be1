"""Every measure that fits the samples, in one table."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._columns import align_all
from ..datasets._checks import as_generator, check_count
from ._birthday import birthday_support
from ._bootstrap import Interval, bootstrap_interval, is_text
from ._c2st import classifier_two_sample_test
from ._energy import energy_distance
from ._extractors import Features, as_features, as_probabilities, has_classes
from ._frechet import frechet_distance
from ._kde import kde_score
from ._mmd import kernel_mmd, median_distance
from ._modes import mode_coverage
from ._neighbors import one_nn_accuracy, precision_recall_density_coverage
from ._ngrams import ngram_js
from ._scores import inception_score, mode_score
from ._wasserstein import sliced_wasserstein_distance, wasserstein_distance

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report"]

_NAMES = ("X_real", "X_generated", "X_held_out")
_LEAST = 10  # rows, so that the halves that intervals take still hold a training and a test set
_NEIGHBORS = 5
_ANY, _POSITIVE, _SHARE = (-np.inf, np.inf), (0.0, np.inf), (0.0, 1.0)


class _Samples(NamedTuple):
    """One kind of view of the samples: rows, features, probabilities or texts."""

    real: Any
    generated: Any
    held_out: Any = None


@dataclass(frozen=True)
class _Measure:
    """One call ``measure(real, generated)``, and the rows of the table that it fills."""

    names: tuple[str, ...]
    measure: Callable[[Any, Any], Any]
    samples: _Samples
    space: str
    better: tuple[str, ...] = ("lower",)
    bounds: tuple[Any, Any] = _POSITIVE
    replace: bool = False
    interval: bool = True


def report(
    X_real: Any,
    X_generated: Any,
    X_held_out: Any = None,
    *,
    features: Features = None,
    classifier: Features = None,
    centers: Any = None,
    std: float | None = None,
    max_rows: int = 2000,
    n_resamples: int = 50,
    random_state: Any = None,
    chunk_size: int = 500,
) -> "pd.DataFrame":
    """Every measure that fits the samples, with 95% intervals, and beside it what real samples reach.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...), or list of texts
        Real samples, at least 10.
    X_generated : array-like of shape (n_generated, ...), or list of texts
        Generated samples, at least 10.
    X_held_out : array-like of shape (n_held_out, ...), list of texts or None, default=None
        Real samples that are not in `X_real`, such as the test set, at least 10. What they reach in the generated
        ones' place is the best that a model can; the same number of both is compared.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows: an extractor's name, or a callable from an array to one of
        shape (n, d).
    classifier : str, callable or None, default=None
        For the scores of class probabilities: an extractor's name, or a callable from an array to probabilities of
        shape (n, n_classes). None is that of `features`, where it names an extractor that has classes.
    centers : array-like of shape (n_modes, ...) or None, default=None
        True centres of the modes, for mode coverage by distance; together with `std`.
    std : float or None, default=None
        Standard deviation of each mode along each axis, > 0.
    max_rows : int, default=2000
        Rows of each sample, drawn at random, for the measures whose time grows with the square of the rows; at
        least 10.
    n_resamples : int, default=50
        Resamples for the intervals, at least 2; 0 leaves the intervals out.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of all that is drawn.
    chunk_size : int, default=500
        Rows that are compared, or given to `features`, at once, at least 1.

    Returns
    -------
    table : DataFrame
        A row for each measure, by its function's name, with the columns ``value``, ``low`` and ``high`` (the interval
        of :func:`bootstrap_interval`), ``better`` ("lower", "higher", or the value of perfect samples), ``held_out``
        (the measure of the held-out samples; NaN without), ``space`` (what was compared: "rows", or the extractor's
        name) and ``n_rows`` (generated samples used). :func:`mode_coverage` has several rows: ``modes_captured``,
        ``high_quality_share`` and ``reverse_kl`` are by `centers`, ``classes_captured`` and ``classes_reverse_kl`` by
        a classifier.

    Raises
    ------
    ValueError
        If a sample has too few rows, is not numeric or holds a NaN or an infinity, if the numbers of features differ,
        if one of `centers` and `std` is given without the other, or if a parameter is out of its range.

    See Also
    --------
    bootstrap_interval : What the intervals mean.

    Notes
    -----
    A measure is left out where it would say nothing: the Fréchet distance unless there are twice as many rows as
    features, the KDE score outside the plane, the exact Wasserstein distance without POT, JS-n where most texts are
    shorter. The Fréchet and kernel distances are called FID and KID in the Inception network's features only; in
    another extractor's they are FD and KD with its name.

    ``birthday_support`` is infinite where no two samples are duplicates, which means that so few rows do not show how
    large the support is. It has no interval, and NaN for ``low`` and ``high``: half of the rows cannot show more than
    a quarter of the support that all of them can.

    Examples
    --------
    >>> from fdgm.datasets import make_ring, ring_centers
    >>> from fdgm.metrics import report
    >>> X, S, T = (make_ring(300, random_state=seed) for seed in range(3))
    >>> table = report(X, S, T, centers=ring_centers(), std=0.05, n_resamples=0, random_state=0)
    >>> table.loc["modes_captured", ["value", "held_out"]].tolist()
    [8.0, 8.0]
    """
    import pandas as pd

    max_rows = check_count(max_rows, "max_rows", "report", minimum=_LEAST)
    chunk_size = check_count(chunk_size, "chunk_size", "report")
    n_resamples = check_count(n_resamples, "n_resamples", "report", minimum=0)
    if n_resamples == 1:
        raise ValueError("n_resamples of report must be 0 or at least 2, got 1.")
    if (centers is None) != (std is None):
        missing, given = ("std", "centers") if std is None else ("centers", "std")
        raise ValueError(f"{missing} of report must be given together with {given}, got None.")
    rng = as_generator(random_state, "report")
    if is_text(X_real):
        for value, name in ((features, "features"), (classifier, "classifier"), (centers, "centers")):
            if value is not None:
                raise ValueError(f"{name} of report must be None for texts, got {value!r}.")
        texts = (None if X is None else list(X) for X in (X_real, X_generated, X_held_out))
        samples = _of_one_size(_Samples(*texts), rng)
        measures = list(_of_texts(samples))
    else:
        *tables, centers = align_all((X_real, X_generated, X_held_out, centers), (*_NAMES, "centers"), "report")
        arrays = (None if X is None else np.asarray(X) for X in tables)
        samples = _of_one_size(_Samples(*arrays), rng)
        rows = _seen(samples, lambda X, name: as_features(X, features, name, "report", chunk_size=chunk_size))
        space = "rows" if features is None else _label(features, "features")
        measures = list(_of_rows(rows, space, max_rows, rng, chunk_size))
        if classifier is None and has_classes(features):
            classifier = features
        if classifier is not None:
            p = _seen(samples, lambda X, name: as_probabilities(X, classifier, name, "report", chunk_size=chunk_size))
            measures += _of_probabilities(p, _label(classifier, "classifier"))
        if centers is not None:
            measures += _of_modes(samples, centers, std)
    lines = (line for measure in measures for line in _lines(measure, n_resamples, rng))
    return pd.DataFrame(lines).set_index("measure")


def _lines(measure: _Measure, n_resamples: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Lines of the table."""
    real, generated, held_out = measure.samples
    if n_resamples and measure.interval:
        found = bootstrap_interval(
            measure.measure,
            real,
            generated,
            n_resamples=n_resamples,
            replace=measure.replace,
            bounds=measure.bounds,
            random_state=rng,
        )
        intervals = [found] if isinstance(found, Interval) else list(found)
    else:
        values = np.atleast_1d(np.asarray(measure.measure(real, generated), dtype=np.float64))
        intervals = [Interval(float(value), np.nan, np.nan, np.nan) for value in values]
    best = np.nan if held_out is None else measure.measure(real, held_out)
    bests = np.broadcast_to(np.asarray(best, dtype=np.float64), len(intervals))
    for name, better, interval, held in zip(measure.names, measure.better, intervals, bests, strict=True):
        yield {
            "measure": name,
            "value": interval.estimate,
            "low": interval.low,
            "high": interval.high,
            "better": better,
            "held_out": float(held),
            "space": measure.space,
            "n_rows": len(generated),
        }


def _of_rows(
    rows: _Samples, space: str, max_rows: int, rng: np.random.Generator, chunk_size: int
) -> Iterator[_Measure]:
    width = rows.real.shape[1]
    if rows.generated.shape[1] != width or (rows.held_out is not None and rows.held_out.shape[1] != width):
        got = [X.shape[1] for X in rows if X is not None]
        raise ValueError(f"The samples of report must have equally many features, got {got}.")
    sizes = [len(X) for X in rows if X is not None]
    n = min(max_rows, *sizes)
    few = _Samples(*(None if X is None else X[rng.permutation(len(X))[:n]] for X in rows))
    directions = rng.standard_normal((100, width))
    seed = int(rng.integers(2**31))
    bandwidth = median_distance(few.real)

    def birthdays(x: Any, y: Any) -> float:
        found = birthday_support(x, y, random_state=seed, chunk_size=chunk_size)
        return np.inf if found.is_lower_bound else found.support_size

    if min(sizes) > 2 * width:  # so that the halves' covariances are of full rank too
        yield _Measure((_distance_name("F", "frechet_distance", space),), frechet_distance, rows, space)
    if space not in ("rows", "features"):
        yield _Measure(
            (_distance_name("K", "kernel_mmd", space),),
            lambda x, y: kernel_mmd(x, y, kernel="polynomial", chunk_size=chunk_size),
            few,
            space,
            bounds=_ANY,
        )
    yield _Measure(("energy_distance",), lambda x, y: energy_distance(x, y, chunk_size=chunk_size), few, space)
    if bandwidth > 0:
        yield _Measure(
            ("kernel_mmd",),
            lambda x, y: kernel_mmd(x, y, bandwidth=bandwidth, chunk_size=chunk_size),
            few,
            space,
            bounds=_ANY,
        )
    if width == 1 or importlib.util.find_spec("ot") is not None:
        yield _Measure(("wasserstein_distance",), wasserstein_distance, few, space)
    yield _Measure(
        ("sliced_wasserstein_distance",),
        lambda x, y: sliced_wasserstein_distance(x, y, projections=directions),
        few,
        space,
    )
    yield _Measure(
        ("one_nn_accuracy",),
        lambda x, y: one_nn_accuracy(x, y, chunk_size=chunk_size),
        few,
        space,
        better=("0.5",),
        bounds=_SHARE,
    )
    yield _Measure(
        ("classifier_two_sample_accuracy",),
        lambda x, y: classifier_two_sample_test(x, y, random_state=seed).accuracy,
        few,
        space,
        better=("0.5",),
        bounds=_SHARE,
    )
    if n // 2 > _NEIGHBORS:
        yield _Measure(
            ("precision", "recall", "density", "coverage"),
            lambda x, y: precision_recall_density_coverage(x, y, n_neighbors=_NEIGHBORS, chunk_size=chunk_size),
            few,
            space,
            better=("higher", "higher", "1", "higher"),
            bounds=(0.0, np.array([1.0, 1.0, np.inf, 1.0])),
        )
    if width == 2:
        yield _Measure(("kde_score",), kde_score, few, space, better=("higher",), bounds=_ANY)
    yield _Measure(
        ("birthday_support",),
        birthdays,
        few,
        space,
        better=("higher",),
        interval=False,
    )


def _of_probabilities(p: _Samples, space: str) -> Iterator[_Measure]:
    n_classes = p.real.shape[1]
    yield _Measure(
        ("inception_score",), lambda _, y: inception_score(y), p, space, ("higher",), (1.0, n_classes), replace=True
    )
    yield _Measure(("mode_score",), mode_score, p, space, ("higher",), (0.0, n_classes), replace=True)

    def modes(x: Any, y: Any) -> tuple[float, float]:
        found = mode_coverage(x, y)
        return found.n_captured, found.reverse_kl

    yield _Measure(
        ("classes_captured", "classes_reverse_kl"),
        modes,
        p,
        space,
        better=("higher", "lower"),
        bounds=(0.0, np.array([n_classes, np.inf])),
        replace=True,
    )


def _of_modes(samples: _Samples, centers: Any, std: float | None) -> Iterator[_Measure]:
    def modes(_: Any, y: Any) -> tuple[float, float, float]:
        found = mode_coverage(centers, y, std=std)
        return found.n_captured, found.high_quality_share, found.reverse_kl

    yield _Measure(
        ("modes_captured", "high_quality_share", "reverse_kl"),
        modes,
        samples._replace(real=None),
        "centers",
        better=("higher", "higher", "lower"),
        bounds=(0.0, np.array([len(centers), 1.0, np.inf])),
        replace=True,
    )


def _of_texts(texts: _Samples) -> Iterator[_Measure]:
    for n in (1, 2, 3, 4, 6):
        # So that every half of the texts has an n-gram.
        if all(sum(len(text) >= n for text in X) > len(X) - len(X) // 2 for X in texts if X is not None):
            yield _Measure((f"JS-{n}",), partial(ngram_js, n=n), texts, "texts", bounds=_SHARE)


def _of_one_size(samples: _Samples, rng: np.random.Generator) -> _Samples:
    """As many generated as held-out samples, since most measures depend on their number."""
    for X, name in zip(samples, _NAMES, strict=True):
        n = 0 if X is None or (isinstance(X, np.ndarray) and X.ndim == 0) else len(X)
        if X is not None and n < _LEAST:
            raise ValueError(f"{name} of report must have at least {_LEAST} rows, got {n}.")
    if samples.held_out is None:
        return samples
    n = min(len(samples.generated), len(samples.held_out))

    def some(X: Any) -> Any:
        chosen = np.sort(rng.permutation(len(X))[:n])
        return [X[i] for i in chosen] if isinstance(X, list) else X[chosen]

    return samples._replace(generated=some(samples.generated), held_out=some(samples.held_out))


def _seen(samples: _Samples, look: Callable[[Any, str], Any]) -> _Samples:
    return _Samples(*(None if X is None else look(X, name) for X, name in zip(samples, _NAMES, strict=True)))


def _label(network: Features, nameless: str) -> str:
    return network if isinstance(network, str) else nameless


def _distance_name(letter: str, function: str, space: str) -> str:
    """FID and KID are those of the Inception network alone."""
    if space in ("rows", "features"):
        return function
    return f"{letter}ID" if space == "inception" else f"{letter}D-{space}"
