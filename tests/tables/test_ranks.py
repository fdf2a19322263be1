"""Columns as normal scores of their ranks: the scores are normal, and every value comes back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from strategies_of_tables import tables

from fdgm.exceptions import FileError
from fdgm.persistence import State
from fdgm.tables import Ranks, Schema


def ranks_of(*columns, free=()):
    codes = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    return codes, Ranks.of(codes, np.isin(np.arange(len(columns)), free))


@settings(deadline=None, max_examples=60)
@given(tables(), st.integers(0, 5))
def test_any_table_comes_back_from_scores_and_from_spread_ones(table, seed):
    schema = Schema.of(table)
    codes = schema.encode(table)
    if not len(codes):
        return
    ranks = Ranks.of(codes, schema.categorical)
    scores = ranks.encode(codes)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(ranks.decode(scores), codes)
    np.testing.assert_array_equal(ranks.decode(ranks.spread(scores, seed)), codes)


def test_spread_scores_are_normal_whatever_the_column():
    rng = np.random.default_rng(0)
    n = 4000
    codes, ranks = ranks_of(
        rng.exponential(size=n) * (rng.random(n) < 0.5),
        rng.poisson(1.0, size=n),
        rng.integers(5, size=n),
        np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
        free=[2],
    )
    spread = ranks.spread(ranks.encode(codes), 1)
    for column in spread.T:
        assert kstest(column, "norm").pvalue > 0.01


def test_samples_have_the_atoms_bounds_integers_and_decimals_of_the_column():
    rng = np.random.default_rng(0)
    n = 3000
    tailed = np.where(rng.random(n) < 0.4, 0.0, np.round(rng.exponential(size=n) * 1000, 2))
    codes, ranks = ranks_of(tailed, rng.integers(-(10**6), 10**6, size=n), rng.normal(size=n))
    drawn = ranks.decode(rng.normal(size=(20_000, 3)))
    assert (drawn[:, 0] == 0).mean() == pytest.approx(0.4, abs=0.02)
    assert (np.round(drawn[:, 0], 2) == drawn[:, 0]).all()
    assert (drawn[:, 1] % 1 == 0).all()
    assert (drawn.min(axis=0) >= codes.min(axis=0)).all()
    assert (drawn.max(axis=0) <= codes.max(axis=0)).all()
    assert not np.isin(drawn[:, 2], codes[:, 2]).all()  # a continuous column has new values


def test_holes_are_below_all_values_and_as_frequent():
    codes, ranks = ranks_of([np.nan, 1.0, 2.0, 3.0] * 100)
    scores = ranks.encode(codes)[:, 0]
    assert scores[0] < scores[1:4].min()
    drawn = ranks.decode(np.random.default_rng(0).normal(size=(8000, 1)))
    assert np.isnan(drawn).mean() == pytest.approx(0.25, abs=0.02)


def test_numbers_between_and_beyond_the_known_ones_have_a_place():
    _, ranks = ranks_of(np.arange(100.0))
    scores = ranks.encode(np.array([[3.0], [3.5], [4.0], [99.0], [1e9], [0.0], [-5.0]]))[:, 0]
    assert scores[0] < scores[1] < scores[2]
    assert scores[3] < scores[4]
    assert scores[5] > scores[6]
    assert ranks.decode(scores[4:5, None]) == 99.0


def test_alike_levels_are_neighbours():
    """A level that goes with low numbers and one that goes with high ones are far apart."""
    hidden = np.linspace(-1, 1, 900)
    level = np.array([2, 0, 1])[np.digitize(hidden, [-0.3, 0.3])]
    codes, ranks = ranks_of(hidden, level, free=[1])
    scores = ranks.encode(codes)
    assert abs(np.corrcoef(scores.T)[0, 1]) > 0.85


def test_columns_that_do_not_vary_are_zero():
    codes, ranks = ranks_of([5.0, 5.0, 5.0], [np.nan] * 3, [1.0, 2.0, 3.0])
    scores = ranks.encode(codes)
    np.testing.assert_array_equal(scores[:, :2], 0.0)
    np.testing.assert_array_equal(ranks.varies, [False, False, True])
    np.testing.assert_array_equal(ranks.decode(scores + np.array([7.0, -7.0, 0.0])), codes)


def test_a_long_column_keeps_a_bounded_number_of_knots():
    x = np.random.default_rng(0).normal(size=50_000)
    x[:5000] = 0.25
    codes, ranks = ranks_of(x)
    (column,) = ranks.columns
    assert len(column.values) < 10_100
    back = ranks.decode(ranks.encode(codes))
    np.testing.assert_allclose(back, codes, atol=0.05)
    assert (back[:5000] == 0.25).all()
    assert back.min() == x.min()
    assert back.max() == x.max()


@pytest.mark.parametrize("value", [np.nan, 7.0])
def test_what_was_not_there_is_refused_by_column(value):
    _, ranks = ranks_of([0.0, 1.0, 0.0], [0.0, 1.0, 2.0], free=[1])
    with pytest.raises(ValueError, match="column 1: it must have"):
        ranks.encode(np.array([[0.0, value]]))


def test_a_state_comes_back_and_a_broken_one_is_refused():
    codes, ranks = ranks_of([0.5, 1.25, np.nan, 0.5], [2, 0, 1, 1], free=[1])
    tensors, json = ranks.to_state()
    again = Ranks.from_state(State.from_flat(tensors, json), 2)
    np.testing.assert_array_equal(again.decode(again.encode(codes)), codes)
    for name, at, wrong in (("high", 0, 0.1), ("values", 1, 0.5), ("low", 1, 0.6), ("sizes", 0, 5), ("missing", 0, 2)):
        broken = {key: tensor.clone() for key, tensor in tensors.items()}
        broken[name][at] = wrong
        with pytest.raises(FileError):
            Ranks.from_state(State.from_flat(broken, json), 2)
