"""Intervals: their width in closed form, their coverage, and what is drawn."""

import warnings

import numpy as np
import pytest
from scipy import stats

from fdgm.exceptions import SmallSampleWarning
from fdgm.metrics import (
    Interval,
    PrecisionRecallDensityCoverage,
    bootstrap_interval,
    energy_distance,
    frechet_distance,
    inception_score,
    ngram_js,
    one_nn_accuracy,
    precision_recall_density_coverage,
)


def normal(n, seed=0, shift=0.0, width=2):
    return shift + np.random.default_rng(seed).standard_normal((n, width))


def difference_of_means(x, y):
    return x.mean() - y.mean()


class TestWidth:
    @pytest.mark.parametrize("replace", [False, True])
    def test_standard_error_of_a_mean(self, replace):
        x = normal(80, width=1)
        found = bootstrap_interval(np.mean, x, n_resamples=4000, replace=replace, random_state=0)
        # s/√n, s with n − 1 for halves and n for draws with replacement, to the error of 4,000 draws.
        expected = x.std(ddof=0 if replace else 1) / np.sqrt(80)
        assert found.standard_error == pytest.approx(expected, rel=4 / np.sqrt(2 * 4000))

    @pytest.mark.parametrize("confidence_level", [0.5, 0.95])
    def test_interval_of_a_mean_is_the_normal_one(self, confidence_level):
        x = normal(200, width=1)
        found = bootstrap_interval(np.mean, x, n_resamples=4000, confidence_level=confidence_level, random_state=0)
        half = stats.norm.ppf((1 + confidence_level) / 2) * found.standard_error
        assert (found.low, found.high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.08 * half)

    def test_two_samples_are_drawn_independently(self):
        x, y = normal(60, 0, width=1), 3 * normal(90, 1, width=1)
        found = bootstrap_interval(difference_of_means, x, y, n_resamples=4000, random_state=0)
        expected = np.sqrt(x.var(ddof=1) / 60 + y.var(ddof=1) / 90)
        assert found.standard_error == pytest.approx(expected, rel=4 / np.sqrt(2 * 4000))


class TestCoverage:
    """Of other samples of the same sizes, a fraction of the confidence level has its expectation in the interval."""

    @pytest.mark.parametrize(("metric", "n"), [(energy_distance, 60), (one_nn_accuracy, 60), (frechet_distance, 100)])
    def test_holds_the_expectation_at_these_sizes(self, metric, n):
        n_trials = 150
        found = [
            bootstrap_interval(
                metric, normal(n, 2 * s), normal(n, 2 * s + 1, shift=0.7), n_resamples=60, random_state=s
            )
            for s in range(n_trials)
        ]
        expectation = np.mean([interval.estimate for interval in found])
        covered = np.mean([low <= expectation <= high for _, low, high, _ in found])
        # 95% nominal; percentiles of 60 resamples and a second-order error cost some points. Binomial error 1.8%.
        assert 0.86 <= covered <= 0.999

    def test_replacement_spoils_nearest_neighbours(self):
        # Why halves are the default: twins make each sample its own neighbour.
        X, Y = normal(100, 0), normal(100, 1)
        drawn = np.random.default_rng(0).integers(100, size=(2, 100))
        assert one_nn_accuracy(X[drawn[0]], Y[drawn[1]]) > 0.75 > one_nn_accuracy(X, Y) + 0.15


class TestDraws:
    def test_halves_without_and_wholes_with_replacement(self):
        seen = []

        def metric(x, y):
            seen.append((len(x), len(y), len(np.unique(x))))
            return 0.0

        x, y = np.arange(20.0)[:, None], np.arange(9.0)[:, None]
        bootstrap_interval(metric, x, y, n_resamples=3, random_state=0)
        assert seen == [(20, 9, 20)] + 3 * [(10, 4, 10)]
        seen.clear()
        bootstrap_interval(metric, x, y, n_resamples=3, replace=True, random_state=0)
        assert [size[:2] for size in seen] == 4 * [(20, 9)]
        assert all(size[2] < 20 for size in seen[1:])

    def test_none_is_handed_on(self):
        found = bootstrap_interval(lambda real, x: x.mean() if real is None else np.nan, None, normal(10))
        assert np.isfinite(found.estimate)

    def test_texts(self):
        real, generated = ["abcab", "bca", "ab" * 3, "cc" * 2] * 5, [("a", "b", "c")] * 20
        found = bootstrap_interval(lambda x, y: ngram_js(x, y, n=2), real, generated, random_state=0)
        assert found.low <= found.estimate <= found.high

    def test_features_are_taken_once(self):
        calls = []

        def features(X):
            calls.append(len(X))
            return X.reshape(len(X), -1)[:, :2]

        X, Y = normal(30, width=6).reshape(30, 1, 2, 3), normal(40, 1, width=6).reshape(40, 1, 2, 3)
        found = bootstrap_interval(energy_distance, X, Y, features=features, n_resamples=5, random_state=0)
        assert calls == [30, 40]
        assert found.estimate == energy_distance(X, Y, features=features)

    def test_same_seed_same_bits(self):
        found = [bootstrap_interval(np.mean, normal(30), n_resamples=5, random_state=seed) for seed in (1, 1, 2)]
        assert found[0] == found[1] != found[2]

    def test_global_state_is_untouched(self):
        before = np.random.get_state()[1].copy()
        bootstrap_interval(np.mean, normal(30), n_resamples=5)
        assert (np.random.get_state()[1] == before).all()


class TestResult:
    def test_named_tuples_come_back_as_such(self):
        found = bootstrap_interval(
            precision_recall_density_coverage, normal(40), normal(40, 1), n_resamples=5, random_state=0
        )
        assert isinstance(found, PrecisionRecallDensityCoverage)
        assert isinstance(found.recall, Interval)
        assert found.recall.estimate == precision_recall_density_coverage(normal(40), normal(40, 1)).recall

    def test_bounds_clip(self):
        p = np.eye(3)[np.arange(30) % 3]
        found = bootstrap_interval(inception_score, p, replace=True, bounds=(1.0, 3.0), random_state=0)
        assert found.estimate == pytest.approx(3.0)
        assert found.high == 3.0

    def test_a_bound_for_each(self):
        found = bootstrap_interval(
            lambda x: (x.mean(), x.mean()), normal(30), bounds=(-np.inf, np.array([-1.0, np.inf])), random_state=0
        )
        assert found[0].high == -1.0
        assert found[1].high > found[1].estimate

    def test_only_the_whole_warns_of_few_rows(self):
        X, Y = normal(12, width=8), normal(12, 1, width=8)  # halves of 6 are too few, 12 are not
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            bootstrap_interval(frechet_distance, X, Y, n_resamples=3, random_state=0)
        with pytest.warns(SmallSampleWarning) as caught:
            bootstrap_interval(frechet_distance, X[:8], Y[:8], n_resamples=3, random_state=0)
        assert len(caught) == 1


@pytest.mark.parametrize(
    ("bad", "received"),
    [
        ({"n_resamples": 1}, "n_resamples of bootstrap_interval .* got 1"),
        ({"confidence_level": 95}, "confidence_level of bootstrap_interval .* got 95"),
        ({"confidence_level": 1.0}, "confidence_level of bootstrap_interval .* got 1.0"),
        ({"replace": "yes"}, "replace of bootstrap_interval .* got 'yes'"),
        ({"bounds": (1, 0)}, r"bounds of bootstrap_interval .* got \(1, 0\)"),
        ({"random_state": -1}, "random_state of bootstrap_interval .* got -1"),
        ({"features": "vgg"}, "features of bootstrap_interval .* got 'vgg'"),
    ],
)
def test_refuses(bad, received):
    with pytest.raises(ValueError, match=received):
        bootstrap_interval(np.mean, normal(10), **bad)


@pytest.mark.parametrize(
    ("samples", "received"),
    [
        ((None,), r"samples of bootstrap_interval .* got \(None,\)"),
        (([[1.0]],), r"sample 0 of bootstrap_interval must have at least 2 rows, got \[\[1.0\]\]"),
        (([[1.0], [2.0]], 3.0), "sample 1 of bootstrap_interval must have at least 2 rows, got 3.0"),
    ],
)
def test_refuses_samples(samples, received):
    with pytest.raises(ValueError, match=received):
        bootstrap_interval(np.mean, *samples)


def test_refuses_what_is_no_measure():
    with pytest.raises(TypeError, match=r"metric of bootstrap_interval .* got 'fid'"):
        bootstrap_interval("fid", normal(10))
