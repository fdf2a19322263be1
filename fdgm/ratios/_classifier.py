"""The density ratio of two samples from any classifier that separates them."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Tags

from .._literals import Calibration
from .._sklearn import HasMethods, Interval, StrOptions
from ..exceptions import FileError
from ..inputs import entropy_of, int_seed
from ..persistence import Count, Float, Sign, State
from ._base import DensityRatio
from ._labels import SortedClasses, log_odds
from ._order import comes_first
from ._prior import fits_the_counts, prior_log_odds
from ._quadratic import QuadraticLogistic

__all__ = ["ClassifierRatio"]


class ClassifierRatio(DensityRatio):
    """Density ratio from a classifier: log dP/dQ is its log-odds of P against Q, minus log n_p/n_q.

    `ClassifierRatio` inherits its classifier's strengths and weaknesses. It has no gradient in x. Exchanging the
    samples changes only the sign of the log-ratio.

    Parameters
    ----------
    classifier : scikit-learn classifier with predict_proba, or None, default=None
        Classifier to clone. None is logistic regression on the features, their squares and their products, which
        contains the log-ratio of any two Gaussians. The classifier may use any prior, class weights or sampling:
        `fit` corrects for them. Missing values, NaN, are allowed if the classifier accepts them.
    calibration : {"sigmoid", "isotonic"} or None, default=None
        How probabilities are calibrated by cross-validation. Trees and naive Bayes need it. None does not calibrate.
    cv : int, default=5
        Number of folds, at least 2, for calibration and for finding the prior inside a classifier.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds, and of each `random_state` inside the classifier that is None.

    Attributes
    ----------
    classifier_ : classifier
        The fitted classifier. Either sample may be its second class.
    prior_ : float
        Prior log-odds of the numerator's label inside the classifier's log-odds, which are subtracted.

    Notes
    -----
    A classifier that has learned the sizes n_p and n_q expects n_p rows of P. Then log n_p/n_q is subtracted from its
    log-odds. If it expects another number, by more than two standard errors of a count, it uses another prior, as from
    ``priors=[.5, .5]``, class weights or under-sampling. Then a constant is subtracted that gives held-out rows, of
    `cv` folds, the mean probability n_p/(n_p + n_q). After `partial_fit` these are the rows of the last call.

    Probabilities are clamped to half a row's evidence, [1/2n, 1 − 1/2n] for n rows. The log-ratio of a classifier that
    predicts 0 or 1 is therefore finite.

    Only the default classifier, None, can be saved: others need pickle.

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

    _learned: ClassVar = {"_n_p": Count(1), "_n_q": Count(1), "_sign": Sign(), "_shift": Float()}
    classifier_: Any
    _n_p: int
    _n_q: int
    _sign: int
    _shift: float = 0.0  # of the prior of label 1 inside the classifier from log n₁/n₀

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
        calibration: Calibration | None = None,
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
    def scale_invariant(self) -> bool:
        return self.classifier is None  # another classifier may depend on units

    @property
    def has_partial_fit(self) -> bool:
        return self.calibration is None and HasMethods("partial_fit").is_satisfied_by(self.classifier)

    @property
    def prior_(self) -> float:
        """The prior log-odds of the numerator's label inside the classifier."""
        if "_n_p" not in vars(self):
            raise AttributeError("ClassifierRatio has prior_ after fit alone.")
        # The log of a quotient would not change its sign exactly.
        return math.log(self._n_p) - math.log(self._n_q) + self._sign * self._shift

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.classifier is not None  # the classifier itself decides whether it takes them
        return tags

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        folds = self._start(X_p, X_q)
        X, y = self._labelled(X_p, X_q)
        with _naming_missing_values(self.classifier, X_p=X_p, X_q=X_q):
            self.classifier_.fit(X, y)
            # A calibration has the prior of held-out rows already; the default has it by an unpenalised intercept.
            if self.calibration is None and self.classifier is not None:
                self._shift = self._found_shift(X, y, folds)

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        if "classifier_" in vars(self):
            self._n_p, self._n_q = self._n_p + len(X_p), self._n_q + len(X_q)
        else:
            self._start(X_p, X_q)
        X, y = self._labelled(X_p, X_q)
        with _naming_missing_values(self.classifier, X_p=X_p, X_q=X_q):
            self.classifier_.partial_fit(X, y, classes=np.array([0, 1]))
            counts = self._counts()
            found = prior_log_odds(log_odds(self.classifier_, X, self._least), y, counts)
        self._shift = found - _prior(counts)

    def _start(self, X_p: np.ndarray, X_q: np.ndarray) -> StratifiedKFold:
        """A fresh, seeded classifier, and folds."""
        self._n_p, self._n_q, self._shift = len(X_p), len(X_q), 0.0
        # The labels depend on the samples, not on their order, so that the order only changes the sign.
        self._sign = 1 if comes_first(X_p, X_q) else -1
        base = QuadraticLogistic() if self.classifier is None else clone(self.classifier)
        params = base.get_params()
        entropy = entropy_of(self.random_state)
        free = sorted(name for name, value in params.items() if name.endswith("random_state") and value is None)
        base.set_params(**{name: int_seed(entropy, k) for k, name in enumerate(free)})
        self.classifier_ = base
        folds = StratifiedKFold(self.cv, shuffle=True, random_state=int_seed(entropy, len(params)))
        if self.calibration is not None:
            self.classifier_ = CalibratedClassifierCV(SortedClasses(base), method=self.calibration, cv=folds)
        return folds

    def _found_shift(self, X: np.ndarray, y: np.ndarray, folds: StratifiedKFold) -> float:
        """The difference of the prior log-odds of label 1 inside the classifier from log n₁/n₀.

        A classifier that separates its own rows does not reveal its prior on them. Held-out rows do, and are used if
        the classifier has a prior of its own.
        """
        odds = log_odds(self.classifier_, X, self._least)
        folds.n_splits = min(self.cv, int(np.bincount(y).min()))
        if not fits_the_counts(odds, y) and folds.n_splits > 1:
            for rest, part in folds.split(X, y):
                odds[part] = log_odds(clone(self.classifier_).fit(X[rest], y[rest]), X[part], self._least)
        return prior_log_odds(odds, y) - _prior(self._counts())

    def _counts(self) -> tuple[int, int]:
        """Number of rows of the labels 0 and 1 so far."""
        return (self._n_q, self._n_p) if self._sign > 0 else (self._n_p, self._n_q)

    @property
    def _least(self) -> float:
        """Half a row's evidence, the smallest probability."""
        return 0.5 / (self._n_p + self._n_q)

    def _labelled(self, X_p: np.ndarray, X_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, d), first those of the first sample, with label 1."""
        first, second = (X_p, X_q) if self._sign > 0 else (X_q, X_p)
        X = np.concatenate([first, second])
        return X.reshape(len(X), -1), np.repeat([1, 0], [len(first), len(second)])

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        rows = X.reshape(len(X), -1)
        if isinstance(self.classifier_, QuadraticLogistic):
            return self._sign * self.classifier_.decision_function(rows) - self.prior_
        with _naming_missing_values(self.classifier, X=X):
            return self._sign * log_odds(self.classifier_, rows, self._least) - self.prior_

    def to_state(self) -> State:
        if not isinstance(self.classifier_, QuadraticLogistic):
            raise TypeError(
                "classifier of ClassifierRatio must be None for it to be saved, since no other comes without pickle,"
                f" got {self.classifier if self.calibration is None else self.classifier_!r}."
            )
        model, self.classifier_ = self.classifier_, None
        try:
            state = super().to_state()
        finally:
            self.classifier_ = model
        learned = state.parts["learned"]
        del learned.json["classifier_"]
        learned.parts["classifier"] = model.to_state()
        return state

    def _take_learned(self, learned: State, sizes: dict[str, int]) -> None:
        super()._take_learned(learned, sizes)
        if self.classifier is not None or self.calibration is not None:
            raise FileError("classifier and calibration of ClassifierRatio must be None in a file, and are not")
        self.classifier_ = QuadraticLogistic().from_state(learned.part("classifier"), sizes["d"])


def _prior(counts: tuple[int, int]) -> float:
    """log n₁/n₀, computed as in `prior_log_odds`."""
    return float(np.log(counts[1]) - np.log(counts[0]))


@contextmanager
def _naming_missing_values(classifier: Any, **samples: np.ndarray) -> Iterator[None]:
    """If the classifier raises an error over rows with a missing value, say where that value is."""
    try:
        yield
    except (ValueError, TypeError) as error:
        for name, X in samples.items():
            bad = np.argwhere(np.isnan(X))
            if len(bad):
                row, *column = bad[0].tolist()
                where = column[0] if len(column) == 1 else tuple(column)
                raise ValueError(
                    f"{name} of ClassifierRatio must be finite where the classifier does not take NaN, got NaN at row"
                    f" {row}, column {where}, and {classifier!r}, which raises: {error} Drop or impute such values,"
                    " or take a classifier that has a use for them."
                ) from error
        raise
