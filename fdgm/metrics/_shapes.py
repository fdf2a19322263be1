"""How columns, pairs of columns and whole rows of samples compare with real ones."""

import itertools

import numpy as np
from scipy.stats import ks_2samp
from sklearn.neighbors import NearestNeighbors

from ._judged import Figure

__all__ = ["bounds_broken", "levels_lost", "missing_difference", "pairs", "precision_and_recall", "shapes"]

_PAIRS = 500  # at most, drawn at random
_BINS = 10
_ROWS = 2000  # that are compared with one another


def shapes(real: np.ndarray, generated: np.ndarray, categorical: np.ndarray) -> Figure:
    """The mean over columns of 1 − Kolmogorov–Smirnov distance, of categories 1 − total variation. 1 is best."""
    found = []
    for a, b, free in zip(real.T, generated.T, categorical, strict=True):
        if free:
            found.append(1 - _variation(_coded(a, a), _coded(b, a)))
            continue
        holes = abs(np.isnan(a).mean() - np.isnan(b).mean())
        seen = a[~np.isnan(a)], b[~np.isnan(b)]
        found.append(1 - max(holes, ks_2samp(*seen, method="asymp").statistic if min(map(len, seen)) else holes))
    return Figure(float(np.mean(found)))


def pairs(real: np.ndarray, generated: np.ndarray, categorical: np.ndarray) -> Figure:
    """The mean over pairs of columns of 1 − the total variation of their joint table, numbers in ten bins. 1 is best.

    At most 500 pairs, drawn at random. NaN with one column.
    """
    coded = []
    for a, b, free in zip(real.T, generated.T, categorical, strict=True):
        edges = a if free else np.nanquantile(np.where(np.isnan(a).all(), 0.0, a), np.arange(1, _BINS) / _BINS)
        coded.append((_coded(a, edges), _coded(b, edges)) if free else (_binned(a, edges), _binned(b, edges)))
    chosen = list(itertools.combinations(range(len(coded)), 2))
    if len(chosen) > _PAIRS:
        rng = np.random.default_rng(0)
        chosen = [chosen[place] for place in rng.choice(len(chosen), _PAIRS, replace=False)]
    found = []
    for i, j in chosen:
        width = 1 + max(coded[j][0].max(), coded[j][1].max())
        found.append(1 - _variation(*(coded[i][k] * width + coded[j][k] for k in (0, 1))))
    return Figure(float(np.mean(found)) if found else np.nan)


def _coded(column: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Levels as whole numbers; missing is one, and so is what is not known."""
    levels = np.unique(known[~np.isnan(known)])
    place = np.searchsorted(levels, column)
    hit = (place < len(levels)) & (levels[np.minimum(place, len(levels) - 1)] == column) if len(levels) else False
    return np.where(np.isnan(column), 0, np.where(hit, place + 2, 1)).astype(np.int64)


def _binned(column: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(column), 0, 1 + np.searchsorted(np.unique(edges), column, side="right")).astype(np.int64)


def _variation(a: np.ndarray, b: np.ndarray) -> float:
    """The total variation between two samples of whole numbers."""
    n = 1 + int(max(a.max(), b.max()))
    if n > 10**6:  # a sparse table
        _, joint = np.unique(np.concatenate([a, b]), return_inverse=True)
        a, b, n = joint[: len(a)], joint[len(a) :], int(joint.max()) + 1
    return float(np.abs(np.bincount(a, minlength=n) / len(a) - np.bincount(b, minlength=n) / len(b)).sum() / 2)


def precision_and_recall(real: np.ndarray, generated: np.ndarray) -> tuple[Figure, Figure]:
    """Integrated α-precision and β-recall of rows in comparable units, 2,000 of each kind. 1 is best.

    α-precision counts the samples within the spheres that hold a fraction α of the real rows, for all α. β-recall
    counts the real rows that have a sample within their nearest neighbour's distance. For that, only the fraction β of
    samples nearest to the samples' centre counts.

    Parameters
    ----------
    real, generated : ndarray of shape (n, n_units)

    References
    ----------
    Alaa et al., "How Faithful is your Synthetic Data?", ICML 2022, section 3.
    """
    rng = np.random.default_rng(0)
    real, generated = (X[rng.permutation(len(X))[:_ROWS]] for X in (real, generated))
    levels = np.linspace(0, 1, 31)
    from_centre = [np.linalg.norm(X - real.mean(axis=0), axis=1) for X in (real, generated)]
    inside = (from_centre[1][:, None] <= np.quantile(from_centre[0], levels)).mean(axis=0)
    own = np.linalg.norm(generated - generated.mean(axis=0), axis=1)
    among_real = NearestNeighbors(n_neighbors=2).fit(real).kneighbors(real)[0][:, 1]
    gap, nearest = (found[:, 0] for found in NearestNeighbors(n_neighbors=1).fit(generated).kneighbors(real))
    covered = ((own[nearest][:, None] <= np.quantile(own, levels)) & (gap <= among_real)[:, None]).mean(axis=0)
    return Figure(1 - 2 * _area(levels, inside)), Figure(1 - 2 * _area(levels, covered))


def _area(levels: np.ndarray, found: np.ndarray) -> float:
    gap = np.abs(levels - found)
    return float(((gap[1:] + gap[:-1]) / 2 * np.diff(levels)).sum())


def missing_difference(real: np.ndarray, generated: np.ndarray) -> Figure:
    """The greatest difference, over columns, between the fractions of missing values. 0 is best."""
    return Figure(float(np.abs(np.isnan(real).mean(axis=0) - np.isnan(generated).mean(axis=0)).max()))


def levels_lost(training: np.ndarray, generated: np.ndarray, categorical: np.ndarray) -> Figure:
    """The fraction of the levels of categories, over all columns, that no sample has. NaN without categories."""
    known = lost = 0
    for a, b in zip(training.T[categorical], generated.T[categorical], strict=True):
        levels = np.unique(a[~np.isnan(a)])
        known, lost = known + len(levels), lost + int((~np.isin(levels, b)).sum())
    return Figure(lost / known if known else np.nan)


def bounds_broken(training: np.ndarray, generated: np.ndarray, categorical: np.ndarray) -> Figure:
    """The fraction of samples with a number outside the training rows' bounds."""
    held = training[:, ~categorical]
    held = held[:, ~np.isnan(held).all(axis=0)]
    rows = generated[:, ~categorical][:, ~np.isnan(training[:, ~categorical]).all(axis=0)]
    low, high = (np.nanmin(held, axis=0), np.nanmax(held, axis=0)) if held.shape[1] else (np.empty(0), np.empty(0))
    return Figure(float(((rows < low) | (rows > high)).any(axis=1).mean()))
