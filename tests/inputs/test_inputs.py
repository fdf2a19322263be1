"""Validation, scaling and seeds."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.base import BaseEstimator

from fdgm.inputs import Scaler, Seeds, chunk_seed, entropy_of, validate


class Estimator(BaseEstimator):
    """Something to validate for."""


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([[1.0, 2.0], [np.nan, 3.0]], ValueError, "NaN at row 1, column 0"),
        ([[1.0, 2.0], [4.0, -np.inf]], ValueError, "infinity at row 1, column 1"),
        (np.empty((0, 2)), ValueError, r"0 sample\(s\)"),
        ([[1.0, 2.0]], ValueError, r"1 sample\(s\)"),
        (sparse.csr_array(np.eye(3)), TypeError, "[Ss]parse"),
        (np.eye(3) * 1j, ValueError, "Complex"),
        ([["a", "b"], ["c", "d"]], ValueError, "string 'a'"),
        (np.array([["1", "2"], ["3", "4"]]), ValueError, "<U1"),
        (np.array([["1", 2], [3, 4]], dtype=object), ValueError, "string '1'"),
        (pd.DataFrame({"a": [1.0, 2.0], "b": ["1", "2"]}), ValueError, "column 'b'"),
        ([1.0, 2.0, 3.0], ValueError, "1D array"),
        (pd.DataFrame(np.eye(2), columns=["a", "a"]), ValueError, "'a' more than once"),
    ],
)
def test_refused(X, error, message):
    with pytest.raises(error, match=message):
        validate(Estimator(), X, reset=True, min_samples=2)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float16", "float16"), ("float32", "float32"), ("int64", "float64"), ("bool", "float64")]
)
def test_outputs_have_the_dtype_of_floats(dtype, expected):
    _, record = validate(Estimator(), np.eye(3).astype(dtype), reset=True)
    assert record.restore(np.zeros((2, 3))).dtype == expected


def test_numeric_objects_are_converted():
    array, _ = validate(Estimator(), np.array([[1, 2.5], [3, 4]], dtype=object), reset=True)
    np.testing.assert_array_equal(array, [[1, 2.5], [3, 4]])


def test_a_data_frame_comes_back_as_one():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    _, record = validate(Estimator(), X, reset=True)
    pd.testing.assert_frame_equal(record.restore(X.to_numpy()), X)


@given(arrays(np.float64, (7, 3), elements=st.floats(-1e12, 1e12)))
def test_scaling_and_back(X):
    scaler = Scaler.of(X)
    back = scaler.to_array(scaler.to_tensor(X), "float64")
    # A scaled value is rounded to float32: at most half an ulp, 2^-24 of itself, and a subnormal spread to nothing.
    slack = 2.0**-23 * (np.abs(X - scaler.mean) + np.abs(X).max()) + 1e-30
    assert (np.abs(back - X) <= slack).all()


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e12])
def test_constant_columns_come_back_constant(offset):
    X = np.column_stack([np.full(5, offset), np.arange(5.0)])
    scaler = Scaler.of(X)
    noise = scaler.to_tensor(X) + 0.3
    np.testing.assert_array_equal(scaler.to_array(noise, "float64")[:, 0], X[:, 0])


def test_images_are_standardised_by_channels():
    """Else a pixel of the margin, of almost no spread, gets the steepest slope of all."""
    X = np.random.default_rng(0).normal((3.0, -1.0, 0.0), (2.0, 0.1, 1.0), (50, 4, 4, 3)).transpose(0, 3, 1, 2)
    X[:, 0, 0, 0], X[:, 1, 3, 3], X[:, 2] = -1.0 + 0.001 * X[:, 0, 0, 0], 0.5, 7.0
    scaler = Scaler.of(X[:20], X[20:], scaling="standard")
    scaled = scaler.to_tensor(X).numpy()
    np.testing.assert_allclose(scaled.mean(axis=(0, 2, 3)), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 2, 3)), [1.0, 1.0, 0.0], atol=1e-5)
    assert len(np.unique(scaler.scale)) == 3
    back = scaler.to_array(torch.from_numpy(scaled + 0.3), "float64")
    np.testing.assert_array_equal(back[:, 1, 3, 3], 0.5)
    np.testing.assert_array_equal(back[:, 2], 7.0)


def test_a_range_maps_constant_columns_like_the_others():
    """A black margin is as black to the networks as black elsewhere."""
    X = np.array([[-1.0, -1.0, 0.5], [-1.0, 1.0, 0.5]])
    scaler = Scaler.to_range(X, (-1.0, 1.0))
    np.testing.assert_allclose(scaler.to_tensor(X).numpy(), X, rtol=0, atol=1e-7)
    back = scaler.to_array(scaler.to_tensor(X) * 0.9, "float64")
    np.testing.assert_allclose(back, [[-1.0, -0.9, 0.5], [-1.0, 0.9, 0.5]], rtol=1e-6)


@pytest.mark.parametrize("make", [Scaler.of, lambda X: Scaler.to_range(X, (-1.0, 1.0))])
def test_pinned_rows_have_the_constants(make):
    X = np.column_stack([np.full(5, 7.0), np.arange(5.0)])
    scaler = make(X)
    rows = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    restore_constants = scaler.restore_constants(rows)
    np.testing.assert_array_equal(restore_constants[:, 0], scaler.to_tensor(X)[:3, 0])
    np.testing.assert_array_equal(restore_constants[:, 1], rows[:, 1])


def test_a_spread_that_overflows_is_refused():
    with pytest.raises(ValueError, match="column 1"):
        Scaler.of(np.array([[0.0, 1e308], [1.0, -1e308]]))


def test_seeds_are_distinct_and_repeat():
    seeds = Seeds.from_entropy(3)
    assert seeds == Seeds.from_entropy(3)
    assert len(set(vars(seeds).values())) == len(vars(seeds))
    assert chunk_seed(3, 0, 1) != chunk_seed(3, 1, 0)


def test_no_seed_is_fresh_and_leaves_numpy_alone():
    before = np.random.get_state()[1].copy()
    assert entropy_of(None) != entropy_of(None)
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("names", [["a", "b"], [4, 2], [("x", 1), ("x", 2)]], ids=["strings", "integers", "levels"])
def test_columns_are_put_in_the_order_of_fit(names):
    columns = pd.MultiIndex.from_tuples(names) if isinstance(names[0], tuple) else names
    X = pd.DataFrame([[1.0, 2.0], [3.0, 5.0]], columns=columns)
    estimator = Estimator()
    validate(estimator, X, reset=True)
    array, record = validate(estimator, X[X.columns[::-1]], reset=False)
    np.testing.assert_array_equal(array, X)
    pd.testing.assert_frame_equal(record.restore(array), X)
    with pytest.raises(ValueError, match=r"X of Estimator must have the columns of X at fit by name.*got none of"):
        validate(estimator, X.set_axis(["p", "q"], axis=1), reset=False)
