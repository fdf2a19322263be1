"""Conditions."""

import numpy as np
import pandas as pd
import pytest

from fdgm import TreeSampler


@pytest.fixture(scope="module")
def sampler(table):
    return TreeSampler(random_state=0).fit(table)


def test_one_value_holds_for_all_samples(table, sampler):
    drawn = sampler.sample(400, given={"size": "l"}, random_state=0)
    assert set(drawn["size"]) == {"l"}
    like = table[table["size"] == "l"]
    assert drawn["count"].mean() == pytest.approx(like["count"].mean(), rel=0.15)
    assert drawn["count"].mean() > 2 * table["count"].mean()


def test_a_range_is_drawn_as_the_training_rows_have_it(table, sampler):
    drawn = sampler.sample(400, given={"price": pd.Interval(1, 2), "old": True}, random_state=0)
    like = table[(table["price"] > 1) & (table["price"] <= 2) & table["old"]]
    assert drawn["price"].between(1, 2, inclusive="right").all()
    assert drawn["old"].all()
    assert drawn["price"].mean() == pytest.approx(like["price"].mean(), abs=0.06)


def test_a_range_of_dates_and_of_ordered_levels(sampler):
    dates = pd.Interval(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01"), closed="both")
    drawn = sampler.sample(50, given={"since": dates}, random_state=0)
    assert drawn["since"].between("2020-01-01", "2020-02-01").all()
    drawn = sampler.sample(50, given={"since": "2020-01-05"}, random_state=0)
    assert (drawn["since"] == "2020-01-05").all()


def test_a_table_gives_a_value_to_each_sample(table, sampler):
    given = table[["price", "grade"]].iloc[:500].reset_index(drop=True)
    drawn = sampler.sample(given=given, random_state=0)
    pd.testing.assert_frame_equal(drawn[["price", "grade"]], given)
    # Both have their own Poisson noise, which leaves some 0.4; without a dependence it would be 0 +- 0.045.
    assert np.corrcoef(drawn["count"], table["count"].iloc[:500])[0, 1] > 0.25


def test_a_number_between_those_of_x_can_be_given(sampler):
    drawn = sampler.sample(5, given={"price": 1.23456}, random_state=0)
    assert (drawn["price"] == 1.23456).all()


def test_the_columns_of_condition_come_first_and_need_no_other_trees(table):
    model = TreeSampler(condition=["price", "old"], n_folds=0, random_state=0).fit(table)
    model.sample(5, given={"old": True, "price": pd.Interval(0, 1)})
    assert not model._chains
    model.sample(5, given={"size": "s"})
    assert list(model._chains) == [(0,)]


def test_y_is_ignored_without_a_condition(table):
    y = np.arange(len(table))
    a, b = (TreeSampler(n_folds=0, random_state=0).fit(table, labels).sample(9) for labels in (y, None))
    pd.testing.assert_frame_equal(a, b)


@pytest.fixture(scope="module")
def by_y(table):
    return TreeSampler(condition="y", random_state=0).fit(table.drop(columns="grade"), table["grade"].astype(str))


def test_y_is_given_or_drawn_at_the_training_fractions(table, by_y):
    X, y = by_y.sample(4000, return_y=True, random_state=0)
    assert list(X) == [name for name in table if name != "grade"]
    assert np.mean(y == "a") == pytest.approx((table["grade"] == "a").mean(), abs=0.03)
    X, y = by_y.sample(400, y="a", return_y=True, random_state=0)
    assert set(y) == {"a"}
    assert (X["price"].fillna(9) >= 0.7).mean() > 0.95
    asked = np.repeat(["a", "b"], 50)
    X, y = by_y.sample(y=asked, return_y=True, random_state=0)
    np.testing.assert_array_equal(y, asked)
    assert X["count"][:50].mean() > 2 * X["count"][50:].mean()


def test_y_and_other_columns_are_given_together(by_y):
    X, y = by_y.sample(60, y="a", given={"old": False}, return_y=True, random_state=0)
    assert set(y) == {"a"}
    assert not X["old"].any()


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"size": "x"}, r"column 'size': it must hold levels that fit saw, \['l', 'm', 's'\], got 'x'"),
        ({"price": 10**6}, "column 'price': 1000000 is outside the values of X; the nearest is"),
        ({"count": 1.5}, "column 'count': it must be whole integers, got 1.5"),
        ({"count": None}, "column 'count': X had no missing values there, got None"),
        ({"colour": "red"}, r"must name columns of X, \['size', .*got \['colour'\]"),
        ({}, "got none"),
        ({"size": pd.Interval(1, 2)}, "column 'size': a range must be of values with an order"),
        (
            {"size": "s", "price": pd.Interval(5, 99)},
            r"that rows of X satisfy together, got .*which none does; the nearest has \{'size': ",
        ),
    ],
)
def test_impossible_conditions_say_the_nearest_possible_one(sampler, given, match):
    with pytest.raises(ValueError, match=match):
        sampler.sample(3, given=given)


def test_lengths_and_kinds_are_checked(table, sampler, by_y):
    with pytest.raises(ValueError, match="n_samples of sample must be the 4 that are given, got 3"):
        sampler.sample(3, given=table[["old"]].head(4))
    with pytest.raises(TypeError, match="given of TreeSampler must be a dict or a table, got list"):
        sampler.sample(given=[1])
    with pytest.raises(ValueError, match='has no y: fit it with condition="y"'):
        sampler.sample(y="a")
    with pytest.raises(ValueError, match="must hold levels that fit saw"):
        by_y.sample(y="c")
    with pytest.raises(ValueError, match="must name columns of X"):
        TreeSampler(condition=["colour"]).fit(table)
    with pytest.raises(ValueError, match="y of TreeSampler must be given"):
        TreeSampler(condition="y").fit(table)
