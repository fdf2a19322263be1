"""Nearest neighbours and pairs within a distance: the distances' digits, and who decides ties."""

from functools import partial

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from fdgm.metrics import birthday_support, one_nn_accuracy, precision_recall_density_coverage
from fdgm.metrics._search import Search, closest, nearest, within

CHUNKS = pytest.mark.parametrize("chunk_size", [1, 5, 100])
WIDE = pytest.mark.parametrize("width", [3, 64, 300])
KINDS = {
    "normal": lambda rng, shape: rng.standard_normal(shape) / 8,
    "far from 0": lambda rng, shape: 1 + 1e-6 * rng.standard_normal(shape),
    "one far row": lambda rng, shape: rng.standard_normal(shape) * np.r_[1e4, np.ones(shape[0] - 1)][:, None] / 1e5,
    "whole numbers": lambda rng, shape: rng.integers(-2, 3, shape) / 2,
    "mostly equal rows": lambda rng, shape: rng.standard_normal((3, shape[1]))[rng.integers(3, size=shape[0])] / 8,
}
kinds = pytest.mark.parametrize("kind", KINDS)


def pair(kind, n, m, width):
    rng = np.random.default_rng(0)
    rows = KINDS[kind](rng, (n + m, width))
    return rows[:n], rows[n:]


@kinds
@WIDE
@CHUNKS
def test_nearest_is_the_kth_of_the_sorted_distances(kind, width, chunk_size):
    x, y = pair(kind, 12, 10, width)
    for k in (1, 4, 12):
        for others, first in ((y, 0), (None, 1)):
            apart = np.sort(cdist(x, x if others is None else others, "sqeuclidean"), axis=1)[:, first:]
            expected = apart[:, k - 1] if k <= apart.shape[1] else np.full(len(x), np.inf)
            np.testing.assert_allclose(nearest(x, others, k, chunk_size), expected, rtol=1e-13, atol=0)


@kinds
@WIDE
def test_pairs_within_a_distance(kind, width):
    x, y = pair(kind, 30, 25, width)
    squared = cdist(x, y, "sqeuclidean")
    limit_x, limit_y = np.quantile(squared, 0.3, axis=1), np.quantile(squared, 0.1, axis=0)
    found = np.zeros((2, 30, 25), dtype=int)
    for hits in within(Search(x, y), limit_x, limit_y, 7):
        found[0, hits.i, hits.j] += hits.within_i
        found[1, hits.i, hits.j] += hits.within_j
    close = 1 + 1e-12
    assert (found == [squared <= limit_x[:, None] * close, squared <= limit_y * close]).all()


@kinds
@CHUNKS
def test_closest_pairs(kind, chunk_size):
    x, _ = pair(kind, 13, 0, 64)
    i, j = np.triu_indices(13, k=1)
    apart = cdist(x, x, "sqeuclidean")[i, j]
    pairs, squared = closest(x, 10, chunk_size)
    np.testing.assert_allclose(squared, np.sort(apart)[:10], rtol=1e-13, atol=0)
    np.testing.assert_allclose(squared, cdist(x, x, "sqeuclidean")[tuple(pairs.T)], rtol=1e-13, atol=0)


@kinds
@WIDE
def test_a_distance_is_the_same_bits_in_every_block_and_from_both_sides(kind, width):
    x, y = pair(kind, 8, 6, width)
    i, j = (a.ravel() for a in np.indices((8, 6)))

    def squared(first, second, i, j):
        search = Search(first, second)
        low = np.concatenate(
            [search.lower(slice(a, a + 1), slice(b, b + 1)).ravel() for a, b in zip(i, j, strict=True)]
        )
        return np.concatenate([search.exact(low[[p]], i[[p]], j[[p]]) for p in range(len(i))])

    whole = Search(x, y)
    together = whole.exact(whole.lower(slice(0, 8), slice(0, 6)).ravel(), i, j)
    np.testing.assert_array_equal(together, squared(x, y, i, j))
    np.testing.assert_array_equal(together, squared(y, x, j, i))


@kinds
@WIDE
def test_the_bound_is_below_and_the_other_above(kind, width):
    x, y = pair(kind, 30, 25, width)
    search = Search(x, y)
    i, j = (a.ravel() for a in np.indices((30, 25)))
    low = search.lower(slice(0, 30), slice(0, 25)).ravel()
    exact = search.exact(low, i, j)
    assert (low <= exact).all()
    assert (exact <= search.upper(low, i, j)).all()


class TestTies:
    """Corners of a cube, in coordinates that are no binary fractions: many distances differ by rounding alone."""

    def corners(self, width, n=40):
        rows = np.random.default_rng(0).integers(2, size=(2 * n, width))
        rows[:, : width - 8] = rows[0, : width - 8]  # only eight coordinates vary
        return rows[:n], rows[n:]

    @pytest.mark.parametrize("width", [8, 64, 300])
    @pytest.mark.parametrize("edge", [0.1, 1 / 3, 1e-9])
    @pytest.mark.parametrize(
        "metric", [one_nn_accuracy, partial(precision_recall_density_coverage, n_neighbors=3)], ids=["1-NN", "balls"]
    )
    def test_rounding_does_not_decide(self, metric, width, edge):
        X, Y = self.corners(width)
        columns = np.random.default_rng(1).permutation(width)
        expected = metric(X, Y)
        for chunk_size in (7, 500):
            assert metric(edge * X, edge * Y, chunk_size=chunk_size) == expected
            assert metric(edge * X[:, columns], edge * Y[:, columns], chunk_size=chunk_size) == expected

    @pytest.mark.parametrize("width", [8, 64, 300])
    def test_duplicates_at_a_threshold(self, width):
        X, Y = self.corners(width)
        expected = birthday_support(X, Y, threshold=1.0, random_state=0)
        found = birthday_support(0.1 * X, 0.1 * Y, threshold=0.1, random_state=0, chunk_size=7)
        assert found.n_duplicates == expected.n_duplicates > 0
        assert found.support_size == expected.support_size
