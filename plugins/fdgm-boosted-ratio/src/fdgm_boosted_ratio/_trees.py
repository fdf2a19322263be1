"""Boosted trees as a sum over boxes, and its convolution with a Gaussian in closed form."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import Tensor

__all__ = ["Boxes", "boxes_of", "smoothed"]


@dataclass(frozen=True)
class Boxes:
    """Leaves: each has a value inside a box, which is bounded in a few features only.

    Attributes
    ----------
    feature, threshold : ndarray of shape (n_edges,)
        The distinct edges of all boxes; the first two are a feature's −∞ and ∞.
    lower, upper : ndarray of shape (n_leaves, n_bounds), int64
        Edges between which a leaf lies, in as many features as the most bounded leaf has bounds.
    value : ndarray of shape (n_leaves,)
    baseline : float
        What is added to the sum of the values.
    """

    feature: np.ndarray
    threshold: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    value: np.ndarray
    baseline: float


def boxes_of(classifier: HistGradientBoostingClassifier) -> Boxes:
    """The leaves of a fitted binary classifier; the sum over them is its `decision_function`.

    scikit-learn shows the trees of this class under private names alone; a test of this package holds them to
    `decision_function`, so that a release which renames them is found out.
    """
    leaves: list[tuple[dict[int, tuple[float, float]], float]] = []
    for (tree,) in classifier._predictors:
        leaves.extend(_leaves(tree.nodes, 0, {}))
    edges = {(0, -np.inf): 0, (0, np.inf): 1}
    n_bounds = max(1, *(len(bounds) for bounds, _ in leaves))
    lower = np.zeros((len(leaves), n_bounds), dtype=np.int64)
    upper = np.ones((len(leaves), n_bounds), dtype=np.int64)
    for i, (bounds, _) in enumerate(leaves):
        for k, (feature, (low, high)) in enumerate(sorted(bounds.items())):
            lower[i, k] = edges.setdefault((feature, low), len(edges))
            upper[i, k] = edges.setdefault((feature, high), len(edges))
    feature, threshold = zip(*edges, strict=True)
    return Boxes(
        np.array(feature, dtype=np.int64),
        np.array(threshold),
        lower,
        upper,
        np.array([value for _, value in leaves]),
        float(np.ravel(classifier._baseline_prediction)[0]),
    )


def _leaves(
    nodes: np.ndarray, index: int, bounds: dict[int, tuple[float, float]]
) -> Iterator[tuple[dict[int, tuple[float, float]], float]]:
    """Bounds by feature, and value, of every leaf below a node; rows at a threshold go left."""
    node = nodes[index]
    if node["is_leaf"]:
        yield bounds, float(node["value"])
        return
    feature, threshold = int(node["feature_idx"]), float(node["num_threshold"])
    low, high = bounds.get(feature, (-np.inf, np.inf))
    yield from _leaves(nodes, int(node["left"]), {**bounds, feature: (low, min(high, threshold))})
    yield from _leaves(nodes, int(node["right"]), {**bounds, feature: (max(low, threshold), high)})


def smoothed(boxes: Boxes, x: Tensor, deviation: Tensor) -> Tensor:
    """E[F(x + ξ)] for F the sum over boxes and ξ ~ N(0, diag(deviation²)), exact and differentiable in x.

    A Gaussian around x falls into a box with a probability that is a product over features of differences of normal
    distribution functions.

    Parameters
    ----------
    boxes : Boxes
    x : Tensor of shape (n, n_features)
    deviation : Tensor of shape (n_features,)

    Returns
    -------
    Tensor of shape (n,)
    """
    feature = torch.from_numpy(boxes.feature).to(x.device)
    threshold = torch.from_numpy(boxes.threshold).to(x)
    lower, upper = (torch.from_numpy(edges).to(x.device) for edges in (boxes.lower, boxes.upper))
    below = torch.special.ndtr((threshold - x[:, feature]) / deviation[feature])  # (n, n_edges)
    inside = below[:, upper[:, 0]] - below[:, lower[:, 0]]  # (n, n_leaves)
    for k in range(1, lower.shape[1]):
        inside = inside * (below[:, upper[:, k]] - below[:, lower[:, k]])
    return inside @ torch.from_numpy(boxes.value).to(x) + boxes.baseline
