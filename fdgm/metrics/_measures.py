"""The calls of a report, each with the rows of the table that it fills."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ._birthday import birthday_support
from ._c2st import classifier_two_sample_test
from ._energy import energy_distance
from ._frechet import frechet_distance
from ._kde import kde_score
from ._mmd import kernel_mmd, median_distance
from ._modes import mode_coverage
from ._neighbors import one_nn_accuracy, precision_recall_density_coverage
from ._ngrams import ngram_js
from ._scores import inception_score, mode_score
from ._wasserstein import sliced_wasserstein_distance, wasserstein_distance

__all__ = ["Measure", "Samples", "of_modes", "of_probabilities", "of_rows", "of_texts"]

_NEIGHBORS = 5
_ANY, _POSITIVE, _FRACTION = (-np.inf, np.inf), (0.0, np.inf), (0.0, 1.0)


class Samples(NamedTuple):
    """One kind of view of the samples: rows, features, probabilities or texts."""

    real: Any
    generated: Any
    held_out: Any = None


@dataclass(frozen=True)
class Measure:
    """One call ``measure(real, generated)``, and the rows of the table that it fills."""

    names: tuple[str, ...]
    measure: Callable[[Any, Any], Any]
    samples: Samples
    space: str
    better: tuple[str, ...] = ("lower",)
    bounds: tuple[Any, Any] = _POSITIVE
    replace: bool = False
    interval: bool = True
    trials: int | None = None  # number of trials of an accuracy, for its binomial interval


def of_rows(rows: Samples, space: str, max_rows: int, rng: np.random.Generator, chunk_size: int) -> Iterator[Measure]:
    width = rows.real.shape[1]
    if rows.generated.shape[1] != width or (rows.held_out is not None and rows.held_out.shape[1] != width):
        got = [X.shape[1] for X in rows if X is not None]
        raise ValueError(f"The samples of report must have equally many features, got {got}.")
    sizes = [len(X) for X in rows if X is not None]
    n = min(max_rows, *sizes)
    few = Samples(*(None if X is None else X[rng.permutation(len(X))[:n]] for X in rows))
    directions = rng.standard_normal((100, width))
    seed = int(rng.integers(2**31))
    bandwidth = median_distance(few.real)

    def birthdays(x: Any, y: Any) -> float:
        found = birthday_support(x, y, random_state=seed, chunk_size=chunk_size)
        return np.inf if found.is_lower_bound else found.support_size

    if min(sizes) > 2 * width:  # so that the halves' covariances are of full rank too
        yield Measure((_distance_name("F", "frechet_distance", space),), frechet_distance, rows, space)
    if space not in ("rows", "features"):
        yield Measure(
            (_distance_name("K", "kernel_mmd", space),),
            lambda x, y: kernel_mmd(x, y, kernel="polynomial", chunk_size=chunk_size),
            few,
            space,
            bounds=_ANY,
        )
    yield Measure(("energy_distance",), lambda x, y: energy_distance(x, y, chunk_size=chunk_size), few, space)
    if bandwidth > 0:
        yield Measure(
            ("kernel_mmd",),
            lambda x, y: kernel_mmd(x, y, bandwidth=bandwidth, chunk_size=chunk_size),
            few,
            space,
            bounds=_ANY,
        )
    if width == 1 or importlib.util.find_spec("ot") is not None:
        yield Measure(("wasserstein_distance",), wasserstein_distance, few, space)
    yield Measure(
        ("sliced_wasserstein_distance",),
        lambda x, y: sliced_wasserstein_distance(x, y, projections=directions),
        few,
        space,
    )
    yield Measure(
        ("one_nn_accuracy",),
        lambda x, y: one_nn_accuracy(x, y, chunk_size=chunk_size),
        few,
        space,
        better=("0.5",),
        bounds=_FRACTION,
    )
    yield Measure(
        ("classifier_two_sample_accuracy",),
        lambda x, y: classifier_two_sample_test(x, y, random_state=seed).accuracy,
        few,
        space,
        better=("0.5",),
        bounds=_FRACTION,
        trials=2 * round(0.5 * n),
    )
    if n // 2 > _NEIGHBORS:
        yield Measure(
            ("precision", "recall", "density", "coverage"),
            lambda x, y: precision_recall_density_coverage(x, y, n_neighbors=_NEIGHBORS, chunk_size=chunk_size),
            few,
            space,
            better=("higher", "higher", "1", "higher"),
            bounds=(0.0, np.array([1.0, 1.0, np.inf, 1.0])),
        )
    if width == 2:
        yield Measure(("kde_score",), kde_score, few, space, better=("higher",), bounds=_ANY)
    yield Measure(
        ("birthday_support",),
        birthdays,
        few,
        space,
        better=("higher",),
        interval=False,
    )


def of_probabilities(p: Samples, space: str) -> Iterator[Measure]:
    n_classes = p.real.shape[1]
    yield Measure(
        ("inception_score",), lambda _, y: inception_score(y), p, space, ("higher",), (1.0, n_classes), replace=True
    )
    yield Measure(("mode_score",), mode_score, p, space, ("higher",), (0.0, n_classes), replace=True)

    def modes(x: Any, y: Any) -> tuple[float, float]:
        found = mode_coverage(x, y)
        return found.n_captured, found.reverse_kl

    yield Measure(
        ("classes_captured", "classes_reverse_kl"),
        modes,
        p,
        space,
        better=("higher", "lower"),
        bounds=(0.0, np.array([n_classes, np.inf])),
        replace=True,
    )


def of_modes(samples: Samples, centers: Any, std: float | None) -> Iterator[Measure]:
    def modes(_: Any, y: Any) -> tuple[float, float, float]:
        found = mode_coverage(centers, y, std=std)
        return found.n_captured, found.high_quality_fraction, found.reverse_kl

    yield Measure(
        ("modes_captured", "high_quality_fraction", "reverse_kl"),
        modes,
        samples._replace(real=None),
        "centers",
        better=("higher", "higher", "lower"),
        bounds=(0.0, np.array([len(centers), 1.0, np.inf])),
        replace=True,
    )


def of_texts(texts: Samples) -> Iterator[Measure]:
    for n in (1, 2, 3, 4, 6):
        # So that every half of the texts has an n-gram.
        if all(sum(len(text) >= n for text in X) > len(X) - len(X) // 2 for X in texts if X is not None):
            yield Measure((f"JS-{n}",), partial(ngram_js, n=n), texts, "texts", bounds=_FRACTION)


def _distance_name(letter: str, function: str, space: str) -> str:
    """FID or KID for the Inception network, and another name for any other extractor."""
    if space in ("rows", "features"):
        return function
    return f"{letter}ID" if space == "inception" else f"{letter}D-{space}"
