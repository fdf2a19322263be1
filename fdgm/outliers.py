"""Outliers by any model that samples or reconstructs."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from ._columns import align, library_of
from ._sklearn import Interval, StrOptions
from .bidirectional import AGEBidirectional
from .inputs import chunk_seed, entropy_of, is_mixed, validate
from .refiners._generators import is_fitted

__all__ = ["OutlierDetector"]

_SCALE_FLOOR = 1e-12


class OutlierDetector(OutlierMixin, BaseEstimator):
    """Detect rows that a model finds abnormal.

    Parameters
    ----------
    estimator : estimator or None, default=None
        A model with ``sample`` or ``score_samples``. One that is fitted stays as it is. Another is cloned and fitted to
        the X of `fit`. None is ``AGEBidirectional()``.
    contamination : float, default=0.1
        Fraction of the rows of `fit` that are to be outliers, in (0, 0.5]. It sets the threshold of `predict`, and does
        not change the scores.
    method : {"auto", "reconstruction", "neighbors"}, default="auto"
        How a row is scored:

        - ``"reconstruction"``: by the model's own ``score_samples``. A model with an encoder takes the error of the
          reconstruction and the length of the representation;
        - ``"neighbors"``: by minus the mean distance to the nearest samples of the model, in units of the samples'
          standard deviation of each column.

        ``"auto"`` is reconstruction for a model with ``score_samples``, and neighbors otherwise.
    n_neighbors : int, default=5
        Number of nearest samples.
    n_samples : int, default=5000
        Number of samples to draw from the model.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the samples, and of a model that is fitted here and has no seed.

    Attributes
    ----------
    estimator_ : estimator
        The fitted model.
    offset_ : float
        The score that `contamination` of the rows of `fit` lie below.
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import OutlierDetector, VGrowSampler
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> detector = OutlierDetector(VGrowSampler(max_iter=5), random_state=0).fit(X)
    >>> detector.predict([[0.0, 0.0], [9.0, 9.0]])
    array([ 1, -1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "method": [StrOptions({"auto", "reconstruction", "neighbors"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        contamination: float = 0.1,
        method: Literal["auto", "reconstruction", "neighbors"] = "auto",
        n_neighbors: int = 5,
        n_samples: int = 5000,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.contamination = contamination
        self.method = method
        self.n_neighbors = n_neighbors
        self.n_samples = n_samples
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model, unless it is fitted, and set the threshold by the scores of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            Mostly normal rows.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if the model has not what `method` needs, or if X cannot be read.
        """
        self._validate_params()
        ranked = is_mixed(X, integers=False)
        array, self._record = validate(self, X, reset=True, min_samples=2, ranked=ranked)
        entropy = entropy_of(self.random_state)
        model = AGEBidirectional() if self.estimator is None else self.estimator
        self._check_method(model)
        if not is_fitted(model):
            model = clone(model)
            if model.get_params(deep=False).get("random_state", 0) is None:
                model.set_params(random_state=chunk_seed(entropy, 0) % 2**32)
            numbers = library_of(X) is not None and not ranked  # a table of numbers is treated as its array
            model.fit(self._record.restore(array) if numbers else X)
        self.estimator_, self._index = model, None
        if self._scored_by(model) == "neighbors":
            self._find_neighbors(model, chunk_seed(entropy, 1) % 2**32)
        self.offset_ = float(np.quantile(self.score_samples(X), self.contamination))
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Score rows. Lower is more abnormal.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "estimator_")
        array, _ = validate(self, X, reset=False)
        if self._index is None:
            # In the order of the columns at fit, which not every model restores.
            mixed = self._record.ranks is not None
            rows = align(X, self._record.columns, "X", "X at fit") if mixed else self._record.restore(array)
            return np.asarray(self.estimator_.score_samples(rows), dtype=np.float64)
        distances, _ = self._index.kneighbors(self._scaled(array))
        return -distances.mean(axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Score rows, with the threshold at 0. Negative is an outlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)

        Returns
        -------
        scores : ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Tell outliers from inliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)

        Returns
        -------
        labels : ndarray of shape (n_samples,), int
            1 for inliers, -1 for outliers.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _scored_by(self, model: Any) -> str:
        if self.method != "auto":
            return self.method
        return "reconstruction" if hasattr(model, "score_samples") else "neighbors"

    def _check_method(self, model: Any) -> None:
        needed = {"neighbors": "sample", "reconstruction": "score_samples"}[self._scored_by(model)]
        if not hasattr(model, needed):
            raise TypeError(
                f"estimator of OutlierDetector must have {needed} with method={self.method!r}, got a"
                f" {type(model).__name__}, which has not."
            )

    def _find_neighbors(self, model: Any, seed: int) -> None:
        """Draw the model's samples, and index them in units of their own spread."""
        try:
            drawn = model.sample(self.n_samples, random_state=seed)
        except TypeError:  # as scikit-learn's mixtures, which draw by their own seed
            drawn = model.sample(self.n_samples)
        rows = drawn[0] if isinstance(drawn, tuple) else drawn
        array, _ = validate(self, rows, reset=False)
        flat = array.reshape(len(array), -1).astype(np.float64)
        self._centre, self._scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), _SCALE_FLOOR)
        self._index = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(flat))).fit(self._scaled(array))

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        return (rows.reshape(len(rows), -1).astype(np.float64) - self._centre) / self._scale
