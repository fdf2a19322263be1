"""A density ratio of two samples in one table, for scikit-learn's searches."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags, _safe_indexing, column_or_1d
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .. import registry
from ._base import DensityRatio

__all__ = ["StackedRatio"]


class StackedRatio(ClassifierMixin, BaseEstimator):
    """A density ratio that takes both samples in one table, with a label for each row.

    Density ratios take two samples, ``fit(X_p, X_q)``. scikit-learn's searches and cross-validation would split these
    as if their rows were pairs. This class takes ``fit(X, y)``: rows of P have label 1, rows of Q have label 0. The
    samples may differ in size, and every fold contains a proportional part of both.

    It is also a classifier of P against Q, under equal prior probabilities whatever the sizes.

    Parameters
    ----------
    ratio : str or DensityRatio, default="ulsif"
        One of ``fdgm.available("density_ratio")`` or an instance, which stays unfitted. A search can vary the
        parameters of an instance, such as ``ratio__width``.

    Attributes
    ----------
    ratio_ : DensityRatio
        The fitted density ratio.
    classes_ : ndarray of shape (2,)
        0 and 1.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    See Also
    --------
    ClassifierRatio : The reverse, a density ratio from a classifier.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from fdgm.ratios import StackedRatio, uLSIF
    >>> rng = np.random.default_rng(0)
    >>> X_p, X_q = rng.normal(0.5, 1, size=(90, 1)), rng.normal(0.0, 1, size=(60, 1))
    >>> X, y = np.concatenate([X_p, X_q]), np.repeat([1, 0], [len(X_p), len(X_q)])
    >>> search = GridSearchCV(StackedRatio(uLSIF(random_state=0)), {"ratio__n_centers": [20, 40]}, cv=3).fit(X, y)
    >>> ratio = search.best_estimator_.ratio_
    >>> ratio.log_ratio(X_q).shape
    (60,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"ratio": [str, DensityRatio]}

    ratio_: DensityRatio
    classes_: np.ndarray

    def __init__(self, ratio: str | DensityRatio = "ulsif") -> None:
        self.ratio = ratio

    def fit(self, X: Any, y: Any) -> Self:
        """Learn log dP/dQ.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Both samples, in any order of rows.
        y : array-like of shape (n_samples,)
            1 for rows of the numerator P, 0 for rows of the denominator Q. At least two of each.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If `y` has other labels or only one label. Also as the density ratio's `fit`.
        """
        self._validate_params()
        p, q = self._split(X, y)
        made: DensityRatio = clone(registry.make("density_ratio", self.ratio))
        self.ratio_ = made.fit(p, q)
        self.classes_ = np.array([0, 1])
        return self

    def log_ratio(self, X: Any) -> np.ndarray:
        """The natural logarithm log dP/dQ.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
        """
        check_is_fitted(self)
        return self.ratio_.log_ratio(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities that rows are from Q and from P, if both are equally likely beforehand.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), float64
        """
        log_ratio = self.log_ratio(X)
        return np.column_stack([expit(-log_ratio), expit(log_ratio)])

    def predict(self, X: Any) -> np.ndarray:
        """1 where P is denser than Q, and 0 elsewhere.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of int of shape (n_samples,)
        """
        return (self.log_ratio(X) > 0).astype(int)

    def score(self, X: Any, y: Any, sample_weight: None = None) -> float:
        """The density ratio's `score`: minus the log-loss, which weights both samples equally.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            As in `fit`.
        sample_weight : None
            Must be None.

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        if sample_weight is not None:
            raise ValueError(f"sample_weight of StackedRatio.score must be None, got {sample_weight!r}.")
        return self.ratio_.score(*self._split(X, y))

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X at fit."""
        check_is_fitted(self)
        return self.ratio_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns of X at fit."""
        return self.ratio_.feature_names_in_

    def _split(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows of P and those of Q, in X's container."""
        labels = column_or_1d(y)
        check_consistent_length(X, labels)
        if np.unique(labels).tolist() != [0, 1]:
            raise ValueError(
                "y of StackedRatio must be 1 for the rows of the numerator P and 0 for those of the denominator Q, and"
                f" have both, got the labels {np.unique(labels).tolist()}."
            )
        return _safe_indexing(X, np.flatnonzero(labels == 1)), _safe_indexing(X, np.flatnonzero(labels == 0))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return "ratio_" in vars(self)
