"""Ratios from classifiers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from fdgm.ratios import ClassifierRatio
from fdgm.ratios._prior import fits_the_counts, prior_log_odds

RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(400, 2)), RNG.normal(0.0, 1.2, size=(300, 2))
X = RNG.normal(size=(60, 2))
CLASSIFIERS = {
    "default": ClassifierRatio(random_state=0),
    "forest": ClassifierRatio(RandomForestClassifier(20), random_state=0),
    "calibrated": ClassifierRatio(GaussianNB(), calibration="isotonic", random_state=0),
    "sigmoid": ClassifierRatio(GaussianNB(), calibration="sigmoid", cv=3, random_state=0),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_exchanging_the_samples_changes_the_sign_and_nothing_else(name):
    ratio = CLASSIFIERS[name]
    assert ratio.antisymmetric
    one = ratio.fit(P, Q).log_ratio(X)
    np.testing.assert_array_equal(ratio.fit(Q, P).log_ratio(X), -one)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_it_is_finite_where_the_classifier_is_certain(name):
    far = np.array([[1e3, -1e3], [0.0, 1e6]])
    assert np.isfinite(CLASSIFIERS[name].fit(P, Q).log_ratio(far)).all()


def test_the_sizes_of_the_samples_do_not_matter():
    """Naive Bayes on Gaussians has the sample's own means and variances: with each row of Q five times over, the
    odds fall by 5 and the prior makes up for it."""
    plain = ClassifierRatio(GaussianNB()).fit(P, Q).log_ratio(X)
    np.testing.assert_allclose(ClassifierRatio(GaussianNB()).fit(P, np.repeat(Q, 5, axis=0)).log_ratio(X), plain)


@pytest.mark.parametrize("d", [1, 2, 10])
def test_the_default_contains_the_log_ratio_of_gaussians(d):
    """N(m, I) against N(0, 1.44 I), 4,000 rows each: the error is that of some d²/2 coefficients, each of
    n^-1/2 = 0.016 times a few."""
    rng = np.random.default_rng(1)
    m = np.full(d, d**-0.5)
    ratio = ClassifierRatio().fit(m + rng.normal(size=(4000, d)), 1.2 * rng.normal(size=(4000, d)))
    T = m + rng.normal(size=(2000, d))
    truth = -((T - m) ** 2).sum(1) / 2 + (T**2).sum(1) / 2.88 + d * np.log(1.2)
    assert np.sqrt(np.mean((ratio.log_ratio(T) - truth) ** 2)) < 0.25


def test_many_features_leave_the_products_out():
    rng = np.random.default_rng(0)
    ratio = ClassifierRatio().fit(rng.normal(size=(50, 60)) + 1, rng.normal(size=(50, 60)))
    assert ratio.classifier_.coef_.shape == (120,)


def test_a_foreign_classifier_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match=r"classifier of ClassifierRatio must be None .*GaussianNB"):
        ClassifierRatio(GaussianNB()).fit(P, Q).save(tmp_path / "r")


def test_a_seed_reaches_the_classifiers_inside():
    forests = [ClassifierRatio(RandomForestClassifier(5), random_state=seed).fit(P, Q) for seed in (0, 0, 1)]
    one, same, other = (forest.log_ratio(X) for forest in forests)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_classifiers_that_go_on():
    """Naive Bayes' moments over parts are those over all rows, but for a smoothing of 1e-9 by the first part."""
    parts = ClassifierRatio(GaussianNB())
    for k in range(4):
        parts.partial_fit(P[100 * k : 100 * k + 100], Q[75 * k : 75 * k + 75])
    np.testing.assert_allclose(parts.log_ratio(X), ClassifierRatio(GaussianNB()).fit(P, Q).log_ratio(X), rtol=1e-6)


@pytest.mark.parametrize("ratio", [ClassifierRatio(), ClassifierRatio(GaussianNB(), calibration="sigmoid")])
def test_those_that_cannot_go_on_have_no_partial_fit(ratio):
    assert not hasattr(ratio, "partial_fit")


def test_images_are_flattened():
    images = RNG.normal(size=(2, 30, 1, 3, 3))
    assert ClassifierRatio().fit(*images).log_ratio(images[0]).shape == (30,)


class Reversed(ClassifierMixin, BaseEstimator):
    """Naive Bayes whose classes come in order of appearance, or any other, with columns to match."""

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(X, y)
        self.classes_ = self.model_.classes_[::-1]
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)[:, ::-1]


class UnderSampled(ClassifierMixin, BaseEstimator):
    """Learns from as many rows of each class, as wrappers for unbalanced classes do."""

    def fit(self, X, y):
        kept = [np.flatnonzero(y == label)[: np.bincount(y).min()] for label in (0, 1)]
        self.model_ = LogisticRegression().fit(X[np.concatenate(kept)], y[np.concatenate(kept)])
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


PRIORS = {
    "lda": LinearDiscriminantAnalysis(priors=[0.5, 0.5]),
    "qda": QuadraticDiscriminantAnalysis(priors=[0.5, 0.5]),
    "naive Bayes": GaussianNB(priors=[0.5, 0.5]),
    "class weight": LogisticRegression(class_weight="balanced"),
    "grid of class weights": GridSearchCV(LogisticRegression(), {"class_weight": ["balanced"]}, cv=3),
    "under-sampled": UnderSampled(),
}
MANY_P, FEW_Q = (np.random.default_rng(3).normal(m, 1, size=(2000, 2))[:n] for m, n in ((0.5, 2000), (-0.5, 100)))


@pytest.mark.parametrize("name", PRIORS)
def test_the_prior_inside_a_classifier_does_not_matter(name):
    """N(½, I) against N(−½, I), whose log-ratio is x₁ + x₂: log 20 = 3.0 off where the prior is taken for the sizes'.

    With 100 rows the constant of a fit has an error of some 0.2.
    """
    ratio = ClassifierRatio(PRIORS[name], random_state=0).fit(MANY_P, FEW_Q)
    assert abs(np.median(ratio.log_ratio(X) - X.sum(axis=1))) < 0.5
    assert abs(ratio.prior_) < 1 < np.log(20)
    np.testing.assert_array_equal(-ratio.log_ratio(X), clone(ratio).fit(FEW_Q, MANY_P).log_ratio(X))


def test_a_uniform_prior_of_counts_does_not_matter():
    """Bernoulli columns, P(1) = 0.7 against 0.3: the log-ratio of a row of ones is 4 log 7/3."""
    rng = np.random.default_rng(0)
    p, q = (rng.random((n, 4)) < fraction for n, fraction in ((2000, 0.7), (100, 0.3)))
    ratio = ClassifierRatio(BernoulliNB(fit_prior=False), random_state=0).fit(p.astype(float), q.astype(float))
    ends = ratio.log_ratio(np.array([[1.0] * 4, [0.0] * 4]))
    np.testing.assert_allclose(ends, np.array([4, -4]) * np.log(7 / 3), atol=0.8)


@pytest.mark.parametrize(
    "classifier",
    [
        LinearDiscriminantAnalysis(),
        GaussianNB(),
        LogisticRegression(),
        KNeighborsClassifier(15),
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(20, random_state=0),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_a_prior_that_is_right_is_left_alone(classifier):
    """Also of those that separate their own rows, which then say nothing of a prior."""
    assert ClassifierRatio(classifier).fit(MANY_P, FEW_Q).prior_ == pytest.approx(np.log(2000) - np.log(100), rel=1e-12)


def test_a_prior_is_found_in_parts_too():
    ratio = ClassifierRatio(GaussianNB(priors=[0.5, 0.5]))
    for k in range(4):
        ratio.partial_fit(MANY_P[500 * k : 500 * k + 500], FEW_Q[25 * k : 25 * k + 25])
    assert abs(np.median(ratio.log_ratio(X) - X.sum(axis=1))) < 0.6


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    odds=arrays(np.float64, 40, elements=st.floats(-20, 20)),
    n_one=st.integers(1, 39),
    told=st.floats(-5, 5),
)
def test_what_is_left_has_the_mean_of_the_class(odds, n_one, told):
    """Probabilities of the log-ratio and the sizes have the fraction of the class as their mean, or fit the counts."""
    labels = np.repeat([1, 0], [n_one, 40 - n_one])
    sizes = np.log(n_one) - np.log(40 - n_one)
    left = expit(odds + told - prior_log_odds(odds + told, labels) + sizes)
    error = np.sqrt((left * (1 - left)).sum())
    assert abs(left.sum() - n_one) <= max(1e-4, 2.001 * error)
    if not fits_the_counts(odds + told, labels):
        assert abs(left.sum() - n_one) < 1e-4


@pytest.mark.parametrize("calibration", [None, "sigmoid", "isotonic"])
def test_the_order_of_the_classes_does_not_matter(calibration):
    """Sigmoid and isotonic calibrations find the same up to how they look for it."""
    ratios = [ClassifierRatio(c, calibration=calibration, random_state=0).fit(P, Q) for c in (GaussianNB(), Reversed())]
    one, other = (ratio.log_ratio(X) for ratio in ratios)
    assert np.corrcoef(one, other)[0, 1] > 0.95
    if calibration is None:
        np.testing.assert_array_equal(one, other)


def test_classes_that_are_not_the_labels_are_refused():
    class Lost(Reversed):
        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = np.array([1])
            return self

    with pytest.raises(ValueError, match=r"classes_ after fit, got \[.*1.*\] from Lost"):
        ClassifierRatio(Lost()).fit(P, Q)


def test_probabilities_of_another_shape_are_refused():
    class OfOne(Reversed):
        def predict_proba(self, X):
            return super().predict_proba(X)[:, :1]

    with pytest.raises(ValueError, match=r"shape \(700, 2\) for 700 rows, got \(700, 1\)"):
        ClassifierRatio(OfOne()).fit(P, Q)


HOLES = np.where(RNG.random(P.shape) < 0.1, np.nan, P)


@pytest.mark.parametrize(
    "classifier",
    [HistGradientBoostingClassifier(max_iter=10), make_pipeline(SimpleImputer(), GaussianNB())],
    ids=["boosting", "pipeline"],
)
def test_missing_values_are_taken_where_the_classifier_takes_them(classifier):
    ratio = ClassifierRatio(classifier, random_state=0)
    one = ratio.fit(HOLES, Q).log_ratio(HOLES)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(ratio.fit(Q, HOLES).log_ratio(HOLES), -one)


def test_missing_values_are_refused_by_their_place_where_the_classifier_refuses_them():
    row, column = np.argwhere(np.isnan(HOLES))[0]
    with pytest.raises(ValueError, match=rf"X_q of ClassifierRatio .*row {row}, column {column}, and GaussianNB\(\)"):
        ClassifierRatio(GaussianNB()).fit(P, HOLES)
    with pytest.raises(ValueError, match=rf"X of ClassifierRatio .*row {row}, column {column}"):
        ClassifierRatio(GaussianNB()).fit(P, Q).log_ratio(HOLES)


@pytest.mark.parametrize("classifier", [None, HistGradientBoostingClassifier(max_iter=2)], ids=["default", "boosting"])
def test_infinity_is_refused_by_all(classifier):
    with pytest.raises(ValueError, match=r"X_p of ClassifierRatio: .*infinity at row 0, column 0"):
        ClassifierRatio(classifier).fit(np.where(P[0, 0] == P, np.inf, P), Q)


@pytest.mark.parametrize(("value", "jitter"), [(0.1, 0.0), (3e7, 1e-16)])
def test_a_column_that_is_constant_up_to_rounding_says_nothing(value, jitter):
    """The mean of 0.1s is not 0.1, so their standard deviation is 1e-17, by which another number would be divided."""
    rng = np.random.default_rng(0)
    column = value * (1 + jitter * rng.integers(0, 3, size=500))
    samples = np.column_stack([column, rng.normal(size=500)])
    samples[:250, 1] += 1
    ratio = ClassifierRatio().fit(samples[:250], samples[250:])
    plain = ClassifierRatio().fit(samples[:250, 1:], samples[250:, 1:])
    np.testing.assert_allclose(ratio.log_ratio([[value, 0.5]]), plain.log_ratio([[0.5]]), atol=1e-6)
    assert abs(ratio.log_ratio([[2 * value, 0.5]])[0]) < 20


def test_one_row_apart_in_a_column_says_little():
    samples = np.column_stack([np.full(501, 0.1), np.random.default_rng(0).normal(size=501)])
    samples[-1, 0] = 0.2
    assert np.abs(ClassifierRatio().fit(samples[:250], samples[250:]).log_ratio(samples)).max() < 20


def test_the_order_of_the_rows_does_not_matter():
    """In sorted samples, folds of neighbours would hold out what was never seen, and choose another ridge."""
    one = ClassifierRatio().fit(P, Q).log_ratio(X)
    sort = ClassifierRatio().fit(P[np.argsort(P[:, 0])], Q[np.argsort(Q[:, 0])]).log_ratio(X)
    # The folds themselves differ, and with them at most the ridge, by a step of ten among good ones.
    assert np.abs(one - sort).max() < 0.1


def test_numpys_generator_is_left_alone():
    before = np.random.get_state()[1].copy()
    ClassifierRatio(RandomForestClassifier(2)).fit(P, Q)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
