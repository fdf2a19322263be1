"""Logistic regression on squares and products: the classifier that `ClassifierRatio` uses by default."""

from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.utils.validation import validate_data

from ..persistence import State, as_tensor

__all__ = ["QuadraticLogistic"]

_MAX_FEATURES = 1000  # most columns: with more than 43 features products are omitted, and squares stay

_LEAST = float(np.nextafter(0.0, 1.0))  # the smallest scale
_FOLDS = 5
_RESOLUTION = 8 * np.finfo(np.float64).eps  # relative size of differences in a column that may be rounding
_STRENGTHS = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]  # inverse strengths of the ridge, on features of unit scale


class QuadraticLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression on standardised features, their squares and, for up to 43 features, their products.

    The log-ratio of two Gaussians is quadratic, so this classifier contains it.

    The ridge is chosen among five by the cross-validated log-loss.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X (n, d) and two labels y (n,)."""
        X = validate_data(self, X, dtype=np.float64)
        self.location_, self.scale_ = _units(X)
        n_folds = min(_FOLDS, np.unique(y, return_counts=True)[1].min())
        # If rows are sorted, folds of consecutive rows would differ.
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=0)
        search = GridSearchCV(
            LogisticRegression(max_iter=1000, tol=1e-6), {"C": _STRENGTHS}, scoring="neg_log_loss", cv=folds
        )
        model = search.fit(self._features(X), y).best_estimator_
        self.classes_ = model.classes_
        self.coef_, self.intercept_ = model.coef_[0], float(model.intercept_[0])
        return self

    def to_state(self) -> State:
        """What was learned."""
        tensors = {name: as_tensor(getattr(self, f"{name}_")) for name in ("location", "scale", "coef", "classes")}
        return State(tensors, {"intercept": self.intercept_})

    def from_state(self, state: State, n_features: int) -> Self:
        """Restore what `to_state` gave, for so many columns."""
        self.location_ = state.array("location", (n_features,))
        self.scale_ = state.array("scale", (n_features,), least=_LEAST)
        self.coef_ = state.array("coef", (_n_terms(n_features),))
        self.classes_ = state.array("classes", (2,), "int64")
        self.intercept_ = state.number("intercept")
        self.n_features_in_ = n_features
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds (n,) of the second label."""
        return self._features(np.asarray(X)) @ self.coef_ + self.intercept_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, 2) of the two labels."""
        odds = self.decision_function(X)
        return np.column_stack([expit(-odds), expit(odds)])

    def predict(self, X: Any) -> np.ndarray:
        """The more likely label of each row."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def _features(self, X: np.ndarray) -> np.ndarray:
        z = (X - self.location_) / self.scale_
        d = z.shape[1]
        if d * (d + 3) // 2 > _MAX_FEATURES:
            return np.hstack([z, z * z])
        i, j = np.triu_indices(d)
        return np.hstack([z, z[:, i] * z[:, j]])


def _units(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Location and scale (d,) of each column: mean and standard deviation, or a constant and 1.

    The standard deviation of equal numbers need not be 0, since their mean is rounded. The range shows a constant.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    width = high / 2 - low / 2
    varies = width > _RESOLUTION * np.maximum(np.abs(low), np.abs(high))
    unit = np.where(varies, width, 1.0)
    middle = low + width
    z = (X - middle) / unit  # of order 1, so that no square under- or overflows
    return np.where(varies, middle + unit * z.mean(axis=0), middle), np.where(varies, unit * z.std(axis=0), 1.0)


def _n_terms(d: int) -> int:
    """Number of features made from d columns."""
    return 2 * d if d * (d + 3) // 2 > _MAX_FEATURES else d * (d + 3) // 2
