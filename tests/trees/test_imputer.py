"""Missing values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import fdgm
from fdgm import TreeSampler
from fdgm.metrics import table_score
from fdgm.trees import GenerativeImputer

FAST = {"n_trees": 2, "n_folds": 0, "n_sweeps": 2, "random_state": 0}


def holed(table, fraction=0.3, seed=0):
    return table.mask(np.random.default_rng(seed).random(table.shape) < fraction)


@pytest.fixture(scope="module")
def whole(table):
    return table.dropna().drop(columns="old").reset_index(drop=True)


@pytest.fixture(scope="module")
def imputer(whole):
    return GenerativeImputer(random_state=0).fit(holed(whole))


def test_holes_are_filled_and_nothing_else_is_changed(whole, imputer):
    given = holed(whole, seed=1)
    full = imputer.transform(given)
    assert not full.isna().any(axis=None)
    assert (full[given.notna()].isna() == given.isna()).all(axis=None)
    for name in given:
        seen = given[name].notna()
        assert (full.loc[seen, name] == given.loc[seen, name]).all()


def test_the_distribution_is_that_of_whole_rows(whole):
    """Fitted on rows with holes; a column filled by itself would be told at once."""
    half = len(whole) // 2
    full = GenerativeImputer(random_state=0).fit_transform(holed(whole.head(half)))
    apart = holed(whole.head(half))
    rng = np.random.default_rng(0)
    for name in apart:
        known = apart[name].dropna().to_numpy()
        apart[name] = apart[name].where(apart[name].notna(), known[rng.integers(len(known), size=half)])
    test = whole.tail(half).reset_index(drop=True)
    assert table_score(test, full) > table_score(test, apart.astype(full.dtypes)) + 0.2


def test_draws_differ_and_transform_does_not(whole, imputer):
    given = holed(whole.head(100), seed=2)
    pd.testing.assert_frame_equal(imputer.transform(given), imputer.transform(given))
    a, b, c = imputer.draws(given, 3)
    pd.testing.assert_frame_equal(a, imputer.transform(given))
    assert not a.equals(b)
    assert not b.equals(c)


def test_the_index_of_the_rows_stays(whole, imputer):
    given = holed(whole.head(20), seed=2).set_index(pd.Index(range(40, 60), name="id"))
    pd.testing.assert_index_equal(imputer.transform(given).index, given.index)


def test_arrays_and_columns_without_values():
    X = np.random.default_rng(0).normal(size=(300, 3))
    X[:, 1] = X[:, 0]
    X[::3, 1] = np.nan
    X[:, 2] = np.nan
    full = GenerativeImputer(random_state=0).fit_transform(X)
    assert np.isnan(full[:, 2]).all()
    assert np.corrcoef(full[::3, 0], full[::3, 1])[0, 1] > 0.95


def test_files_and_pipelines(whole, imputer, tmp_path):
    given = holed(whole.head(50), seed=3)
    imputer.save(tmp_path / "imputer")
    pd.testing.assert_frame_equal(fdgm.load(tmp_path / "imputer").transform(given), imputer.transform(given))
    pipe = make_pipeline(GenerativeImputer(**FAST), TreeSampler(n_trees=1, n_folds=0, random_state=0)).fit(given)
    assert not pipe[-1].sample(20).isna().any(axis=None)


def test_a_sampler_imputes_what_it_knows(table):
    model = TreeSampler(random_state=0).fit(table)
    given = holed(table.head(300), seed=4)
    full = model.impute(given, random_state=0)
    assert not full.isna().any(axis=None)
    seen = given["count"].notna()
    assert (full.loc[seen, "count"] == given.loc[seen, "count"]).all()
    hidden = ~seen & (table.head(300)["price"].notna())
    like = np.log1p(table.head(300).loc[hidden, "price"].astype(float))
    assert np.corrcoef(like, full.loc[hidden, "count"].astype(float))[0, 1] > 0.2
    pd.testing.assert_frame_equal(full, model.impute(given, random_state=0))


@parametrize_with_checks([GenerativeImputer(**FAST)])
def test_sklearn_checks(estimator, check):
    check(estimator)
