"""How real a table looks to boosted trees, which tell rows from samples, or learn from samples."""

import math
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

__all__ = ["JUDGED", "Figure", "detection_score", "utility"]

JUDGED = 16_000  # rows of each kind, at most, that are told apart
_FOLDS = 3
_CLASSES = 20  # values up to which a target is a class
_RESAMPLES = 200


class Figure(NamedTuple):
    """A figure and its interval of 95%."""

    value: float
    low: float = math.nan
    high: float = math.nan


def detection_score(held_out: np.ndarray, generated: np.ndarray, seeds: tuple[int, ...] = (0, 1, 2)) -> Figure:
    """2 − 2 AUC of boosted trees that tell held-out rows from samples: 1 is indistinguishable, 0 told without error.

    At most 16,000 rows of each kind, as many of one as of the other, drawn by each seed. Three folds; 100 boosted trees
    of depth 6, with the learning rate 0.3 and the penalty 1 of XGBoost. The mean over folds and seeds, at most 1. The
    interval is that of the AUC of one seed's rows (Hanley and McNeil, Radiology 1982).

    Parameters
    ----------
    held_out, generated : ndarray of shape (n, d)
        Numbers. NaN is missing.
    seeds : tuple of int

    Returns
    -------
    score : Figure
    """
    n = min(len(held_out), len(generated), JUDGED)
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        rows = np.concatenate([X[rng.permutation(len(X))[:n]] for X in (held_out, generated)])
        label = np.repeat([1, 0], n)
        judge = HistGradientBoostingClassifier(
            max_iter=100,
            learning_rate=0.3,
            max_leaf_nodes=64,
            max_depth=6,
            min_samples_leaf=10,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
        for inside, outside in folds.split(rows, label):
            predicted = judge.fit(rows[inside], label[inside]).predict_proba(rows[outside])[:, 1]
            found.append(roc_auc_score(label[outside], predicted))
    auc = float(np.mean(found))
    error = 1.96 * _error_of_auc(auc, n)
    return Figure(*(min(max(2 - 2 * value, 0.0), 1.0) for value in (auc, auc + error, auc - error)))


def _error_of_auc(auc: float, n: int) -> float:
    """Hanley and McNeil's standard error for n rows of each kind."""
    a, b = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    return math.sqrt(max(auc * (1 - auc) + (n - 1) * (a + b - 2 * auc**2), 0.0)) / n


def utility(held_out: np.ndarray, generated: np.ndarray, target: int) -> tuple[str, Figure]:
    """Train on samples, test on held-out rows: AUC of two classes, accuracy of up to 20, R² of a number.

    150 boosted trees of depth 5. Rows whose target is missing are left out.

    Parameters
    ----------
    held_out, generated : ndarray of shape (n, d)
    target : int
        The column that is predicted.

    Returns
    -------
    name : str
        "auc", "accuracy" or "r2".
    figure : Figure
        NaN if the samples have one class alone.
    """
    test, train = (X[~np.isnan(X[:, target])] for X in (held_out, generated))
    (F, y), (G, z) = ((np.delete(X, target, 1), X[:, target]) for X in (test, train))
    settings: dict[str, Any] = {"max_iter": 150, "max_depth": 5, "early_stopping": False, "random_state": 0}
    classes = len(np.unique(y))
    name = "r2" if classes > _CLASSES else "auc" if classes == 2 else "accuracy"
    if len(np.unique(z)) < 2:
        return name, Figure(math.nan)
    if name == "r2":
        predicted, measure = HistGradientBoostingRegressor(**settings).fit(G, z).predict(F), r2_score
    else:
        model = HistGradientBoostingClassifier(**settings).fit(G, z)
        if name == "auc":
            predicted = model.predict_proba(F)[:, np.searchsorted(model.classes_, y.max()).clip(max=1)]
            y, measure = (y == y.max()).astype(int), roc_auc_score
        else:
            predicted, measure = model.predict(F), accuracy_score
    return name, _resampled(measure, y, predicted)


def _resampled(measure: Any, y: np.ndarray, predicted: np.ndarray) -> Figure:
    """A figure with the percentiles of 200 resamples of the test rows."""
    rng = np.random.default_rng(0)
    drawn = (rng.integers(len(y), size=len(y)) for _ in range(_RESAMPLES))
    found = [measure(y[rows], predicted[rows]) for rows in drawn if len(np.unique(y[rows])) > 1]
    low, high = np.percentile(found, [2.5, 97.5]) if found else (math.nan, math.nan)
    return Figure(float(measure(y, predicted)), float(low), float(high))
