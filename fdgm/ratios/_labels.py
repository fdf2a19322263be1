"""The probability of one label by any classifier, whatever the order of its classes."""

from typing import Any, Self

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if

from .._sklearn import HasMethods

__all__ = ["SortedClasses", "log_odds"]


def log_odds(classifier: Any, X: np.ndarray, least: float) -> np.ndarray:
    """Log-odds (n,) of label 1 by a fitted classifier of the labels 0 and 1.

    Parameters
    ----------
    classifier : classifier with predict_proba and classes_
    X : ndarray of shape (n, d)
    least : float in (0, 1/2)
        Probabilities are clamped to [least, 1 − least], so that all log-odds are finite.

    Raises
    ------
    ValueError
        If its classes are not 0 and 1, or if it does not give a probability of each.
    """
    column = _column(classifier)
    probabilities = np.asarray(classifier.predict_proba(X), dtype=np.float64)
    if probabilities.shape != (len(X), 2):
        raise ValueError(
            f"classifier of ClassifierRatio must give probabilities of shape ({len(X)}, 2) for {len(X)} rows, got"
            f" {probabilities.shape}."
        )
    return logit(np.clip(probabilities[:, column], least, 1 - least))


class SortedClasses(ClassifierMixin, BaseEstimator):
    """A classifier of the labels 0 and 1 with its columns in this order, whatever order the inner classifier has.

    scikit-learn's calibration relies on that order.

    Parameters
    ----------
    classifier : classifier
        It is cloned.
    """

    def __init__(self, classifier: Any = None) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X (n, d) and labels y (n,)."""
        self.classifier_ = clone(self.classifier).fit(X, y)
        self._column = _column(self.classifier_)
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predicted labels (n,)."""
        return np.asarray(self.classifier_.predict(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, 2), with label 1 last."""
        return np.asarray(self.classifier_.predict_proba(X))[:, [1 - self._column, self._column]]

    @available_if(lambda self: HasMethods("decision_function").is_satisfied_by(self.classifier))
    def decision_function(self, X: Any) -> np.ndarray:
        """Scores (n,), which are greater where label 1 is more likely."""
        scores = np.asarray(self.classifier_.decision_function(X))
        return scores if self._column == 1 else -scores


def _column(classifier: Any) -> int:
    """The position of label 1 among the classes.

    Raises
    ------
    ValueError
        If the classes are not 0 and 1.
    """
    classes = list(getattr(classifier, "classes_", []))
    if sorted(classes) != [0, 1]:
        raise ValueError(
            "classifier of ClassifierRatio must have both labels of the samples, 0 and 1, in its classes_ after fit,"
            f" got {classes} from {classifier!r}."
        )
    return classes.index(1)
