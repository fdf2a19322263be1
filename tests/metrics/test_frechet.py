"""Fréchet distance: closed forms for Gaussians, torch-fidelity's figure, and samples too small for a covariance."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from fdgm.exceptions import SmallSampleWarning
from fdgm.metrics import frechet_distance
from fdgm.metrics._frechet import _long

EPS = np.finfo(float).eps
SETTINGS = settings(max_examples=30, deadline=None, derandomize=True)


def sample(n, mean, covariance, seed=0):
    """n rows whose mean and covariance are those given, up to rounding: no statistical error is left."""
    z = np.random.default_rng(seed).standard_normal((n, len(mean)))
    z -= z.mean(axis=0)
    z = linalg.solve_triangular(linalg.cholesky(np.cov(z, rowvar=False), lower=True), z.T, lower=True).T
    return mean + z @ linalg.cholesky(covariance)


def covariance(width, seed):
    a = np.random.default_rng(seed).standard_normal((width, width))
    return a @ a.T + 0.1 * np.eye(width)


class TestClosedForms:
    @pytest.mark.parametrize(("shift", "s", "t"), [(0.0, 1.0, 3.0), (2.0, 1.0, 1.0), (-1.5, 0.5, 2.0)])
    def test_one_dimension(self, shift, s, t):
        X, Y = sample(50, [0.0], [[s**2]], 0), sample(70, [shift], [[t**2]], 1)
        assert frechet_distance(X, Y) == pytest.approx(shift**2 + (s - t) ** 2, rel=1e-12)

    def test_the_difference_of_means_is_squared(self):
        X = np.random.default_rng(0).standard_normal((40, 3))
        assert frechet_distance(X, X + np.array([0.0, 3.0, 4.0])) == pytest.approx(25.0, rel=1e-12)

    @pytest.mark.parametrize("seed", range(5))
    def test_commuting_covariances(self, seed):
        rng = np.random.default_rng(seed)
        Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
        s, t, shift = rng.uniform(0.1, 3, 6), rng.uniform(0.1, 3, 6), rng.standard_normal(6)
        X = sample(30, np.zeros(6), (Q * s**2) @ Q.T, seed)
        Y = sample(40, shift, (Q * t**2) @ Q.T, seed + 100)
        assert frechet_distance(X, Y) == pytest.approx(shift @ shift + ((s - t) ** 2).sum(), rel=1e-10)

    @pytest.mark.parametrize("seed", range(5))
    def test_any_covariances(self, seed):
        C, D, shift = covariance(5, seed), covariance(5, seed + 50), np.arange(5.0)
        expected = shift @ shift + np.trace(C + D - 2 * np.real(linalg.sqrtm(C @ D)))
        X, Y = sample(30, np.zeros(5), C, seed), sample(40, shift, D, seed + 100)
        assert frechet_distance(X, Y) == pytest.approx(expected, rel=1e-10)

    def test_a_constant_sample_leaves_the_trace_of_the_other(self):
        X = sample(20, np.zeros(3), covariance(3, 0))
        Y = np.full((5, 3), 2.0)
        assert frechet_distance(X, Y) == pytest.approx(12.0 + np.trace(covariance(3, 0)), rel=1e-12)


class TestAxioms:
    @pytest.mark.filterwarnings("ignore::fdgm.exceptions.SmallSampleWarning")
    @SETTINGS
    @given(hnp.arrays(np.float64, st.tuples(st.integers(2, 12), st.integers(1, 5)), elements=st.floats(-100, 100)))
    def test_zero_on_the_same_sample(self, X):
        # Traces of up to 5 · 100², rounded a few times for each of the features.
        assert frechet_distance(X, X.copy()) <= 64 * EPS * 5 * 100**2

    def test_symmetric(self):
        X, Y = np.random.default_rng(0).standard_normal((2, 50, 4)) @ covariance(4, 1)
        assert frechet_distance(X, Y) == pytest.approx(frechet_distance(Y, X), rel=1e-12)

    def test_rotation_invariant(self):
        rng = np.random.default_rng(0)
        X, Y = rng.standard_normal((50, 4)), 1 + rng.standard_normal((60, 4)) * [1, 2, 3, 4]
        Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
        assert frechet_distance(X @ Q, Y @ Q) == pytest.approx(frechet_distance(X, Y), rel=1e-12)


def test_agrees_with_torch_fidelity(fidelity):
    rng = np.random.default_rng(0)
    X = np.maximum(rng.standard_normal((500, 64)) @ rng.standard_normal((64, 64)), 0)
    Y = np.maximum(0.3 + rng.standard_normal((400, 64)) @ rng.standard_normal((64, 64)), 0)
    statistics = [fidelity.metric_fid.fid_features_to_statistics(torch.from_numpy(a)) for a in (X, Y)]
    expected = fidelity.metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
    assert frechet_distance(X, Y) == pytest.approx(expected["frechet_inception_distance"], rel=1e-6)


class TestSmallSamples:
    @pytest.mark.parametrize("n", [2, 5, 8])
    def test_finite_and_warned(self, n):
        X, Y = np.random.default_rng(0).standard_normal((2, n, 8))
        with pytest.warns(SmallSampleWarning, match=f"X_real has {n} rows and X_generated has {n} rows"):
            assert np.isfinite(frechet_distance(X, Y))

    def test_only_the_small_one_is_named(self):
        rng = np.random.default_rng(0)
        with pytest.warns(SmallSampleWarning, match="of which there are 8, but X_generated has 4 rows: "):
            frechet_distance(rng.standard_normal((50, 8)), rng.standard_normal((4, 8)))

    def test_padding_with_constant_features_changes_nothing(self):
        # More features than rows takes another path to the same singular covariances.
        X, Y = np.random.default_rng(0).standard_normal((2, 9, 4))
        padded = [np.hstack([a, np.ones((9, 20))]) for a in (X, Y)]
        with pytest.warns(SmallSampleWarning):
            assert frechet_distance(*padded) == pytest.approx(frechet_distance(X, Y), rel=1e-12)

    def test_one_row_has_no_covariance(self):
        with pytest.raises(ValueError, match=r"X_generated of frechet_distance must have at least 2 rows .* got 1"):
            frechet_distance([[0.0], [1.0]], [[0.0]])


class TestInput:
    @pytest.mark.parametrize("chunk_size", [1, 7, 1000])
    def test_chunk_size_changes_nothing(self, chunk_size):
        X, Y = np.random.default_rng(0).standard_normal((2, 60, 5))
        assert frechet_distance(X, Y, chunk_size=chunk_size) == pytest.approx(frechet_distance(X, Y), rel=1e-11)

    def test_is_computed_in_float64(self):
        # In float32 the squares of 4096 leave no digit for a variance of 1.
        X = sample(2000, [4096.0], [[1.0]], 0)
        assert frechet_distance(X.astype(np.float32), X.astype(np.float32) + 1) == pytest.approx(1.0, abs=1e-6)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_refuses_what_is_not_finite(self, bad):
        with pytest.raises(
            ValueError, match=f"X_real of frechet_distance must be finite, got {bad} in row 1, column 0"
        ):
            frechet_distance([[0.0], [bad]], [[0.0], [1.0]])

    def test_refuses_different_widths(self):
        with pytest.raises(ValueError, match=r"X_generated of frechet_distance .* has 2, got 3"):
            frechet_distance(np.zeros((4, 2)), np.zeros((4, 3)))


def test_ctrl_c_is_answered_during_a_decomposition(interrupted_after):
    covariance = np.cov(np.random.default_rng(0).standard_normal((900, 1000)))
    ended = []

    def decompose(matrix):
        ended.append(np.linalg.eigh(matrix))

    with interrupted_after(0.01), pytest.raises(KeyboardInterrupt):
        _long(decompose, covariance)
    assert not ended
