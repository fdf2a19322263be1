"""The ratio of two samples from any classifier that tells them apart."""

import math
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..inputs import entropy_of, int_seed
from ._base import DensityRatio
from ._order import comes_first
from ._quadratic import QuadraticLogistic

__all__ = ["ClassifierRatio"]


class ClassifierRatio(DensityRatio):
    """log dP/dQ as the log-odds of a classifier, P against Q, less those of the samples' sizes.

    It has no gradient in x. Exchanging the samples changes the sign of the log-ratio and nothing else.

    Parameters
    ----------
    classifier : scikit-learn classifier with predict_proba, or None, default=None
        It is cloned. None is logistic regression on the features, their squares and products, which contains the
        log-ratio of any two Gaussians. Its class weights are to be left alone: the sizes of the samples are accounted
        for here.
    calibration : {"sigmoid", "isotonic"} or None, default=None
        Whether probabilities are calibrated by cross-validation, which trees and naive Bayes need.
    cv : int, default=5
        Folds of the calibration, at least 2.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds, and of each `random_state` inside the classifier that is None.

    Attributes
    ----------
    classifier_ : classifier
        Fitted. Which sample it has as its second class is its own affair.

    Notes
    -----
    Probabilities are held within half a row's evidence, [1/2n, 1 − 1/2n] of n rows, so that the log-ratio of a
    classifier that says 0 or 1 is finite.

    Only a `classifier` of None can be saved: no other comes without pickle.

    References
    ----------
    Qin, "Inferences for case-control and semiparametric two-sample density ratio models", Biometrika 85, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import ClassifierRatio
    >>> rng = np.random.default_rng(0)
    >>> ratio = ClassifierRatio().fit(rng.normal(1, 1, size=(900, 1)), rng.normal(0, 1, size=(500, 1)))
    >>> ratio.log_ratio([[-0.5], [1.5]]).round()  # x − 1/2
    array([-1.,  1.])
    """

    classifier_: Any
    _n_p: int
    _n_q: int
    _sign: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "calibration": [StrOptions({"sigmoid", "isotonic"}), None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        classifier: BaseEstimator | None = None,
        *,
        calibration: str | None = None,
        cv: int = 5,
        random_state: Any = None,
    ) -> None:
        self.classifier = classifier
        self.calibration = calibration
        self.cv = cv
        self.random_state = random_state

    @property
    def antisymmetric(self) -> bool:
        return True

    @property
    def has_partial_fit(self) -> bool:
        return self.calibration is None and HasMethods("partial_fit").is_satisfied_by(self.classifier)

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        self._start(X_p, X_q)
        X, y = self._labelled(X_p, X_q)
        self.classifier_.fit(X, y)

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        if "classifier_" in vars(self):
            self._n_p, self._n_q = self._n_p + len(X_p), self._n_q + len(X_q)
        else:
            self._start(X_p, X_q)
        X, y = self._labelled(X_p, X_q)
        self.classifier_.partial_fit(X, y, classes=np.array([0, 1]))

    def _start(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """A fresh classifier, seeded."""
        self._n_p, self._n_q = len(X_p), len(X_q)
        # The labels go by the samples themselves, not by their order, so that the order is a sign and no more.
        self._sign = 1 if comes_first(X_p, X_q) else -1
        base = QuadraticLogistic() if self.classifier is None else clone(self.classifier)
        params = base.get_params()
        weighted = [name for name, value in params.items() if name.endswith("class_weight") and value is not None]
        if weighted:
            raise ValueError(
                f"{weighted[0]} of the classifier of ClassifierRatio must be None, since the sizes of the samples are"
                f" accounted for already, got {params[weighted[0]]!r}."
            )
        entropy = entropy_of(self.random_state)
        if self.random_state is not None:
            free = sorted(name for name, value in params.items() if name.endswith("random_state") and value is None)
            base.set_params(**{name: int_seed(entropy, k) for k, name in enumerate(free)})
        self.classifier_ = base
        if self.calibration is not None:
            folds = StratifiedKFold(self.cv, shuffle=True, random_state=int_seed(entropy, len(params)))
            self.classifier_ = CalibratedClassifierCV(base, method=self.calibration, cv=folds)

    def _labelled(self, X_p: np.ndarray, X_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, d), the first sample's on top and labelled 1."""
        first, second = (X_p, X_q) if self._sign > 0 else (X_q, X_p)
        X = np.concatenate([first, second])
        return X.reshape(len(X), -1), np.repeat([1, 0], [len(first), len(second)])

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        X = X.reshape(len(X), -1)
        prior = math.log(self._n_p) - math.log(self._n_q)  # as a quotient, it would not change sign exactly
        if isinstance(self.classifier_, QuadraticLogistic):
            return self._sign * self.classifier_.decision_function(X) - prior
        least = 0.5 / (self._n_p + self._n_q)
        second = self.classifier_.predict_proba(X)[:, 1].astype(np.float64)
        return self._sign * logit(np.clip(second, least, 1 - least)) - prior

    def _state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        if not isinstance(self.classifier_, QuadraticLogistic):
            raise TypeError(
                "classifier of ClassifierRatio must be None for it to be saved, since no other comes without pickle,"
                f" got {self.classifier if self.calibration is None else self.classifier_!r}."
            )
        model, self.classifier_ = self.classifier_, None
        try:
            arrays, values = super()._state()
        finally:
            self.classifier_ = model
        del values["classifier_"]
        values["intercept"] = model.intercept_
        learned = {"location": model.location_, "scale": model.scale_, "coef": model.coef_, "classes": model.classes_}
        return {**arrays, **{f"classifier/{name}": array for name, array in learned.items()}}, values

    def _set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        model = QuadraticLogistic()
        model.intercept_ = values["intercept"]
        for name in ("location", "scale", "coef", "classes"):
            setattr(model, f"{name}_", arrays[f"classifier/{name}"])
        super()._set_state(
            {name: array for name, array in arrays.items() if not name.startswith("classifier/")},
            {name: value for name, value in values.items() if name != "intercept"},
        )
        self.classifier_ = model
