"""Data sets that samplers are measured on: training rows, references, and the distance of two real rows."""

from collections.abc import Callable
from functools import cache

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_moons

from fdgm import datasets, metrics

STD = 0.05
SCALE = 2 * 2**0.5
TRAINING_ROWS, REFERENCE_ROWS = 50_000, 5_000  # of what is drawn
_LARGE = 10_000  # rows that the mean distance of two is taken from

Rows = np.ndarray


def pinwheel(n: int, rng: np.random.Generator) -> Rows:
    """Five arms that curl (Johnson et al., 2016)."""
    arm = rng.integers(5, size=n)
    radius, across = 1 + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
    angle = 2 * np.pi * arm / 5 + 0.25 * np.exp(radius)
    turned = np.stack([np.cos(angle), np.sin(angle)]), np.stack([-np.sin(angle), np.cos(angle)])
    return 2 * (radius * turned[0] + across * turned[1]).T


def moons(n: int, rng: np.random.Generator) -> Rows:
    """Two moons. scikit-learn spreads points evenly along the arcs; random ones of 50 n are as good as independent."""
    even = make_moons(50 * n, noise=STD, random_state=int(rng.integers(2**31)))[0]
    return even[rng.choice(len(even), n, replace=False)]


#: From a number of rows and a generator to independent rows.
DRAWN: dict[str, Callable[[int, np.random.Generator], Rows]] = {
    "ring": lambda n, rng: datasets.make_ring(n, std=STD, random_state=rng),
    "grid": lambda n, rng: datasets.make_grid(n, std=STD, scale=SCALE, random_state=rng),
    "circles": lambda n, rng: datasets.make_circles(n, std=STD, random_state=rng),
    "moons": moons,
    "pinwheel": pinwheel,
}
#: Real rows, of which each seed holds out another third; digits hold out the same 397 as ever.
REAL: dict[str, Callable[[], Rows]] = {
    "digits": lambda: datasets.load_digits_images(flat=True).astype(np.float64),
    "wine": lambda: load_wine().data,
    "breast cancer": lambda: load_breast_cancer().data,
    "diabetes": lambda: load_diabetes(scaled=False).data,
}
NAMES = (*DRAWN, *REAL)
_DIGITS = 1400  # training rows
_TRAINING, _REFERENCE, _DISTANCE = 1000, 2000, 3000  # streams, to which seeds are added


def training(data: str, seed: int) -> Rows:
    """Training rows, alike for all models."""
    if data in DRAWN:
        return DRAWN[data](TRAINING_ROWS, np.random.default_rng(_TRAINING + seed))
    return _split(data, seed)[0]


def reference(data: str, seed: int, draw: int) -> Rows:
    """Real rows that no model of this seed was trained on, alike for all models. Of real data there is one draw."""
    if data in DRAWN:
        return DRAWN[data](REFERENCE_ROWS, np.random.default_rng([_REFERENCE + seed, draw]))
    return _split(data, seed)[1]


def units_of(data: str, seed: int) -> Callable[[Rows], Rows]:
    """Rows as distances compare them: a table's columns in standard deviations of the training rows."""
    if data in DRAWN or data == "digits":
        return lambda rows: rows
    X = training(data, seed)
    return lambda rows: (rows - X.mean(axis=0)) / X.std(axis=0)


@cache
def real_distance(data: str, seed: int) -> float:
    """Mean distance of two real rows, from a large sample or all training rows."""
    if data in DRAWN:
        return metrics.mean_distance(DRAWN[data](_LARGE, np.random.default_rng(_DISTANCE)))
    return metrics.mean_distance(units_of(data, seed)(training(data, seed)))


@cache
def _split(data: str, seed: int) -> tuple[Rows, Rows]:
    X = REAL[data]()
    order = np.random.default_rng(0 if data == "digits" else seed).permutation(len(X))
    n = _DIGITS if data == "digits" else round(len(X) * 2 / 3)
    return X[order[:n]], X[order[n:]]
