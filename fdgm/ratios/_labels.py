"""The probability of one label by any classifier, whatever the order in which it holds its classes."""

from typing import Any, Self

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if

__all__ = ["SortedClasses", "log_odds"]


def log_odds(classifier: Any, X: np.ndarray, least: float) -> np.ndarray:
    """Log-odds (n,) of label 1 by a fitted classifier of the labels 0 and 1.

    Parameters
    ----------
    classifier : classifier with predict_proba and classes_
    X : ndarray of shape (n, d)
    least : float in (0, 1/2)
        Probabilities are held within [least, 1 − least], so that all log-odds are finite.

    Raises
    ------
    ValueError
        If it has other classes than 0 and 1, or gives something else than a probability of each.
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
    """A classifier of the labels 0 and 1 with its columns in this order, whatever they are inside.

    scikit-learn's calibration counts on that.

    Parameters
    ----------
    classifier : classifier
        It is cloned.
    """

    def __init__(self, classifier: Any = None) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> Self:
        """From rows X (n, d) and labels y (n,)."""
        self.classifier_ = clone(self.classifier).fit(X, y)
        self._column = _column(self.classifier_)
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Labels (n,)."""
        return np.asarray(self.classifier_.predict(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, 2), label 1's last."""
        return np.asarray(self.classifier_.predict_proba(X))[:, [1 - self._column, self._column]]

    @available_if(lambda self: HasMethods("decision_function").is_satisfied_by(self.classifier))
    def decision_function(self, X: Any) -> np.ndarray:
        """Scores (n,), greater where label 1 is likelier."""
        scores = np.asarray(self.classifier_.decision_function(X))
        return scores if self._column == 1 else -scores


def _column(classifier: Any) -> int:
    """Where label 1 is among the classes.

    Raises
    ------
    ValueError
        If these are not 0 and 1.
    """
    classes = list(getattr(classifier, "classes_", []))
    if sorted(classes) != [0, 1]:
        raise ValueError(
            "classifier of ClassifierRatio must have both labels of the samples, 0 and 1, in its classes_ after fit,"
            f" got {classes} from {classifier!r}."
        )
    return classes.index(1)
