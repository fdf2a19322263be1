"""The birthday estimate: supports of known size, and the pairs that are returned."""

import itertools

import numpy as np
import pytest

from fdgm.metrics import birthday_support


def discrete(n, support, width=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((support, width))[rng.integers(support, size=n)]


class TestEstimate:
    @pytest.mark.parametrize("support", [30, 300, 3000])
    def test_order_of_magnitude(self, support):
        # The first duplicate of N equally likely outcomes comes at √(2 log 2 · N) in the median. One sample of n rows
        # has n²/2N duplicates, 60 here, of relative deviation 1/√60, and 200 orders add as much again.
        found = birthday_support(None, discrete(int(11 * support**0.5), support), threshold=0, random_state=0)
        assert found.support_size == pytest.approx(2 * np.log(2) * support, rel=0.6)
        assert not found.is_lower_bound

    def test_ten_times_the_support_gives_about_ten_times_the_estimate(self):
        def estimate(support, seed):
            X = discrete(700, support, seed=seed)
            return birthday_support(None, X, threshold=0, random_state=seed).support_size

        sizes = [np.mean([estimate(support, seed) for seed in range(8)]) for support in (200, 2000)]
        assert sizes[1] / sizes[0] == pytest.approx(10, rel=0.4)

    def test_without_duplicates_the_square_of_the_sample_is_a_lower_bound(self):
        X = np.arange(20.0)[:, None]
        found = birthday_support(None, X, threshold=0.5)
        assert (found.support_size, found.is_lower_bound, found.n_duplicates) == (400.0, True, 0)

    def test_one_pair_of_duplicates_is_enough_for_an_estimate(self):
        found = birthday_support(None, [*np.arange(20.0)[:, None], [0.0]], threshold=0)
        assert (found.is_lower_bound, found.n_duplicates) == (False, 1)

    def test_collapsed_to_one(self):
        found = birthday_support(None, np.zeros((50, 2)), threshold=0)
        assert (found.support_size, found.n_duplicates) == (4.0, 50 * 49 // 2)

    def test_default_threshold_is_the_closest_pair_of_real_rows(self):
        X = np.array([[0.0], [3.0], [5.0], [9.0]])
        found = birthday_support(X, [[0.0], [2.0], [4.5], [50.0]])
        assert found.threshold == 2.0
        assert found.n_duplicates == 1

    def test_samples_like_the_data_are_not_reported_as_few(self):
        rng = np.random.default_rng(0)
        found = birthday_support(*rng.standard_normal((2, 400, 5)), random_state=0)
        assert found.support_size > 100**2


class TestPairs:
    @pytest.mark.parametrize("chunk_size", [1, 7, 1000])
    @pytest.mark.parametrize("width", [2, 70])
    def test_are_the_closest(self, chunk_size, width):
        X = np.random.default_rng(0).standard_normal((30, width))
        found = birthday_support(None, X, threshold=0, n_pairs=10, chunk_size=chunk_size)
        by_hand = sorted((np.linalg.norm(X[i] - X[j]), i, j) for i, j in itertools.combinations(range(30), 2))[:10]
        np.testing.assert_array_equal(found.pairs, [pair[1:] for pair in by_hand])
        np.testing.assert_allclose(found.distances, [pair[0] for pair in by_hand], rtol=1e-9)

    def test_all_pairs_where_there_are_no_more(self):
        assert birthday_support(None, np.arange(4.0)[:, None], threshold=0).pairs.shape == (6, 2)

    def test_nearest_real_row_is_named(self):
        found = birthday_support([[10.0], [0.0], [20.0]], [[20.1], [20.2], [0.5]], n_pairs=1)
        np.testing.assert_array_equal(found.pairs, [[0, 1]])
        np.testing.assert_array_equal(found.nearest_real, [2])

    def test_none_without_real_rows(self):
        assert birthday_support(None, [[0.0], [1.0]], threshold=0).nearest_real is None


@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
def test_chunk_size_changes_nothing(chunk_size):
    X = discrete(60, 100)
    found, again = (birthday_support(X, X, threshold=0, random_state=0, chunk_size=c) for c in (chunk_size, 500))
    assert (found.batch_size, found.n_duplicates) == (again.batch_size, again.n_duplicates)


def test_same_seed_same_result():
    X = discrete(80, 300)
    sizes = [birthday_support(None, X, threshold=0, n_orders=5, random_state=s).batch_size for s in (1, 1, 2)]
    assert sizes[0] == sizes[1] != sizes[2]


def test_features_are_compared():
    X = np.array([[0.0, 1.0], [0.0, 2.0], [5.0, 3.0]])
    assert birthday_support(None, X, threshold=0, features=lambda a: a[:, :1]).n_duplicates == 1


@pytest.mark.parametrize(
    ("call", "received"),
    [
        (lambda X: birthday_support(None, X), "threshold of birthday_support must be given .* got None"),
        (lambda X: birthday_support(X, X, threshold=-1.0), "threshold of birthday_support .* got -1.0"),
        (lambda X: birthday_support(X, X, n_pairs=0), "n_pairs of birthday_support .* got 0"),
        (lambda X: birthday_support(X, X, n_orders=0), "n_orders of birthday_support .* got 0"),
        (lambda X: birthday_support(X[:1], X), "X_real of birthday_support must have at least 2 rows, got 1"),
        (lambda X: birthday_support(X, X[:1]), "X_generated of birthday_support must have at least 2 rows, got 1"),
        (lambda X: birthday_support(X, X[:, :1]), "X_generated of birthday_support .* which has 2, got 1"),
    ],
)
def test_refuses(call, received):
    with pytest.raises(ValueError, match=received):
        call(np.random.default_rng(0).standard_normal((5, 2)))
