"""Rows between two samples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fdgm.ratios._bridges import Bridges

RNG = np.random.default_rng(0)
N = 400
COLUMNS = {
    "normal": lambda shift: RNG.normal(shift, 1, N),
    "binary": lambda shift: (RNG.random(N) < 0.5 + shift / 10).astype(float),
    "many zeros": lambda shift: np.where(RNG.random(N) < 0.7, 0.0, RNG.normal(shift, 1, N)),
    "ages": lambda shift: RNG.normal(40 + 5 * shift, 15, N).round(),
    "constant": lambda shift: np.full(N, 0.1),
}
FIRST, LAST = (np.column_stack([make(shift) for make in COLUMNS.values()]) for shift in (0, 3))
UNITS = FIRST.mean(axis=0), np.where(FIRST.std(axis=0) > 1e-9, FIRST.std(axis=0), 1.0)


def between(angle, first=FIRST, last=LAST):
    return Bridges.of(FIRST, LAST).between(first, last, angle, UNITS, np.random.default_rng(0))


def test_columns_are_told_by_their_ties():
    bridges = Bridges.of(FIRST, LAST)
    assert bridges.mixed.tolist() == [False, True, True, False, True]
    assert list(bridges.grids) == [3]


@pytest.mark.parametrize("angle", [0.3, 0.8, 1.3])
def test_values_of_discrete_columns_are_among_those_of_the_samples(angle):
    rows = between(angle)
    for column in (1, 3, 4):
        assert np.isin(rows[:, column], np.concatenate([FIRST[:, column], LAST[:, column]])).all()


def test_atoms_have_the_mixture_of_both_samples_probabilities():
    """Zeros: sin² and cos² of what each sample has; 400 rows have a standard error of 0.025."""
    angle = 0.8
    expected = math.cos(angle) ** 2 * (FIRST[:, 2] == 0).mean() + math.sin(angle) ** 2 * (LAST[:, 2] == 0).mean()
    assert (between(angle)[:, 2] == 0).mean() == pytest.approx(expected, abs=0.08)


@pytest.mark.parametrize(("angle", "end"), [(0.0, FIRST), (math.pi / 2, LAST)])
def test_the_ends_are_the_samples(angle, end):
    np.testing.assert_allclose(between(angle)[:, 1:], end[:, 1:], atol=1e-12)


def test_numbers_of_a_continuum_are_added():
    angle = 0.8
    x, y = ((rows[:, 0] - UNITS[0][0]) / UNITS[1][0] for rows in (FIRST, LAST))
    expected = (math.cos(angle) * x + math.sin(angle) * y) * UNITS[1][0] + UNITS[0][0]
    np.testing.assert_allclose(between(angle)[:, 0], expected)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    rows=arrays(np.float64, (30, 2), elements=st.integers(0, 4).map(float)),
    angle=st.floats(0.01, 1.56),
)
def test_few_values_stay_what_they_are(rows, angle):
    first, last = rows[:15], rows[15:]
    made = Bridges.of(first, last).between(first, last, angle, (np.zeros(2), np.ones(2)), np.random.default_rng(0))
    assert ((made == first) | (made == last)).all()


def test_distinct_numbers_are_no_atoms_however_few():
    bridges = Bridges.of(RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2)))
    assert not bridges.mixed.any()
    assert bridges.grids == {}
