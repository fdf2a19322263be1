"""The ratio of two samples from boosted trees that tell them apart."""

import math
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from torch import Tensor

from fdgm.ratios import DensityRatio

from ._trees import Boxes, boxes_of, smoothed

__all__ = ["BoostedRatio"]

_ROWS = 512  # evaluated at once


class BoostedRatio(DensityRatio):
    """log dP/dQ as the log-odds of histogram gradient boosting, less those of the samples' sizes, smoothed.

    Parameters
    ----------
    smoothing : float, default=0.25
        Standard deviation of the Gaussian that the trees are convolved with, in each feature's own standard deviation.
    max_iter : int, default=100
        Trees at most; a tenth of the rows, held out, says when to stop.
    learning_rate : float, default=0.1
    max_leaf_nodes : int, default=8
        Leaves of a tree, at least 2.
    min_samples_leaf : int, default=20
    random_state : int, RandomState, Generator or None, default=None
        Seed of the rows that are held out.

    Attributes
    ----------
    n_trees_ : int
    scale_ : ndarray of shape (n_features,)
        Standard deviation of each feature, of both samples together.

    Notes
    -----
    **The gradient.** A sum of trees is constant between thresholds: its own gradient is zero almost everywhere, and
    moves nothing. What is estimated here is therefore the trees' log-ratio averaged over a Gaussian around x. That
    average is known in closed form, for each leaf is a box; `log_ratio` and `log_ratio_tensor` both return it, and
    the gradient is exact for it, no finite difference. It is a gradient of the trees only in the sense of that
    average: details finer than `smoothing` are gone from it, and a `smoothing` near 0 gives back steps, whose gradient
    is spikes at the thresholds. Outside the rows of both samples the outermost leaves go on for ever, so the log-ratio
    is constant there and its gradient falls to zero: points that start far from both samples are not drawn in.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm_boosted_ratio import BoostedRatio
    >>> rng = np.random.default_rng(0)
    >>> ratio = BoostedRatio(random_state=0).fit(rng.normal(1, 1, (2000, 1)), rng.normal(0, 1, (2000, 1)))
    >>> ratio.log_ratio([[-0.5], [1.5]]).round()  # x − 1/2
    array([-1.,  1.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "smoothing": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_leaf_nodes": [Interval(Integral, 2, None, closed="left")],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        smoothing: float = 0.25,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 20,
        random_state: Any = None,
    ) -> None:
        self.smoothing = smoothing
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        X = np.concatenate([X_p, X_q]).reshape(len(X_p) + len(X_q), -1).astype(np.float64)
        y = np.repeat([1, 0], [len(X_p), len(X_q)])
        seed = self.random_state
        if isinstance(seed, np.random.Generator):
            seed = int(seed.integers(2**31))
        classifier = HistGradientBoostingClassifier(
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            early_stopping=len(X) >= 200,
            random_state=check_random_state(seed).randint(2**31 - 1),
        ).fit(X, y)
        boxes = boxes_of(classifier)
        self.n_trees_ = int(classifier.n_iter_)
        # Rounding leaves a constant feature a standard deviation above 0, so the range says what is constant.
        self.scale_ = np.where(np.ptp(X, axis=0) > 0, X.std(axis=0), 1.0)
        self._edge_features, self._edge_thresholds = boxes.feature, boxes.threshold
        self._lower, self._upper = boxes.lower, boxes.upper
        self._values = boxes.value
        self._baseline = boxes.baseline - math.log(len(X_p) / len(X_q))

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        boxes = Boxes(
            self._edge_features, self._edge_thresholds, self._lower, self._upper, self._values, self._baseline
        )
        deviation = self.smoothing * torch.from_numpy(self.scale_).to(x)
        return torch.cat([smoothed(boxes, rows, deviation) for rows in x.flatten(1).split(_ROWS)])
