"""Classifier two-sample test: its level, its power, and what it refuses."""

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from fdgm.metrics import classifier_two_sample_test
from fdgm.metrics._c2st import _p_value


def pair(n=100, m=100, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 2)), shift + rng.standard_normal((m, 2))


def test_p_values_under_the_null_are_no_smaller_than_uniform():
    n_trials = 200
    p = [
        classifier_two_sample_test(*pair(100, 60, seed=s), estimator=LogisticRegression(), random_state=s).p_value
        for s in range(n_trials)
    ]
    for level in (0.05, 0.2, 0.5):
        # Rounded to whole hits, the accuracy has atoms of up to 1/25: half of one is added to the level.
        assert np.mean(np.less(p, level)) <= level + 0.04 + 3 * np.sqrt(level * (1 - level) / n_trials)


@pytest.mark.parametrize("shift", [0.7, 1.5])
def test_accuracy_nears_that_of_the_best_classifier(shift):
    # Two normals at distance δ: Φ(δ/2), less what the training costs, by a test sample's error of 4σ.
    best = stats.norm.cdf(shift * np.sqrt(2) / 2)
    accuracy = classifier_two_sample_test(*pair(1000, 1000, shift), random_state=0).accuracy
    assert accuracy == pytest.approx(best, abs=4 * np.sqrt(0.25 / 1000))


def test_default_sees_what_no_plane_separates():
    X, _ = pair(400)
    result = classifier_two_sample_test(X, 2 * pair(400, seed=1)[0], random_state=0)
    assert result.accuracy > 0.6
    assert result.p_value < 1e-3


def test_a_classifier_that_knows_nothing_is_at_one_half_whatever_the_numbers():
    result = classifier_two_sample_test(*pair(200, 20), estimator=DummyClassifier(), random_state=0)
    assert (result.accuracy, result.p_value) == (0.5, 1.0)  # it is there whatever the samples are


@pytest.mark.parametrize("numbers", [(50, 50), (2000, 50), (50, 2000)])
@pytest.mark.parametrize("estimator", [None, LogisticRegression()], ids=["network", "logistic"])
def test_power_does_not_fall_as_one_sample_grows(numbers, estimator):
    # The best classifier's accuracy is Φ(√2/2) = 0.76, with a deviation of some 0.07 over the 25 held-out samples.
    found = [classifier_two_sample_test(*pair(*numbers, 1.0, s), estimator=estimator, random_state=s) for s in range(5)]
    assert np.mean([result.accuracy for result in found]) > 0.68
    assert np.median([result.p_value for result in found]) < 1e-2


class Threshold(BaseEstimator):
    """Calls real what is below 0 in the first column, and learns nothing."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return (X[:, 0] < 0).astype(int)


def distribution(n, m, q):
    """(p-value, probability) of every outcome with n and m held-out samples, each called real with probability q."""
    for a, b in itertools.product(range(n + 1), range(m + 1)):
        yield _p_value(a, b, n, m), stats.binom.pmf(a, n, q) * stats.binom.pmf(b, m, 1 - q)


@pytest.mark.parametrize("numbers", [(2, 2), (2, 3), (5, 5), (3, 12), (30, 30)])
@pytest.mark.parametrize("q", [0.01, 0.3, 0.5, 0.8])
def test_p_values_are_valid_at_any_number_and_for_any_classifier(numbers, q):
    p, mass = np.array(list(distribution(*numbers, q))).T
    for level in p:
        assert mass[p <= level].sum() <= level * (1 + 1e-9)


def test_the_smallest_samples():
    """Two of each are held out: a classifier that guesses is right four times in one case of 16."""
    X, Y = -1 - np.random.default_rng(0).random((2, 4, 1))
    assert classifier_two_sample_test(X, -Y, estimator=Threshold(), random_state=0) == (1.0, 1 / 16)


def test_p_value_is_near_the_published_normal_tail_at_equal_numbers():
    result = classifier_two_sample_test(*pair(4000, 4000, 0.1), estimator=LogisticRegression(), random_state=0)
    assert result.p_value == pytest.approx(stats.norm(0.5, np.sqrt(1 / (4 * 4000))).sf(result.accuracy), rel=0.1)
    assert 1e-12 < result.p_value < 1e-2


@pytest.mark.parametrize("numbers", [(4000, 4000), (4000, 3000)])
def test_p_value_is_never_zero(numbers):
    X, Y = np.full((numbers[0], 1), -1.0), np.full((numbers[1], 1), 1.0)
    assert 0 < classifier_two_sample_test(X, Y, estimator=Threshold()).p_value < 1e-300


def test_same_seed_same_result():
    results = [classifier_two_sample_test(*pair(50, 50, 0.5), random_state=seed) for seed in (1, 1, 2)]
    assert results[0] == results[1] != results[2]


def test_the_estimator_given_is_left_unfitted():
    estimator = LogisticRegression()
    classifier_two_sample_test(*pair(), estimator=estimator, random_state=0)
    assert not hasattr(estimator, "coef_")


@pytest.mark.parametrize("test_size", [0, 1.0, -0.5, True, "half"])
def test_refuses_test_size(test_size):
    with pytest.raises(ValueError, match=f"test_size of classifier_two_sample_test .* got {test_size!r}"):
        classifier_two_sample_test(*pair(), test_size=test_size)


@pytest.mark.parametrize(("n", "test_size"), [(3, 0.5), (10, 0.05)])
def test_refuses_too_few_rows(n, test_size):
    with pytest.raises(ValueError, match=f"classifier_two_sample_test needs at least 2 rows .* got {n} rows"):
        classifier_two_sample_test(*pair(n, 50), test_size=test_size)


def test_ctrl_c_is_not_swallowed_by_the_network(interrupted_after):
    with interrupted_after(0.2), pytest.raises(KeyboardInterrupt):
        classifier_two_sample_test(*pair(8000, 8000))
