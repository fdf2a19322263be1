"""Tables are aligned by the names of their columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fdgm._columns import align, align_all, labels_of, order_of

NAMES = {
    "strings": ["a", "b", "c"],
    "integers": [7, 2, 4],
    "numbers of pandas": [0, 1, 2],
    "levels": [("x", 1), ("x", 2), ("y", 1)],
}


def table(names, values=None):
    columns = pd.MultiIndex.from_tuples(names) if isinstance(names[0], tuple) else names
    return pd.DataFrame(np.arange(6.0).reshape(2, 3) if values is None else values, columns=columns)


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@given(order=st.permutations(range(3)))
def test_any_order_of_the_names_is_put_back(names, order):
    X = table(names)
    pd.testing.assert_frame_equal(align(X.iloc[:, order], labels_of(X), "X of f", "Y"), X)


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_other_names_are_refused_by_name(names):
    X, other = table(names), table([*names[:2], ("z", 9) if isinstance(names[0], tuple) else "z"])
    with pytest.raises(ValueError, match=r"^X of f must have the columns of Y .*, got none of \[.*\] and also \[.*z"):
        align(other, labels_of(X), "X of f", "Y")


@pytest.mark.parametrize(("found", "said"), [("ab", "got none of ['c'];"), ("abcd", "got also ['d'];")])
def test_fewer_and_more_columns_are_refused_by_name(found, said):
    with pytest.raises(ValueError, match=said.replace("[", r"\[").replace("]", r"\]")):
        order_of(tuple(found), tuple("abc"), "X of f", "Y")


def test_a_name_twice_cannot_be_moved():
    with pytest.raises(ValueError, match="'a' more than once"):
        order_of(("b", "a", "a"), ("a", "a", "b"), "X of f", "Y")
    with pytest.raises(ValueError, match="'a' more than once"):
        order_of(("b", "a", "a"), ("a", "b"), "X of f", "Y")
    assert order_of(("a", "a"), ("a", "a"), "X of f", "Y") is None


@pytest.mark.parametrize("X", [np.eye(3), [[1.0, 2.0, 3.0]], None, pd.Series([1.0])])
def test_what_has_no_names_goes_by_position(X):
    assert align(X, ("a", "b", "c"), "X of f", "Y") is X


def test_all_go_by_the_first_that_has_names():
    X = table(NAMES["strings"])
    array, first, second = align_all([X.to_numpy(), X, X[["c", "a", "b"]]], ["P", "Q", "R"], "f")
    assert isinstance(array, np.ndarray)
    assert list(first.columns) == list(second.columns) == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"R of f must have the columns of Q .* got none of \['c'\]"):
        align_all([None, X, X[["a", "b"]]], ["P", "Q", "R"], "f")


def test_polars_and_pandas_meet():
    pl = pytest.importorskip("polars")
    X = pl.DataFrame({"a": [1.0], "b": [2.0]})
    assert align(X, ("b", "a"), "X of f", "Y").columns == ["b", "a"]
    aligned = align_all([pd.DataFrame({"b": [2.0], "a": [1.0]}), X], ["P", "Q"], "f")
    np.testing.assert_array_equal(aligned[1].to_numpy(), [[2.0, 1.0]])
