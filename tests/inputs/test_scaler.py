"""The map between the user's units and the networks': monotone, of any unit, bounded, and set by no single row."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_breast_cancer, load_digits

from fdgm.inputs import SCALINGS, Scaler

COLUMNS = {
    "normal": lambda rng, n: rng.normal(3.0, 2.0, n),
    "one outlier": lambda rng, n: np.append(rng.normal(size=n - 1), 1e9),
    "Cauchy": lambda rng, n: rng.standard_cauchy(n),
    "lognormal": lambda rng, n: rng.lognormal(0, 2, n),
    "zeros": lambda rng, n: np.where(rng.random(n) < 0.7, 0.0, rng.lognormal(size=n)),
    "rare": lambda rng, n: (rng.random(n) < 0.01).astype(float),
    "two values, one of them rare": lambda rng, n: np.append(np.full(n - 1, 0.1), 0.2),
}


def column(name, n=2000):
    return COLUMNS[name](np.random.default_rng(0), n)[:, None]


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", COLUMNS)
def test_the_map_is_increasing_and_comes_back(name, scaling):
    X = column(name)
    scaler = Scaler.of(X, scaling=scaling)
    grid = torch.linspace(float(X.min()), float(X.max()), 1001, dtype=torch.float64)[:, None]
    assert (scaler.scaled(grid).diff(dim=0) > 0).all()
    # The scaled value is rounded to float32, which in the logarithmic part is a fraction of the value.
    error = np.abs(scaler.to_array(scaler.to_tensor(X), "float64") - X)
    assert (error <= 2e-6 * (np.abs(X - scaler.mean) + scaler.scale)).all()


@pytest.mark.parametrize("name", COLUMNS)
def test_tensors_and_arrays_are_mapped_alike(name):
    X = column(name)
    scaler = Scaler.of(X)
    there = scaler.scaled(torch.from_numpy(X))
    np.testing.assert_allclose(there.numpy(), scaler.to_tensor(X).numpy(), rtol=1e-6, atol=1e-7)
    back = scaler.unscaled(there).numpy()
    np.testing.assert_allclose(back, X, rtol=0, atol=1e-11 * float(np.abs(X).max()))


def test_the_volume_is_the_slope_of_the_map():
    X = column("Cauchy", 50)
    scaler = Scaler.of(X)
    x = torch.from_numpy(X).requires_grad_()
    (slope,) = torch.autograd.grad(scaler.scaled(x).sum(), x)
    np.testing.assert_allclose(scaler.log_volume(X), -slope.log().numpy()[:, 0], rtol=1e-9, atol=1e-12)


@given(exponent=st.integers(-1074 + 10, 1000), offset=st.integers(-8, 8))
def test_a_columns_unit_does_not_matter(exponent, offset):
    """Of the smallest units the squares underflow; a power of two rounds nothing, so the scaled rows are the same."""
    X = np.round(np.random.default_rng(0).normal(size=(40, 1)) * 256) + 256 * offset
    expected = Scaler.of(X).to_tensor(X).numpy()
    unit = np.ldexp(X, exponent)
    scaler = Scaler.of(unit)
    np.testing.assert_allclose(scaler.to_tensor(unit).numpy(), expected, rtol=0, atol=0.005)
    back = scaler.to_array(scaler.to_tensor(unit), "float64")
    assert (np.abs(back - unit) <= 1e-5 * np.abs(unit).max() + 5e-324).all()


@pytest.mark.parametrize("X", [np.append(np.full(500, 0.1), 0.2), np.append(np.full(500, 0.1), 0.1 + 1e-12)])
def test_a_column_is_constant_where_its_values_are_equal_and_not_where_rounding_says_so(X):
    assert Scaler.of(X[:, None]).varies.all()
    assert not Scaler.of(np.full((501, 1), 0.1)).varies.any()
    assert np.abs(Scaler.of(X[:, None]).to_tensor(X[:, None]).numpy()).max() < 10


@pytest.mark.parametrize("far", [1e3, 1e9, 1e300])
def test_one_row_sets_no_units(far):
    X = np.random.default_rng(0).normal(size=(2000, 1))
    clean = Scaler.of(X)
    X[7] = far
    scaler = Scaler.of(X)
    assert scaler.scale == pytest.approx(clean.scale, rel=0.02)
    assert scaler.mean == pytest.approx(clean.mean, abs=0.02)
    assert 5 < scaler.to_tensor(X).max() < 5 + np.log(far) + 1


def test_rows_within_the_fences_are_standardised():
    X = np.random.default_rng(0).normal((0.0, 5.0), (1.0, 1e-3), size=(5000, 2))
    np.testing.assert_array_equal(Scaler.of(X).to_tensor(X), Scaler.of(X, scaling="standard").to_tensor(X))


def test_whole_has_one_scale():
    X = np.random.default_rng(0).normal((0.0, 50.0), (1.0, 3.0), size=(500, 2))
    scaler = Scaler.of(X, scaling="whole")
    assert scaler.scale[0] == scaler.scale[1] == pytest.approx(np.sqrt(X.var(axis=0).mean()))
    np.testing.assert_allclose(scaler.mean, X.mean(axis=0))


BOUNDS = st.floats(-1e6, 1e6, allow_nan=False, width=64)


@given(
    ends=st.tuples(BOUNDS, BOUNDS).map(sorted).filter(lambda ends: ends[1] - ends[0] > 1e-3 * (1 + abs(ends[0]))),
    rows=arrays(np.float32, (5, 2), elements=st.floats(-100, 100, width=32)),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_rows_that_leave_are_within_the_bounds_in_their_own_dtype(ends, rows, dtype):
    """float32(0.1) is above 0.1: a bound is rounded to the inside."""
    low, high = ends
    scaler = Scaler.to_range(np.array([[low, high], [high, low]]), (-1.0, 1.0), (low, high))
    values = scaler.to_array(torch.from_numpy(rows), dtype)
    assert values.dtype == dtype
    assert (values.astype(np.float64) >= low).all()
    assert (values.astype(np.float64) <= high).all()


def test_images_are_bounded_by_their_channels():
    """A pixel of the margin that is 0 in all rows but one has the range of its channel."""
    X = np.random.default_rng(0).uniform(0, 1, size=(50, 1, 3, 3))
    X[1:, 0, 0, 0] = 0.0
    scaler = Scaler.of(X)
    assert len(np.unique(scaler.high)) == len(np.unique(scaler.low)) == 1


def test_a_sample_of_very_many_numbers_has_the_fences_of_some_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 1000)).astype(np.float32)
    X[3] = 1e9
    scaler = Scaler.of(X)
    np.testing.assert_allclose(scaler.scale, 1.0, atol=0.1)


def test_a_column_that_was_constant_begins_to_vary():
    first = np.column_stack([np.zeros(50), np.arange(50.0)])
    later = np.column_stack([np.tile([0.0, 1.0], 25), np.arange(50.0) + 30])
    before = Scaler.of(first)
    after = before.with_rows(later, scaling="robust")
    assert not before.varies[0], "the old map is not changed"
    assert after.varies.all()
    assert (after.mean[1], after.scale[1]) == (before.mean[1], before.scale[1])
    np.testing.assert_array_equal(after.high, [1.0, 79.0])
    assert 0.9 < after.to_tensor(later)[:, 0].std() < 1.1


def test_columns_that_share_a_unit_are_scaled_as_a_whole():
    """Pixels are: most have no ink in some sample. Measurements in several units are not, nor are few columns."""
    pixels, measured = load_digits().data, load_breast_cancer().data
    for X, scaling in ((pixels, "whole"), (measured, "robust"), (pixels[:, 20:27], "robust")):
        shared, expected = Scaler.of(X, scaling="shared"), Scaler.of(X, scaling=scaling)
        assert shared.maps_like(expected)


def test_one_column_of_another_unit_is_enough_to_scale_each_by_itself():
    counts = np.random.default_rng(0).poisson(1.0, size=(200, 20)).astype(float)
    money = counts[:, :1] * 1000
    assert len(np.unique(Scaler.of(counts, scaling="shared").scale)) == 1
    both = np.column_stack([counts, money])
    assert Scaler.of(both, scaling="shared").maps_like(Scaler.of(both, scaling="robust"))


def test_a_column_that_begins_to_vary_gets_the_scale_of_the_others_with_their_unit():
    pixels = load_digits().data
    first = pixels.copy()
    first[:, 20] = 0.0
    after = Scaler.of(first, scaling="shared").with_rows(pixels, scaling="shared")
    assert after.varies[20]
    assert len(np.unique(after.scale[after.varies])) == 1
