"""Mode coverage on samples whose counts are known by construction."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from fdgm.datasets import grid_centers, make_grid, make_ring, ring_centers
from fdgm.metrics import high_quality_fraction, mode_coverage

CENTERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def placed(*counts, offset=0.0):
    """`counts[k]` copies of centre k, moved by `offset` along the first axis."""
    return np.repeat(CENTERS, counts, axis=0) + np.array([offset, 0.0])


class TestCoverage:
    def test_counts_are_those_placed(self):
        coverage = mode_coverage(CENTERS, placed(30, 5, 0), std=0.1)
        assert_array_equal(coverage.counts, [30, 5, 0])

    @pytest.mark.parametrize(("min_count", "n_captured"), [(1, 2), (5, 2), (6, 1), (30, 1), (31, 0)])
    def test_captured_from_min_count_on(self, min_count, n_captured):
        coverage = mode_coverage(CENTERS, placed(30, 5, 0), std=0.1, min_count=min_count)
        assert (coverage.n_captured, coverage.n_modes) == (n_captured, 3)

    def test_default_min_count_is_twenty(self):
        assert mode_coverage(CENTERS, placed(20, 19, 21), std=0.1).n_captured == 2

    @pytest.mark.parametrize(("offset", "fraction"), [(0.9, 1.0), (1.0, 1.0), (1.1, 0.0)])
    def test_near_is_within_n_std_times_std(self, offset, fraction):
        coverage = mode_coverage(CENTERS, placed(3, 3, 3, offset=offset), std=0.5, n_std=2.0)
        assert coverage.high_quality_fraction == fraction
        assert coverage.counts.sum() == 9 * fraction

    def test_distance_is_euclidean(self):
        X = np.array([[0.9, 0.9]])  # within 1 along each axis, and √1.62 away
        assert mode_coverage(CENTERS, X, std=1.0, n_std=1.0).high_quality_fraction == 0.0

    def test_overlapping_modes_count_a_sample_once_at_the_nearest(self):
        X = CENTERS[1] - [[4.0, 0.0]]
        assert_array_equal(mode_coverage(CENTERS, X, std=10.0).counts, [0, 1, 0])

    def test_images_are_flattened(self):
        images = CENTERS.reshape(3, 1, 2, 1)
        assert mode_coverage(images, np.repeat(images, 20, axis=0), std=0.1).n_captured == 3

    def test_the_mixture_itself_covers_all(self):
        X = make_grid(5000, scale=2 * 2**0.5, random_state=0)
        coverage = mode_coverage(grid_centers(scale=2 * 2**0.5), X, std=0.05 / 2 / 2**0.5)
        assert coverage.n_captured == 25
        # Outside 4σ in the plane lies e^-8 of a Gaussian: 1.7 samples of 5,000 are expected, ten are not.
        assert coverage.high_quality_fraction >= 1 - 10 / 5000

    def test_result_is_frozen(self):
        coverage = mode_coverage(CENTERS, placed(1, 1, 1), std=0.1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            coverage.n_captured = 3
        with pytest.raises(ValueError, match="read-only"):
            coverage.counts[0] = 3


class TestReverseKL:
    def test_zero_at_the_real_fractions(self):
        assert mode_coverage(CENTERS, placed(10, 20, 70), std=0.1, weights=[1, 2, 7]).reverse_kl < 1e-15

    @pytest.mark.parametrize(("counts", "expected"), [((9, 0, 0), np.log(3)), ((5, 5, 0), np.log(3 / 2))])
    def test_missing_modes_cost_the_log_of_the_share_kept(self, counts, expected):
        assert mode_coverage(CENTERS, placed(*counts), std=0.1).reverse_kl == pytest.approx(expected, rel=1e-14)

    def test_agrees_with_scipys_entropy(self):
        coverage = mode_coverage(CENTERS, placed(3, 11, 40), std=0.1, weights=[5, 2, 1])
        assert coverage.reverse_kl == pytest.approx(stats.entropy([3, 11, 40], [5, 2, 1]), rel=1e-13)

    def test_far_samples_go_to_the_nearest_mode(self):
        coverage = mode_coverage(CENTERS, placed(7, 7, 7, offset=2.0), std=0.1)
        assert_array_equal(coverage.counts, 0)
        assert coverage.reverse_kl == pytest.approx(0.0, abs=1e-15)

    def test_balanced_samples_of_an_imbalanced_mixture(self):
        weights = np.where(np.arange(25) % 2, 500, 10_000)
        X = make_grid(20_000, imbalance=weights, random_state=0)
        right = mode_coverage(grid_centers(), X, std=0.05, weights=weights).reverse_kl
        # 2n·KL is near χ² with one degree of freedom less than there are modes.
        assert 2 * 20_000 * right < stats.chi2(24).ppf(0.999)
        assert mode_coverage(grid_centers(), X, std=0.05).reverse_kl > 0.1


class TestByClass:
    def test_counts_are_those_of_the_labels(self):
        coverage = mode_coverage([0, 1, 2, 3], [0, 0, 3, 0])
        assert_array_equal(coverage.counts, [3, 0, 0, 1])
        assert np.isnan(coverage.high_quality_fraction)

    def test_one_sample_captures_a_class(self):
        assert mode_coverage(np.arange(4), [0, 0, 3, 0]).n_captured == 2
        assert mode_coverage(np.arange(4), [0, 0, 3, 0], min_count=2).n_captured == 1

    def test_stacked_mnist(self):
        # Uniform over 1,000 classes, 26 samples a class: 2n·KL is near χ² with 999 degrees of freedom.
        labels = np.random.default_rng(0).integers(1000, size=26_000)
        coverage = mode_coverage(None, labels, n_modes=1000)
        assert (coverage.n_captured, coverage.n_modes) == (1000, 1000)
        assert 2 * 26_000 * coverage.reverse_kl == pytest.approx(999, abs=4 * np.sqrt(2 * 999))

    def test_imbalanced_real_shares_are_those_of_the_real_labels(self):
        coverage = mode_coverage(np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [50, 50]))
        assert coverage.reverse_kl == pytest.approx(stats.entropy([1, 1], [9, 1]), rel=1e-13)

    def test_weights_are_the_real_fractions(self):
        coverage = mode_coverage(None, np.repeat([0, 1], [3, 1]), weights=[30, 10, 20])
        assert coverage.reverse_kl == pytest.approx(np.log(60 / 40), rel=1e-13)

    def test_a_class_that_no_real_sample_is_of_costs_infinity(self):
        assert mode_coverage([0, 0], [0, 1]).reverse_kl == np.inf

    def test_probabilities_give_the_likeliest_class(self):
        p = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3], [0.2, 0.6, 0.2]])
        coverage = mode_coverage(None, p)
        assert_array_equal(coverage.counts, [1, 2, 0])

    def test_a_classifier_is_asked(self):
        coverage = mode_coverage(CENTERS, placed(1, 0, 4), classifier=lambda X: np.eye(3)[(X != 0) @ [1, 2]])
        assert_array_equal(coverage.counts, [1, 0, 4])

    @pytest.mark.parametrize(
        ("call", "received"),
        [
            (lambda: mode_coverage([0, 1], [0, -1]), "X_generated of mode_coverage .* got least -1"),
            (lambda: mode_coverage([0.0, 1.0], [0, 1]), "X_real of mode_coverage .* got dtype float64"),
            (lambda: mode_coverage([0, 1], np.empty(0, int)), "X_generated of mode_coverage .* got none"),
            (
                lambda: mode_coverage([0, 1], np.zeros((2, 2, 2))),
                r"X_generated of mode_coverage .* got shape \(2, 2, 2\)",
            ),
            (lambda: mode_coverage([0, 5], [0, 1], n_modes=5), "n_modes of mode_coverage must be at least 6, got 5"),
            (lambda: mode_coverage(None, [0, 1]), "n_modes of mode_coverage must be given .* got None"),
            (lambda: mode_coverage(None, [0, 3], weights=[1, 1]), "n_modes of mode_coverage must be at least 4, got 2"),
            (lambda: mode_coverage([0, 1], [0, 1], weights=[1, 1]), r"weights of mode_coverage .* got \[1, 1\]"),
            (lambda: mode_coverage([0, 1], [0, 1], n_std=3.0), "n_std of mode_coverage .* without std, got 3.0"),
            (lambda: mode_coverage(np.eye(2), np.eye(3)), "X_generated of mode_coverage .* which has 2, got 3"),
            (lambda: mode_coverage(CENTERS, CENTERS, std=1, n_modes=3), "n_modes of mode_coverage .* std, got 3"),
            (lambda: mode_coverage(CENTERS, CENTERS, std=1, classifier="x"), "classifier of mode_coverage .* got 'x'"),
        ],
    )
    def test_refuses(self, call, received):
        with pytest.raises(ValueError, match=received):
            call()


class TestHighQualityShare:
    def test_share_placed(self):
        X = np.vstack([placed(3, 2, 1), placed(1, 1, 0, offset=3.0)])
        assert high_quality_fraction(CENTERS, X, std=0.5) == 6 / 8

    def test_agrees_with_mode_coverage(self):
        X = make_ring(500, std=0.1, random_state=0)
        fraction = high_quality_fraction(ring_centers(), X, std=0.05)
        assert 0 < fraction < 1
        assert fraction == mode_coverage(ring_centers(), X, std=0.05).high_quality_fraction

    def test_gaussian_in_the_plane(self):
        # ‖Z‖² of a planar standard normal is exponential with mean 2.
        n, n_std = 5000, 1.5
        X = make_ring(n, std=0.01, random_state=0)
        expected = 1 - np.exp(-(n_std**2) / 2)
        sigma = np.sqrt(expected * (1 - expected) / n)
        assert high_quality_fraction(ring_centers(), X, std=0.01, n_std=n_std) == pytest.approx(expected, abs=4 * sigma)


def test_refuses_no_std():
    with pytest.raises(ValueError, match=r"^std of high_quality_fraction .* got None"):
        high_quality_fraction(CENTERS, CENTERS, std=None)


@pytest.mark.parametrize("function", [mode_coverage, high_quality_fraction])
class TestErrors:
    @pytest.mark.parametrize("value", [0.0, -0.1, np.nan, np.inf, "1"])
    @pytest.mark.parametrize("name", ["std", "n_std"])
    def test_refuses_radius(self, function, name, value):
        with pytest.raises(ValueError, match=f"^{name} of {function.__name__} .* got {value!r}"):
            function(CENTERS, CENTERS, **{"std": 0.1, name: value})

    def test_refuses_nan(self, function):
        with pytest.raises(ValueError, match=f"X_generated of {function.__name__} .* got nan in row 2, column 0"):
            function(CENTERS, [[0.0, 0.0], [0.0, 0.0], [np.nan, 0.0]], std=0.1)

    def test_refuses_empty(self, function):
        with pytest.raises(ValueError, match=rf"X_generated of {function.__name__} .* got shape \(0, 2\)"):
            function(CENTERS, np.empty((0, 2)), std=0.1)

    def test_refuses_different_widths(self, function):
        with pytest.raises(ValueError, match=f"X_generated of {function.__name__} .*, which has 2, got 3"):
            function(CENTERS, np.zeros((4, 3)), std=0.1)


@pytest.mark.parametrize("min_count", [0, 2.5])
def test_refuses_min_count(min_count):
    with pytest.raises(ValueError, match=f"min_count of mode_coverage .* got {min_count}"):
        mode_coverage(CENTERS, CENTERS, std=0.1, min_count=min_count)


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, 0], [1, np.inf, 1]])
def test_refuses_weights(weights):
    with pytest.raises(ValueError, match=r"weights of mode_coverage .* 3 finite numbers > 0") as caught:
        mode_coverage(CENTERS, CENTERS, std=0.1, weights=weights)
    assert f"got {weights!r}" in str(caught.value)
