"""KDE score: the figure of perfect samples, and a density by hand."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from fdgm.datasets import make_grid
from fdgm.metrics import kde_score


def test_perfect_samples_of_the_25_gaussians():
    X, Y = (make_grid(5000, scale=2 * 2**0.5, random_state=seed) for seed in (0, 1))
    assert kde_score(X, Y) == pytest.approx(-2570, abs=40)  # its deviation over pairs of samples is 9


def test_agrees_with_scipys_mixture():
    X, Y = np.random.default_rng(0).standard_normal((2, 30, 2))
    density = np.mean([stats.multivariate_normal(y, 0.3**2).pdf(X) for y in Y], axis=0)
    assert kde_score(X, Y, bandwidth=0.3, n_rows=30) == pytest.approx(np.log(density).sum(), rel=1e-6)


def test_it_is_scaled_to_the_number_of_rows():
    X, Y = np.random.default_rng(0).standard_normal((2, 30, 2))
    assert kde_score(X, Y) == pytest.approx(5000 / 30 * kde_score(X, Y, n_rows=30), rel=1e-12)


@pytest.mark.parametrize("bad", [{"bandwidth": 0.0}, {"bandwidth": "scott"}, {"n_rows": 0}, {"chunk_size": 0}])
def test_refuses(bad):
    [(name, value)] = bad.items()
    with pytest.raises(ValueError, match=f"{name} of kde_score .* got {value!r}"):
        kde_score([[0.0]], [[0.0]], **bad)


def test_far_samples_count_exactly():
    X, Y = 5 * np.random.default_rng(0).standard_normal((2, 1000, 2))
    kernels = -0.5 * np.square(X[:, None] - Y).sum(axis=2) / 0.1**2
    expected = (logsumexp(kernels, axis=1) - np.log(1000 * 2 * np.pi * 0.1**2)).mean()
    assert kde_score(X, Y, n_rows=1) == pytest.approx(expected, rel=1e-12)


def test_beyond_all_kernels():
    assert kde_score([[0.0]], [[1e200]]) == -np.inf


@pytest.mark.parametrize("chunk_size", [1, 7])
def test_chunk_size_changes_nothing(chunk_size):
    X, Y = np.random.default_rng(0).standard_normal((2, 30, 2))
    assert kde_score(X, Y, chunk_size=chunk_size) == pytest.approx(kde_score(X, Y), rel=1e-12)
