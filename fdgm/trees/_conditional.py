"""The distribution of one column given others: bagged trees that also split on a boosted prediction."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import ndtri
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ..exceptions import FileError
from ..persistence import State, as_tensor
from ._boosted import Boosted
from ._forest import Forest

__all__ = ["Conditional", "Recipe"]

_FEW_ROWS, _LEAF, _SMALL_LEAF, _PRIVATE_LEAF = 2000, 15, 8, 40
_MANY_ROWS, _FOLDS, _SMALL_FOLDS = 20_000, 3, 5
_ITERATIONS = 40  # of a booster, at most
_FEW = 6  # values up to which a booster predicts the probability of each
_FEWEST_BOOSTED = 100  # rows
_CONTINUOUS = 50  # values from which on a column may have no atoms
_ATOM = 0.002  # the fraction of rows above which a value is an atom


@dataclass(frozen=True)
class Recipe:
    """How conditional distributions are fitted.

    Parameters
    ----------
    n_trees : int
    leaf : int
        The fewest rows of a leaf.
    n_bins : int
        Values of a number are put into so many bins, where a tree's leaves are chosen by entropy.
    n_folds : int
        Boosters, each fitted without one fold. 0 is none.
    bag : float
        The fraction of rows that a tree is grown on.
    """

    n_trees: int = 8
    leaf: int = 15
    n_bins: int = 32
    n_folds: int = 3
    bag: float = 0.63

    @classmethod
    def of(cls, estimator: Any, n: int, *, privacy: bool = False) -> Self:
        """The recipe of an estimator's parameters, for n rows.

        Raises
        ------
        ValueError
            If there is one fold, or leaves are smaller than `privacy` allows.
        """
        owner, least = type(estimator).__name__, estimator.min_samples_leaf
        if estimator.n_folds == 1:
            raise ValueError(f"n_folds of {owner} must be 0 or at least 2, got 1.")
        if privacy and least != "auto" and least < _PRIVATE_LEAF:
            raise ValueError(
                f"min_samples_leaf of {owner} must be 'auto' or at least {_PRIVATE_LEAF} with privacy, got {least}."
            )
        if least == "auto":
            least = _PRIVATE_LEAF if privacy else _LEAF if n >= _FEW_ROWS else _SMALL_LEAF
        folds = (_FOLDS if n >= _MANY_ROWS else _SMALL_FOLDS) if estimator.n_folds == "auto" else estimator.n_folds
        return cls(int(estimator.n_trees), int(least), int(estimator.n_bins), int(folds))

    def light(self) -> Self:
        """One that takes a tenth of the time."""
        return replace(self, n_trees=1, n_folds=0)


class Conditional:
    """A column's distribution given others, by positions.

    Parameters
    ----------
    forest : Forest
    boosters : list of Boosted
        Those of the folds.
    count : ndarray of shape (n_values + 1,), int64
        Training rows at each position of the column; 0 is missing.
    atom : ndarray of shape (n_values + 1,), bool
        Positions that are never spread to their neighbours.
    """

    def __init__(self, forest: Forest, boosters: list[Boosted], count: np.ndarray, atom: np.ndarray) -> None:
        self.forest = forest
        self.boosters = boosters
        self.count = count
        self.atom = atom
        self._end = np.cumsum(count)
        self._rank = self._end - count / 2

    @classmethod
    def fit(
        cls, features: np.ndarray, target: np.ndarray, n_values: int, ordered: bool, recipe: Recipe, seed: int
    ) -> Self:
        """Fit it.

        Parameters
        ----------
        features : ndarray of shape (n, n_features), float32
        target : ndarray of shape (n,), int
            Positions of the column.
        n_values : int
            Distinct values of the column.
        ordered : bool
            Whether its values have an order.
        recipe : Recipe
        seed : int
        """
        rng = np.random.default_rng(seed)
        n = len(target)
        count = np.bincount(target, minlength=n_values + 1)
        distinct = int((count > 0).sum())
        atom = (count > max(3, _ATOM * n)) | (distinct < _CONTINUOUS) | (not ordered)
        atom[0] = True
        ranks = np.cumsum(count) - count / 2
        normal = ndtri(np.clip(ranks, 0.25, n - 0.25) / n)[target]
        boosters: list[Boosted] = []
        if recipe.n_folds and distinct > 1 and n >= _FEWEST_BOOSTED:
            score = normal if ordered else target.astype(np.float64)
            boosters, predicted = _boost(features, target, count, score, recipe.n_folds, rng)
            features = np.column_stack([features, predicted.astype(np.float32)])
        bins = _binned(target, distinct, min(recipe.n_bins, max(n // 4, 2)))
        regresses = ordered and distinct > 2
        trees = []
        for number in range(recipe.n_trees):
            bag = rng.permutation(n)[: max(round(recipe.bag * n), 1)]
            limits = {"min_samples_leaf": recipe.leaf, "random_state": int(rng.integers(2**31))}
            if regresses and number % 2:
                tree = DecisionTreeRegressor(**limits).fit(features[bag], normal[bag])
            else:
                tree = DecisionTreeClassifier(criterion="entropy", **limits).fit(features[bag], bins[bag])
            trees.append(tree)
        return cls(Forest.of(trees, features, target), boosters, count, atom)

    def draw(self, features: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Draw positions.

        Parameters
        ----------
        features : ndarray of shape (n, n_features), float32
        uniform : ndarray of shape (n, 3)
            Independent numbers in [0, 1): all the randomness.

        Returns
        -------
        positions : ndarray of shape (n,), int64
        """
        leaf = self.leaf(features, uniform)
        first, stop = self.forest.start[leaf], self.forest.start[leaf + 1]
        place = uniform[:, 2] * (stop - first)
        at = first + place.astype(np.int64)
        shift = place % 1 - 0.5
        donors = self.forest.donors
        a = donors[at].astype(np.int64)
        b = donors[np.clip(at + np.where(shift > 0, 1, -1), first, stop - 1)].astype(np.int64)
        between = self._rank[a] + np.abs(shift) * (self._rank[b] - self._rank[a])
        spread = np.searchsorted(self._end, np.floor(between), side="right")
        return np.where(self.atom[a] | self.atom[b], a, np.minimum(spread, len(self.count) - 1))

    def leaf(self, features: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """The leaf (n,) of a random tree that each row falls in, by the prediction of a random fold."""
        if self.boosters:
            fold = (uniform[:, 0] * len(self.boosters)).astype(np.int64)
            predicted = np.empty((len(features), self.boosters[0].n_outputs))
            for number, booster in enumerate(self.boosters):
                predicted[fold == number] = booster.predict(features[fold == number])
            features = np.column_stack([features, predicted.astype(np.float32)])
        return self.forest.apply((uniform[:, 1] * len(self.forest.roots)).astype(np.int64), features)

    def to_state(self) -> State:
        """The whole state, for a file."""
        parts = {f"booster{number}": booster.to_state() for number, booster in enumerate(self.boosters)}
        tensors = {"count": as_tensor(self.count), "atom": as_tensor(self.atom)}
        return State(tensors, {"n_boosters": len(self.boosters)}, {**parts, "forest": self.forest.to_state()})

    @classmethod
    def from_state(cls, state: State, n_features: int, n_values: int) -> Self:
        """What `to_state` gave, for that many features and values of the column."""
        count = state.array("count", (n_values + 1,), "int64", least=0)
        atom = state.array("atom", (n_values + 1,), "bool")
        n_boosters = state.integer("n_boosters", 0, len(state.parts))
        boosters = [Boosted.from_state(state.part(f"booster{k}"), n_features) for k in range(n_boosters)]
        widths = {booster.n_outputs for booster in boosters}
        if len(widths) > 1 or count.sum() < 1:
            raise FileError("boosters of a column must have the same outputs, and have not")
        forest = Forest.from_state(state.part("forest"), n_features + max(widths, default=0), n_values)
        return cls(forest, boosters, count, atom)


def _binned(target: np.ndarray, distinct: int, n_bins: int) -> np.ndarray:
    """Positions (n,) in bins with as many rows each. Missing values have a bin of their own."""
    if distinct <= n_bins:
        return target
    edges = np.unique(np.quantile(target[target > 0], np.arange(1, n_bins) / n_bins))
    return np.where(target == 0, 0, 1 + np.searchsorted(edges, target, side="right"))


def _boost(
    features: np.ndarray,
    target: np.ndarray,
    count: np.ndarray,
    score: np.ndarray,
    n_folds: int,
    rng: np.random.Generator,
) -> tuple[list[Boosted], np.ndarray]:
    """Boosters of the folds, and out-of-fold predictions (n, n_outputs): of probabilities if there are few values."""
    seen = np.flatnonzero(count)
    few = len(seen) <= _FEW and count[seen].min() >= 5 * n_folds
    kind: Any = HistGradientBoostingClassifier if few else HistGradientBoostingRegressor
    y = np.searchsorted(seen, target) if few else score
    fold = rng.permutation(len(target)) % n_folds
    boosters: list[Boosted] = []
    predicted = np.empty((len(target), 0))
    for number in range(n_folds):
        inside = fold != number
        model = kind(
            max_iter=_ITERATIONS,
            learning_rate=0.15,
            max_leaf_nodes=24,
            early_stopping=True,
            n_iter_no_change=4,
            random_state=int(rng.integers(2**31)),
        ).fit(features[inside], y[inside])
        boosters.append(Boosted.of(model))
        if not predicted.shape[1]:
            predicted = np.empty((len(target), boosters[0].n_outputs))
        predicted[~inside] = boosters[-1].predict(features[~inside])
    return boosters, predicted
