"""Boosted trees as bit masks: every tree of a row at once (QuickScorer, Lucchese et al., SIGIR 2015)."""

from typing import Any, Self

import numpy as np

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["MAX_LEAVES", "Boosted"]

MAX_LEAVES = 32  # bits of a mask
_CHUNK = 4096  # rows whose masks stay in the cache
_DEBRUIJN = np.uint32(0x077CB531)
_BIT = np.zeros(32, dtype=np.int64)  # of a power of two, times the number above, the five highest bits name it
_BIT[(np.left_shift(np.uint32(1), np.arange(32, dtype=np.uint32)) * _DEBRUIJN) >> np.uint32(27)] = np.arange(32)


class Boosted:
    """The predictions of a booster with one output or with one for each class.

    Each split of a tree has a mask of the leaves that are left of it not. A row's leaf is the first that no split on
    its right side rules out.

    Parameters
    ----------
    tree, feature : ndarray of shape (n_splits,), int32
    threshold : ndarray of shape (n_splits,), float64
        A row goes left if its feature is at most this.
    mask : ndarray of shape (n_splits,), int64
        Bits of the leaves that a row which goes right may still be in.
    leaves : ndarray of shape (n_trees, 32), float64
        What each leaf adds. Trees of the outputs alternate.
    baseline : ndarray of shape (n_outputs,), float64
    """

    def __init__(
        self,
        tree: np.ndarray,
        feature: np.ndarray,
        threshold: np.ndarray,
        mask: np.ndarray,
        leaves: np.ndarray,
        baseline: np.ndarray,
    ) -> None:
        self.tree = tree
        self.feature = feature
        self.threshold = threshold
        self.mask = mask
        self.leaves = leaves
        self.baseline = baseline
        self._tables = [self._table(feature) for feature in np.unique(self.feature)]

    @classmethod
    def of(cls, model: Any) -> Self:
        """From a fitted histogram booster of scikit-learn, of trees with at most 32 leaves."""
        tree, feature, threshold, mask, leaves = [], [], [], [], []
        trees = [predictor.nodes for step in model._predictors for predictor in step]
        for number, nodes in enumerate(trees):
            values: list[float] = []
            tops = [(0, True)]  # depth first and left first, so that leaves are numbered from the left
            ends: dict[int, tuple[int, int]] = {}
            while tops:
                place, fresh = tops.pop()
                node = nodes[place]
                if node["is_leaf"]:
                    ends[place] = (len(values), len(values) + 1)
                    values.append(float(node["value"]))
                elif fresh:
                    tops += [(place, False), (int(node["right"]), True), (int(node["left"]), True)]
                else:
                    first, last = ends[int(node["left"])]
                    ends[place] = (first, ends[int(node["right"])][1])
                    tree.append(number)
                    feature.append(int(node["feature_idx"]))
                    threshold.append(float(node["num_threshold"]))
                    mask.append((2**32 - 1) & ~((1 << last) - (1 << first)))
            leaves.append(values + [0.0] * (MAX_LEAVES - len(values)))
        return cls(
            np.array(tree, dtype=np.int32),
            np.array(feature, dtype=np.int32),
            np.array(threshold, dtype=np.float64),
            np.array(mask, dtype=np.int64),
            np.array(leaves, dtype=np.float64).reshape(-1, MAX_LEAVES),
            np.ravel(model._baseline_prediction).astype(np.float64),
        )

    @property
    def n_outputs(self) -> int:
        """Columns of a prediction."""
        return len(self.baseline)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, n_outputs) of rows (n, n_features): log-odds, softmax of several, or the mean of a number."""
        n_trees = len(self.leaves)
        scores = np.tile(self.baseline, (len(features), 1))
        offsets = np.arange(n_trees) * MAX_LEAVES
        flat = self.leaves.ravel()
        for first in range(0, len(features) if n_trees else 0, _CHUNK):
            part = features[first : first + _CHUNK]
            left = np.full((len(part), n_trees), 2**32 - 1, dtype=np.uint32)
            for feature, thresholds, table in self._tables:
                left &= table[np.searchsorted(thresholds, part[:, feature].astype(np.float64))]
            lowest = left & (~left + np.uint32(1))
            leaf = _BIT[(lowest * _DEBRUIJN) >> np.uint32(27)]
            added = flat[leaf + offsets].reshape(len(part), -1, self.n_outputs)
            scores[first : first + len(part)] += added.sum(axis=1)
        if self.n_outputs > 1:
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def _table(self, feature: int) -> tuple[int, np.ndarray, np.ndarray]:
        """For each number of thresholds that a value of the feature is above, the masks of all trees."""
        at = np.flatnonzero(self.feature == feature)
        thresholds = np.unique(self.threshold[at])
        table = np.full((len(thresholds) + 1, len(self.leaves)), 2**32 - 1, dtype=np.uint32)
        place = np.searchsorted(thresholds, self.threshold[at]) + 1
        np.bitwise_and.at(table, (place, self.tree[at]), self.mask[at].astype(np.uint32))
        return int(feature), thresholds, np.bitwise_and.accumulate(table, axis=0)

    def to_state(self) -> State:
        """The whole state, for a file."""
        names = ("tree", "feature", "threshold", "mask", "leaves", "baseline")
        return State({name: as_tensor(getattr(self, name)) for name in names})

    @classmethod
    def from_state(cls, state: State, n_features: int) -> Self:
        """What `to_state` gave, of a booster of that many features."""
        tree = state.array("tree", (None,), "int32", least=0)
        feature = state.array("feature", (len(tree),), "int32", least=0)
        threshold = state.array("threshold", (len(tree),))
        mask = state.array("mask", (len(tree),), "int64", least=0)
        leaves = state.array("leaves", (None, MAX_LEAVES))
        baseline = state.array("baseline", (None,))
        if feature.max(initial=0) >= n_features or tree.max(initial=-1) >= len(leaves) or mask.max(initial=0) >= 2**32:
            raise FileError("splits of a booster must be of its trees and features, and are not")
        if not len(baseline) or len(leaves) % len(baseline):
            raise FileError("a booster must have as many trees for each output, and has not")
        return cls(tree, feature, threshold, mask, leaves, baseline)
