"""Distances of all pairs: accuracy where a matrix product loses digits, and memory."""

import functools
import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from fdgm.metrics import _transport as transport
from fdgm.metrics import (
    birthday_support,
    energy_distance,
    kernel_mmd,
    one_nn_accuracy,
    precision_recall_density_coverage,
    wasserstein_distance,
)
from fdgm.metrics._pairs import distances


class TestDistances:
    @pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
    @pytest.mark.parametrize("spread", [1e-9, 1e-4, 1.0])
    def test_good_to_ten_digits(self, offset, spread):
        rng = np.random.default_rng(0)
        x, y = offset + spread * rng.standard_normal((30, 100)), offset + spread * rng.standard_normal((20, 100))
        y[:5] = x[:5] * (1 + 1e-7)  # a few close pairs among distant ones
        np.testing.assert_allclose(distances(x, y), cdist(x, y), rtol=1e-10, atol=0)

    def test_equal_rows_are_at_zero(self):
        x = np.random.default_rng(0).standard_normal((40, 100))
        x[3] = 0.0
        assert (np.diag(distances(x, x.copy())) == 0).all()

    def test_as_many_bits_for_a_copy_as_for_the_same_array(self):
        x = np.random.default_rng(0).standard_normal((40, 100))
        assert (distances(x, x) == distances(x, x.copy())).all()


@pytest.mark.parametrize(
    "metric",
    [
        energy_distance,
        functools.partial(kernel_mmd, bandwidth=1.0),
        one_nn_accuracy,
        precision_recall_density_coverage,
        birthday_support,
    ],
)
def test_memory_does_not_grow_with_the_square_of_the_rows(metric):
    def peak(n):
        X, Y = np.random.default_rng(0).standard_normal((2, n, 2))
        tracemalloc.start()
        metric(X, Y, chunk_size=100)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(2000) < 2.2 * peak(1000)  # the square would be fourfold


def test_beyond_a_limit_the_exact_distance_keeps_no_costs(monkeypatch):
    X, Y = np.random.default_rng(0).standard_normal((2, 300, 2))
    wasserstein_distance(X[:5], Y[:5])  # POT's own imports are not counted
    monkeypatch.setattr(transport, "_DENSE", 0)
    tracemalloc.start()
    wasserstein_distance(X, Y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300**2 * 8 / 4
