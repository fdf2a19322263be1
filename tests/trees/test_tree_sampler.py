"""The sampler by trees: what comes back, what depends on what, seeds, files and search."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import fdgm
from fdgm import TreeSampler
from fdgm.exceptions import FileError
from fdgm.metrics import energy_distance


@pytest.fixture(scope="module")
def sampler(table):
    return TreeSampler(random_state=0).fit(table)


@pytest.fixture(scope="module")
def drawn(sampler):
    return sampler.sample(1500, random_state=1)


def test_samples_have_the_columns_and_dtypes_of_x(table, drawn):
    pd.testing.assert_index_equal(drawn.columns, table.columns)
    pd.testing.assert_series_equal(drawn.dtypes, table.dtypes)


def test_samples_have_the_values_and_bounds_of_x(table, drawn):
    for name in table:
        assert set(drawn[name].dropna()) <= set(table[name].dropna())


def test_columns_depend_on_one_another_as_in_x(table, drawn):
    logs = [np.log(frame["price"]).groupby(frame["grade"], observed=True).mean() for frame in (table, drawn)]
    np.testing.assert_allclose(*logs, atol=0.15)
    corr = [frame[["price", "count"]].corr("spearman").iloc[0, 1] for frame in (table, drawn)]
    assert corr[0] == pytest.approx(corr[1], abs=0.06)


def test_missing_values_are_as_frequent_and_where_they_were(table, drawn):
    np.testing.assert_allclose(drawn.isna().mean(), table.isna().mean(), atol=0.03)
    holes = [frame.loc[frame["price"].isna(), "old"].mean() for frame in (table, drawn)]
    assert holes[0] == pytest.approx(holes[1], abs=0.12)


def test_samples_are_no_copies(table, drawn):
    """Of six columns, whole rows come back seldom."""
    copied = drawn.merge(table.drop_duplicates(), how="inner", on=list(table))
    assert len(copied) < 0.2 * len(drawn)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries_get_their_tables_back(table, library):
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    held = pl.from_pandas(table)
    X = held if library == "polars" else held.to_arrow()
    drawn = TreeSampler(n_folds=0, n_trees=2, random_state=0).fit(X).sample(20)
    assert type(drawn) is type(X)
    assert drawn.schema == X.schema
    same = TreeSampler(n_folds=0, n_trees=2, random_state=0).fit(held.to_pandas()).sample(20)
    first = drawn["count"].to_numpy() if library == "polars" else drawn["count"].to_pylist()
    np.testing.assert_array_equal(first, same["count"])


def test_an_array_comes_back_as_an_array():
    X = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    X[:, 1] += 2 * X[:, 0]
    drawn = TreeSampler(random_state=0).fit(X).sample(500)
    assert drawn.dtype == np.float32
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(np.corrcoef(X.T)[0, 1], abs=0.05)


def test_a_curve_is_followed():
    """Better than independent columns by two orders of magnitude."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(4000, 1))
    X = np.hstack([x, x**2 + 0.01 * rng.normal(size=x.shape)])
    train, test = X[:2000], X[2000:]
    drawn = TreeSampler(random_state=0).fit(train).sample(2000)
    apart = np.column_stack([rng.permutation(column) for column in train.T])
    assert energy_distance(test, drawn) < 0.02 * energy_distance(test, apart)


def test_seeds_and_streams(table):
    a, b = (TreeSampler(n_folds=0, n_trees=2, random_state=0).fit(table) for _ in range(2))
    pd.testing.assert_frame_equal(a.sample(9), b.sample(9))
    assert not a.sample(9).equals(b.sample(9, random_state=3))
    pd.testing.assert_frame_equal(a.sample(9, random_state=5), b.sample(9000, random_state=5).head(9))


def test_the_bits_are_the_same_for_any_number_of_jobs(table):
    frames = [TreeSampler(n_jobs=n, random_state=0).fit(table).sample(200) for n in (1, 3)]
    pd.testing.assert_frame_equal(*frames)


def test_the_global_state_is_left_alone(table):
    before = np.random.get_state()[1].copy()
    TreeSampler(n_folds=0, n_trees=1).fit(table).sample(5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize("way", ["file", "pickle", "after a call"])
def test_a_stored_model_draws_on(sampler, tmp_path, way):
    model = pickle.loads(pickle.dumps(sampler))
    if way == "after a call":
        model.sample(3)
    if way != "pickle":
        model.save(tmp_path / "trees")
        again = fdgm.load(tmp_path / "trees")
    else:
        again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.sample(50), model.sample(50))
    pd.testing.assert_frame_equal(
        again.sample(20, given={"size": "m"}, random_state=0), model.sample(20, given={"size": "m"}, random_state=0)
    )
    assert list(again.feature_names_in_) == list(sampler.feature_names_in_)
    assert again.stop_reason_ == "finished"


def test_a_stored_model_of_an_array(tmp_path):
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = TreeSampler(random_state=0).fit(X)
    model.save(tmp_path / "trees")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "trees").sample(20), model.sample(20))


@pytest.mark.parametrize(
    ("part", "name", "change", "match"),
    [
        ("chain/step0/forest", "right", lambda t: t.fill_(1), "nodes of a forest"),
        ("chain/step0/forest", "right", lambda t: t + t.shape[0], "nodes of a forest"),
        ("chain/step0/forest", "donors", lambda t: t + 10**6, "leaves of a forest"),
        ("chain/step0/forest", "start", lambda t: t.flip(0), "leaves of a forest"),
        ("chain/step0/forest", "feature", lambda t: t + 99, "nodes of a forest"),
        ("chain/step0/booster0", "feature", lambda t: t + 99, "splits of a booster"),
        ("chain/step0/booster0", "tree", lambda t: t + 10**6, "splits of a booster"),
        ("chain/step0", "count", lambda t: t - 10**6, "at least 0"),
        ("chain", "order", lambda t: t * 0, "the order of columns"),
        ("positions", "values", lambda t: t.flip(0), "sorted where they have an order"),
        ("positions", "values", lambda t: t + 0.5, "codes of its kind"),
        ("positions", "values", lambda t: t + 10**9, "codes of its kind"),
        ("positions", "sizes", lambda t: t + 1, "as many as their sizes"),
        ("", "rows", lambda t: t + 10**6, "positions of values"),
    ],
)
def test_a_file_with_other_trees_is_refused(sampler, part, name, change, match):
    state = sampler.to_state().copy()
    inner = state
    for step in filter(None, part.split("/")):
        inner = inner.parts[step]
    inner.tensors[name] = change(inner.tensors[name].clone())
    with pytest.raises(FileError, match=match):
        clone(sampler).from_state(state)


def test_it_is_searched_cloned_and_piped(table):
    search = GridSearchCV(TreeSampler(n_folds=0, random_state=0), {"min_samples_leaf": [5, 700]}, cv=2).fit(table)
    assert search.best_params_ == {"min_samples_leaf": 5}
    pipe = make_pipeline(FunctionTransformer(), clone(search.best_estimator_)).fit(table)
    assert list(pipe[-1].sample(2)) == list(table)


def test_the_score_knows_a_good_model_from_a_bad_one(table, sampler):
    rng = np.random.default_rng(0)
    apart = table.apply(lambda column: column.to_numpy()[rng.permutation(len(column))]).astype(table.dtypes)
    good, bad = sampler.score(table), TreeSampler(random_state=0).fit(apart).score(table)
    assert bad < 10 * good < 0


def test_a_level_that_only_the_scored_rows_have_counts_as_missing(table, sampler):
    other = table.assign(size="xxl")
    assert sampler.score(other) < sampler.score(table)


def test_time_ends_the_boosting(table):
    model = TreeSampler(max_seconds=1e-9, random_state=0).fit(table)
    assert model.stop_reason_ == "max_seconds"
    assert len(model.sample(10)) == 10


def test_privacy_widens_the_leaves(table):
    model = TreeSampler(privacy=True, n_folds=0, random_state=0).fit(table)
    assert model._recipe.leaf == 40
    with pytest.raises(ValueError, match="at least 40 with privacy, got 5"):
        TreeSampler(privacy=True, min_samples_leaf=5).fit(table)


@pytest.mark.parametrize("n", [2, 3, 30])
def test_few_rows_are_enough(table, n):
    drawn = TreeSampler(random_state=0).fit(table.head(n)).sample(5)
    assert list(drawn) == list(table)


def test_one_column_constants_and_columns_without_values():
    X = pd.DataFrame({"x": [1, 1, 1], "nothing": [None] * 3})
    drawn = TreeSampler(random_state=0).fit(X).sample(4)
    assert drawn["x"].tolist() == [1] * 4
    assert drawn["nothing"].isna().all()
    assert TreeSampler(random_state=0).fit(X[["x"]]).sample(2)["x"].tolist() == [1, 1]


def test_infinities_are_values():
    X = pd.DataFrame({"x": [np.inf, -np.inf, 0.0, np.nan] * 20, "y": ["a", "b", "c", "d"] * 20})
    drawn = TreeSampler(random_state=0, min_samples_leaf=1).fit(X).sample(200)
    pairs = {(str(x), y) for x, y in drawn.itertuples(index=False)}
    assert pairs == {("inf", "a"), ("-inf", "b"), ("0.0", "c"), ("nan", "d")}


@pytest.mark.parametrize(
    ("X", "match"),
    [
        (pd.DataFrame({"x": [[1], [2]]}), "'x': its values cannot be compared"),
        (pd.DataFrame({"x": [1]}), r"at least two rows and one column, got 1 row\(s\)"),
        (pd.DataFrame(index=range(3)), r"got 3 row\(s\) and 0 column\(s\)"),
        (np.zeros((4, 2, 2)), r"must have shape \(n_samples, n_features\), got \(4, 2, 2\)"),
        (np.array([["a"], ["b"]]), "strings"),
    ],
)
def test_other_x_is_refused(X, match):
    with pytest.raises((ValueError, TypeError), match=match):
        TreeSampler().fit(X)


def test_a_refused_x_destroys_no_earlier_fit(table):
    model = TreeSampler(n_folds=0, n_trees=1, random_state=0).fit(table)
    with pytest.raises(ValueError, match="cannot be represented"):
        model.fit(pd.DataFrame({"x": [[1], [2]]}))
    assert list(model.sample(2)) == list(table)
