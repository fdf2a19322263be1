"""Bagged trees as flat arrays, and what fell into their leaves."""

from typing import Any, Self

import numpy as np

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["Forest"]


class Forest:
    """Trees, one after another in arrays of nodes, and the target's position of each training row in their leaves.

    The left child of a node is the node after it.

    Parameters
    ----------
    feature : ndarray of shape (n_nodes,), int32
        The feature that a node splits, -1 in a leaf.
    threshold : ndarray of shape (n_nodes,), float64
        A row goes left if its feature is at most this.
    right : ndarray of shape (n_nodes,), int32
        The right child. 0 in a leaf.
    roots : ndarray of shape (n_trees,), int64
    start : ndarray of shape (n_nodes + 1,), int64
        Where a node's part of `donors` begins and, in the next entry, ends.
    donors : ndarray of shape (n_trees * n_rows,), int32
        Positions, sorted in each leaf.
    """

    def __init__(
        self,
        feature: np.ndarray,
        threshold: np.ndarray,
        right: np.ndarray,
        roots: np.ndarray,
        start: np.ndarray,
        donors: np.ndarray,
    ) -> None:
        self.feature = feature
        self.threshold = threshold
        self.right = right
        self.roots = roots
        self.start = start
        self.donors = donors

    @classmethod
    def of(cls, trees: list[Any], features: np.ndarray, target: np.ndarray) -> Self:
        """From fitted trees of scikit-learn.

        Parameters
        ----------
        trees : list of DecisionTreeClassifier and DecisionTreeRegressor
        features : ndarray of shape (n_rows, n_features), float32
            The rows whose targets are kept in the leaves.
        target : ndarray of shape (n_rows,), int
            Positions.
        """
        parts: dict[str, list[np.ndarray]] = {name: [] for name in ("feature", "threshold", "right", "start", "donors")}
        roots, n_nodes = [], 0
        for number, fitted in enumerate(trees):
            tree = fitted.tree_
            leaf = tree.children_left < 0
            leaves = fitted.apply(features)
            rows = np.lexsort((target, leaves))
            parts["feature"].append(np.where(leaf, -1, tree.feature).astype(np.int32))
            parts["threshold"].append(np.where(leaf, 0.0, tree.threshold))
            parts["right"].append(np.where(leaf, 0, tree.children_right + n_nodes).astype(np.int32))
            first = np.searchsorted(leaves[rows], np.arange(tree.node_count))
            parts["start"].append(first + number * len(target))
            parts["donors"].append(target[rows].astype(np.int32))
            roots.append(n_nodes)
            n_nodes += tree.node_count
        parts["start"].append(np.array([len(trees) * len(target)]))
        joined = {name: np.concatenate(arrays) for name, arrays in parts.items()}
        return cls(**joined, roots=np.array(roots))

    def apply(self, tree: np.ndarray, features: np.ndarray) -> np.ndarray:
        """The leaf (n,) of each row (n, n_features) in its tree (n,)."""
        node = self.roots[tree]
        rows = np.flatnonzero(self.feature[node] >= 0)
        while len(rows):
            at = node[rows]
            goes_left = features[rows, self.feature[at]] <= self.threshold[at]
            node[rows] = at = np.where(goes_left, at + 1, self.right[at])
            rows = rows[self.feature[at] >= 0]
        return node

    def to_state(self) -> State:
        """The whole state, for a file."""
        names = ("feature", "threshold", "right", "roots", "start", "donors")
        return State({name: as_tensor(getattr(self, name)) for name in names})

    @classmethod
    def from_state(cls, state: State, n_features: int, n_values: int) -> Self:
        """What `to_state` gave, of trees of that many features and positions up to `n_values`."""
        feature = state.array("feature", (None,), "int32", least=-1)
        n_nodes = len(feature)
        threshold = state.array("threshold", (n_nodes,))
        right = state.array("right", (n_nodes,), "int32", least=0)
        roots = state.array("roots", (None,), "int64", least=0)
        start = state.array("start", (n_nodes + 1,), "int64", least=0)
        donors = state.array("donors", (None,), "int32", least=0)
        inner, places = feature >= 0, np.arange(n_nodes)
        ends = np.append(roots, n_nodes)[1:]
        if not len(roots) or not n_nodes or (np.diff(np.append(roots, n_nodes)) <= 0).any() or roots[0] != 0:
            raise FileError("roots of a forest must begin its trees in turn, and do not")
        last = ends[np.searchsorted(roots, places, side="right") - 1]  # of the tree that a node is in
        if (inner & ((right <= places + 1) | (right >= last))).any() or feature.max() >= n_features:
            raise FileError("nodes of a forest must split features and lead on to nodes of their tree, and do not")
        if (np.diff(start) < 0).any() or start[0] != 0 or start[-1] != len(donors) or donors.max(initial=0) > n_values:
            raise FileError("leaves of a forest must hold positions of training values, and do not")
        if (start[1:] == start[:-1])[~inner].any():
            raise FileError("leaves of a forest must not be empty")
        return cls(feature, threshold, right, roots, start, donors)
