"""Ratios from classifiers."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from fdgm.ratios import ClassifierRatio

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


def test_class_weights_are_refused():
    with pytest.raises(ValueError, match=r"logisticregression__class_weight of .*got 'balanced'"):
        ClassifierRatio(make_pipeline(LogisticRegression(class_weight="balanced"))).fit(P, Q)


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
