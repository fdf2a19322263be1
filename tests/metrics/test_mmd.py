"""MMD and KID: closed forms, torch-fidelity's figures, and independence of the chunk size."""

import numpy as np
import pytest
import torch

from fdgm.metrics import energy_distance, kernel_inception_distance, kernel_mmd
from fdgm.metrics._mmd import median_distance

CHUNKS = pytest.mark.parametrize("chunk_size", [1, 7, 1000])


def pair(n=60, m=45, width=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, width)), 0.5 + rng.standard_normal((m, width))


def gaussian_rbf_mean(shift, variance, bandwidth, width):
    """E k(x, y) of the RBF kernel where x − y ~ N(shift, variance · I): a Gaussian integral."""
    spread = bandwidth**2 + variance
    return (bandwidth**2 / spread) ** (width / 2) * np.exp(-shift @ shift / (2 * spread))


class TestKernelMMD:
    @pytest.mark.parametrize("bandwidth", [0.5, 1.0, 3.0])
    def test_gaussians(self, bandwidth):
        n, width = 4000, 2
        rng = np.random.default_rng(0)
        shift, s, t = np.array([0.7, -0.4]), 1.0, 1.5
        X, Y = s * rng.standard_normal((n, width)), shift + t * rng.standard_normal((n, width))
        expected = (
            gaussian_rbf_mean(0 * shift, 2 * s**2, bandwidth, width)
            + gaussian_rbf_mean(0 * shift, 2 * t**2, bandwidth, width)
            - 2 * gaussian_rbf_mean(shift, s**2 + t**2, bandwidth, width)
        )
        # Each of the samples adds the mean of 2h, |h| <= 1, of deviation at most 2/√n, plus terms of order 1/n.
        assert kernel_mmd(X, Y, bandwidth=bandwidth) == pytest.approx(expected, abs=4 * np.sqrt(2) * 0.5 / np.sqrt(n))

    def test_linear_kernel_is_the_squared_difference_of_means(self):
        X, Y = pair()
        expected = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
        assert kernel_mmd(X, Y, kernel=lambda x, y: x @ y.T, estimator="biased") == pytest.approx(expected, rel=1e-12)

    def test_the_kernel_of_distances_gives_the_energy_distance(self):
        X, Y = pair()
        value = kernel_mmd(X, Y, kernel=lambda x, y: -np.linalg.norm(x[:, None] - y, axis=2), estimator="biased")
        assert value == pytest.approx(energy_distance(X, Y), rel=1e-11)

    def test_unbiased_mean_under_the_null_is_zero(self):
        rng = np.random.default_rng(0)
        values = [kernel_mmd(*rng.standard_normal((2, 10, 2)), bandwidth=1.0) for _ in range(2000)]
        assert np.mean(values) == pytest.approx(0.0, abs=4 * np.std(values) / np.sqrt(2000))

    def test_biased_is_zero_on_the_same_sample(self):
        X, _ = pair(width=100)
        assert kernel_mmd(X, X.copy(), estimator="biased") == 0.0

    def test_biased_keeps_the_pairs_of_a_row_with_itself(self):
        # Two rows at distance 2 in each sample, k(x, x) = 1: within a sample the mean of k is k(2), or (1 + k(2))/2.
        X, Y = [[0.0], [2.0]], [[100.0], [102.0]]  # too far apart for k between them
        unbiased, biased = (kernel_mmd(X, Y, bandwidth=1.0, estimator=e) for e in ("unbiased", "biased"))
        assert (unbiased, biased) == pytest.approx((2 * np.exp(-2), 1 + np.exp(-2)), rel=1e-14)

    def test_root(self):
        X, Y = pair()
        assert kernel_mmd(X, Y, squared=False) ** 2 == pytest.approx(kernel_mmd(X, Y), rel=1e-12)

    def test_root_of_a_negative_estimate_is_zero(self):
        X = [[0.0], [1.0]]
        assert kernel_mmd(X, X, bandwidth=1.0) < 0
        assert kernel_mmd(X, X, bandwidth=1.0, squared=False) == 0.0

    def test_default_bandwidth_is_the_median_distance_of_real_rows(self):
        X, Y = np.array([[0.0], [1.0], [3.0]]), np.array([[5.0], [9.0]])  # distances 1, 2, 3
        assert kernel_mmd(X, Y) == kernel_mmd(X, Y, bandwidth=2.0)

    @pytest.mark.parametrize("kernel", ["rbf", "polynomial"])
    @CHUNKS
    def test_chunk_size_changes_nothing(self, kernel, chunk_size):
        X, Y = pair(width=80)
        value = kernel_mmd(X, Y, kernel=kernel, chunk_size=chunk_size)
        assert value == pytest.approx(kernel_mmd(X, Y, kernel=kernel), rel=1e-10)

    @pytest.mark.parametrize(
        ("bad", "received"),
        [
            ({"kernel": "laplace"}, "kernel of kernel_mmd .* got 'laplace'"),
            ({"kernel": lambda x, y: x}, r"kernel of kernel_mmd .* \(60, 60\), got shape \(60, 3\)"),
            ({"bandwidth": 0.0}, "bandwidth of kernel_mmd .* got 0.0"),
            ({"kernel": "polynomial", "bandwidth": 1.0}, "bandwidth of kernel_mmd .* got 1.0"),
            ({"estimator": "plain"}, "estimator of kernel_mmd .* got 'plain'"),
            ({"squared": "yes"}, "squared of kernel_mmd .* got 'yes'"),
            ({"chunk_size": 0}, "chunk_size of kernel_mmd .* got 0"),
        ],
    )
    def test_refuses(self, bad, received):
        with pytest.raises(ValueError, match=received):
            kernel_mmd(*pair(), **bad)

    def test_refuses_to_guess_the_bandwidth_of_equal_rows(self):
        with pytest.raises(ValueError, match=r"bandwidth of kernel_mmd must be given .* got None"):
            kernel_mmd(np.zeros((5, 1)), np.ones((5, 1)))

    def test_refuses_one_row_without_bias(self):
        with pytest.raises(ValueError, match=r"kernel_mmd needs at least 2 rows .* got 1 real and 2 generated"):
            kernel_mmd([[0.0]], [[1.0], [2.0]], bandwidth=1.0)


class TestKernelInceptionDistance:
    @pytest.fixture
    def features(self):
        rng = np.random.default_rng(0)
        return np.maximum(rng.standard_normal((300, 64)), 0), np.maximum(0.2 + rng.standard_normal((250, 64)), 0)

    @pytest.mark.parametrize(("n_subsets", "size"), [(1, 250), (20, 100)])
    def test_agrees_with_torch_fidelity(self, fidelity, features, n_subsets, size):
        X, Y = features
        expected = fidelity.metric_kid.kid_features_to_metric(
            torch.from_numpy(X),
            torch.from_numpy(Y),
            kid_subsets=n_subsets,
            kid_subset_size=size,
            rng_seed=3,
            verbose=False,
        )
        value = kernel_inception_distance(
            X, Y, n_subsets=n_subsets, subset_size=size, random_state=np.random.RandomState(3)
        )
        assert value == pytest.approx(expected["kernel_inception_distance_mean"], rel=1e-6)

    def test_whole_samples_are_the_polynomial_mmd(self, features):
        X, Y = features[0][:250], features[1]
        value = kernel_inception_distance(X, Y, n_subsets=1, random_state=0)
        assert value == pytest.approx(kernel_mmd(X, Y, kernel="polynomial"), rel=1e-10)

    def test_same_seed_same_bits(self, features):
        def distance(seed):
            return kernel_inception_distance(*features, n_subsets=3, subset_size=50, random_state=seed)

        assert distance(1) == distance(1) != distance(2)

    def test_global_state_is_untouched(self, features):
        before = np.random.get_state()[1].copy()
        kernel_inception_distance(*features, n_subsets=1)
        assert (np.random.get_state()[1] == before).all()

    @CHUNKS
    def test_chunk_size_changes_nothing(self, features, chunk_size):
        X, Y = features[0][:40], features[1][:40]
        value = kernel_inception_distance(X, Y, n_subsets=2, random_state=0, chunk_size=chunk_size)
        assert value == pytest.approx(kernel_inception_distance(X, Y, n_subsets=2, random_state=0), rel=1e-9)

    @pytest.mark.parametrize("bad", [{"subset_size": 251}, {"subset_size": 1}, {"n_subsets": 0}, {"random_state": "a"}])
    def test_refuses(self, features, bad):
        [(name, value)] = bad.items()
        with pytest.raises(ValueError, match=f"{name} of kernel_inception_distance .* got {value!r}"):
            kernel_inception_distance(*features, **bad)


def test_the_default_bandwidth_sees_kinds_that_alternate():
    """Of 1,999 samples, 1,000 evenly spaced ones would all be of the first kind."""
    X = np.where(np.arange(1999)[:, None] % 2, 100.0, 0.0) + np.random.default_rng(0).standard_normal((1999, 1))
    assert median_distance(X) > 10
