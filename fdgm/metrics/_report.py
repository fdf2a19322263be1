"""Every applicable measure in one table."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from tqdm.auto import tqdm

from .._bar import Verbose, when_shown
from .._checks import as_generator, check_count
from .._columns import align_all
from .._numbers import as_numbers
from ._bootstrap import Interval, bootstrap_interval, is_text
from ._extractors import Features, as_features, as_probabilities, has_classes
from ._measures import Measure, Samples, of_modes, of_probabilities, of_rows, of_texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report"]

_NAMES = ("X_real", "X_generated", "X_held_out")
_LEAST = 10  # rows, so that the halves for the intervals still contain a training and a test set


def report(
    X_real: Any,
    X_generated: Any,
    X_held_out: Any = None,
    *,
    features: Features = None,
    classifier: Features = None,
    centers: Any = None,
    std: float | None = None,
    max_rows: int = 1000,
    n_resamples: int = 50,
    random_state: Any = None,
    chunk_size: int = 500,
    verbose: Verbose = "auto",
) -> "pd.DataFrame":
    """Compute every applicable measure, with 95% intervals and, for comparison, the values of real samples.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...), or list of texts
        Real samples, at least 10.
    X_generated : array-like of shape (n_generated, ...), or list of texts
        Generated samples, at least 10.
    X_held_out : array-like of shape (n_held_out, ...), list of texts or None, default=None
        Real samples that are not in `X_real`, such as the test set, at least 10. Their values in place of the
        generated samples are the best that a model can reach. Equally many of both are compared.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    classifier : str, callable or None, default=None
        Classifier for scores of class probabilities: an extractor's name, or a callable from an array to probabilities
        of shape (n, n_classes). None is that of `features`, if this names an extractor with classes.
    centers : array-like of shape (n_modes, ...) or None, default=None
        True centres of the modes, for mode coverage by distance. Give it together with `std`.
    std : float or None, default=None
        Standard deviation of each mode along each axis, > 0.
    max_rows : int, default=1000
        Number of samples of each kind, drawn at random, for measures that compare all pairs or train a classifier, at
        least 10. Their time grows with its square. The table's ``n_rows`` says how many each measure used.
    n_resamples : int, default=50
        Number of resamples for the intervals, at least 2. 0 omits the intervals.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of all draws.
    chunk_size : int, default=500
        Number of rows to compare, or to give to `features`, at once, at least 1.
    verbose : int or "auto", default="auto"
        1 shows a progress bar on the standard error, with the name of the present measure. ``"auto"`` shows it at a
        terminal from the tenth second on.

    Returns
    -------
    table : DataFrame
        A row for each measure, named by its function, with the columns:

        - ``value``;
        - ``low`` and ``high``: the interval of :func:`bootstrap_interval`;
        - ``better``: "lower", "higher", or the value of perfect samples;
        - ``held_out``: the measure for the held-out samples, or NaN without them;
        - ``space``: what was compared, "rows" or the extractor's name;
        - ``n_rows``: number of generated samples used.

        :func:`mode_coverage` has several rows: ``modes_captured``, ``high_quality_fraction`` and ``reverse_kl`` by
        `centers`, ``classes_captured`` and ``classes_reverse_kl`` by a classifier. The table prints completely in any
        terminal.

    Raises
    ------
    ValueError
        If a sample has too few rows, is not numeric or holds a NaN or an infinity. Also if the numbers of features
        differ, if one of `centers` and `std` is given without the other, or if a parameter is out of its range.

    See Also
    --------
    bootstrap_interval : Explains the intervals.

    Notes
    -----
    5,000 samples of each kind with 64 features take about 10 s on one core. Ctrl-C works within a second.

    The Fréchet distance, mode coverage, scores of class probabilities and n-grams use all samples. Every other measure
    uses `max_rows` of them. Measures on few samples are biased, distances most of all, so compare models at one
    `max_rows`.

    The interval of ``classifier_two_sample_accuracy`` is Wilson's interval of the hits among the held-out samples, for
    the trained classifier. No other classifier is trained for it.

    A measure is omitted if it would be meaningless:

    - the Fréchet distance, unless there are twice as many rows as features;
    - the kernel MMD, if half of the real samples are equal;
    - the KDE score, except in the plane;
    - the exact Wasserstein distance, without POT;
    - JS-n, if most texts are shorter.

    The Fréchet and kernel distances are called FID and KID only in the Inception network's features. In those of
    another extractor they are FD and KD with its name.

    ``birthday_support`` is infinite if no two samples are duplicates: so few rows then do not show how large the
    support is. It has no interval, and NaN for ``low`` and ``high``, since half of the rows can show at most a quarter
    of the support that all rows can.

    Examples
    --------
    >>> from fdgm.datasets import make_ring, ring_centers
    >>> from fdgm.metrics import report
    >>> X, S, T = (make_ring(300, random_state=seed) for seed in range(3))
    >>> table = report(X, S, T, centers=ring_centers(), std=0.05, n_resamples=0, random_state=0)
    >>> table.loc["modes_captured", ["value", "held_out"]].tolist()
    [8.0, 8.0]
    """
    from ._table import ReportTable

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
        samples = _of_one_size(Samples(*texts), rng)
        measures = list(of_texts(samples))
    else:
        *tables, centers = align_all((X_real, X_generated, X_held_out, centers), (*_NAMES, "centers"), "report")
        arrays = _seen(Samples(*tables), lambda X, name: np.asarray(as_numbers(X, f"{name} of report")))
        samples = _of_one_size(arrays, rng)
        rows = _seen(samples, lambda X, name: as_features(X, features, name, "report", chunk_size=chunk_size))
        space = "rows" if features is None else _label(features, "features")
        measures = list(of_rows(rows, space, max_rows, rng, chunk_size))
        if classifier is None and has_classes(features):
            classifier = features
        if classifier is not None:
            p = _seen(samples, lambda X, name: as_probabilities(X, classifier, name, "report", chunk_size=chunk_size))
            measures += of_probabilities(p, _label(classifier, "classifier"))
        if centers is not None:
            measures += of_modes(samples, centers, std)
    if verbose != "auto":
        verbose = check_count(verbose, "verbose", "report", minimum=0)
    lines: list[dict[str, Any]] = []
    with tqdm(measures, desc="report", **when_shown(verbose)) as bar:
        for measure in bar:
            bar.set_postfix_str(measure.names[0])
            lines += _lines(measure, n_resamples, rng)
    return ReportTable(lines).set_index("measure")


def _lines(measure: Measure, n_resamples: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Lines of the table."""
    real, generated, held_out = measure.samples
    if n_resamples and measure.interval and measure.trials is None:
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
        if n_resamples and measure.trials is not None:
            intervals = [_of_hits(interval.estimate, measure.trials) for interval in intervals]
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


def _of_hits(accuracy: float, trials: int) -> Interval:
    """Wilson's interval of the mean of both kinds' accuracies. Its variance is at most that of so many trials."""
    found = stats.binomtest(round(accuracy * trials), trials).proportion_ci(0.95, method="wilson")
    return Interval(accuracy, min(found.low, accuracy), max(found.high, accuracy), np.nan)


def _of_one_size(samples: Samples, rng: np.random.Generator) -> Samples:
    """Equally many generated and held-out samples, since most measures depend on their number."""
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


def _seen(samples: Samples, look: Callable[[Any, str], Any]) -> Samples:
    return Samples(*(None if X is None else look(X, name) for X, name in zip(samples, _NAMES, strict=True)))


def _label(network: Features, nameless: str) -> str:
    return network if isinstance(network, str) else nameless
