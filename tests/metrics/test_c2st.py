"""Classifier two-sample test: its level, its power, and what it refuses."""

import numpy as np
import pytest
from scipy import stats
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from fdgm.metrics import classifier_two_sample_test


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
    assert (result.accuracy, result.p_value) == (0.5, 0.5)


def test_p_value_is_the_published_normal_tail_at_equal_numbers():
    result = classifier_two_sample_test(*pair(60, 60, 0.5), random_state=0)
    assert result.p_value == pytest.approx(stats.norm(0.5, np.sqrt(1 / (4 * 60))).sf(result.accuracy), rel=1e-12)


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
