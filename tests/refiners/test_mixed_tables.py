"""Refiners that choose among rows of tables with categories, dates and missing values."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from fdgm import TreeSampler, VGrowSampler
from fdgm.options import Maps
from fdgm.ratios import ClassifierRatio
from fdgm.refiners import DGflowRefiner, ImportanceRefiner, MetropolisHastingsRefiner, RejectionRefiner

TREES = ClassifierRatio(HistGradientBoostingClassifier(max_iter=30, random_state=0))
REFINERS = {
    "rejection": partial(RejectionRefiner, ratio=TREES, random_state=0),
    "chains": partial(MetropolisHastingsRefiner, ratio=TREES, n_steps=30, random_state=0),
    "importance": partial(ImportanceRefiner, ratio=TREES, n_candidates=16, random_state=0),
}


def table(n, seed=0):
    """The job, the size and the day depend on each other; some of each are missing, and keys exceed float32."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    job = np.array(["clerk", "smith", "baker"], dtype=object)[kind]
    job[rng.random(n) < 0.1] = None
    size = np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n) + 3 * kind)
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(100 * kind + rng.integers(100, size=n), "D")
    return pd.DataFrame({"job": job, "size": size, "day": day, "key": 2**40 + rng.integers(50, size=n)})


X = table(900)


class Independent:
    """Each column of X by itself."""

    def sample(self, n, random_state=None):
        rng = np.random.default_rng(random_state)
        columns = {name: X[name].iloc[rng.integers(len(X), size=n)].reset_index(drop=True) for name in X}
        return pd.DataFrame(columns)


def right(rows):
    """The fraction of rows with a job and a size whose size is at most 2.5 from the mean of the job."""
    rows = rows.dropna(subset=["job", "size"])
    means = rows["job"].map({"clerk": 0, "smith": 3, "baker": 6}).astype(float)
    return float(((rows["size"] - means).abs() < 2.5).mean())


@pytest.mark.parametrize("name", REFINERS)
def test_rows_that_do_not_fit_together_are_left_out(name):
    refiner = REFINERS[name](Independent()).fit(X)
    before, after = Independent().sample(1500, 1), refiner.sample(1500, random_state=1)
    pd.testing.assert_series_equal(after.dtypes, X.dtypes)
    assert set(after["key"]) <= set(X["key"])
    assert right(X) > 0.97
    assert right(after) > 1 - (1 - right(before)) / 4
    assert after[["job", "size"]].isna().any().all()


def test_without_a_ratio_trees_are_boosted_and_without_a_generator_trees_sample():
    refiner = RejectionRefiner(random_state=0).fit(X)
    assert isinstance(refiner.generator_, TreeSampler)
    assert isinstance(refiner.ratio_, ClassifierRatio)
    assert isinstance(refiner.ratio_.classifier_, HistGradientBoostingClassifier)
    assert refiner.sample(5).columns.tolist() == X.columns.tolist()


def test_rows_of_a_table_are_chosen_with_their_labels():
    refiner = REFINERS["rejection"](Independent()).fit(X)
    given = Independent().sample(400, 3).set_index(np.arange(1000, 1400))
    chosen = refiner.refine(given[["key", "day", "size", "job"]])
    assert 0 < len(chosen) < len(given)
    pd.testing.assert_frame_equal(chosen, given.loc[chosen.index])
    assert right(given.loc[refiner.log_ratio(given) > 0]) > right(given)


def test_samples_that_were_given():
    refiner = RejectionRefiner(ratio=TREES, random_state=0).fit(X, X_generated=Independent().sample(900, 4))
    assert right(refiner.sample(400)) > right(Independent().sample(400, 4))


def test_the_score_is_that_of_ranks_and_levels():
    """Independent columns are farther from further rows than refined ones."""
    refiner = REFINERS["importance"](Independent()).fit(X)
    plain = ImportanceRefiner(Independent(), ratio=TREES, n_candidates=1, random_state=0).fit(X)
    assert plain.score(table(900, 1)) < refiner.score(table(900, 1)) < 0


def test_tables_of_numbers_are_rows_of_numbers_as_before():
    numbers = pd.DataFrame({"a": [0.0, 1.0] * 50, "b": [1, 2] * 50, "c": [True, False] * 50})
    refiner = RejectionRefiner(random_state=0).fit(numbers, X_generated=numbers)
    assert refiner.sample(3).dtypes.astype(str).tolist() == ["float64"] * 3


def test_polars():
    pl = pytest.importorskip("polars")
    given = pl.DataFrame({"a": ["x", "y", None] * 100, "b": list(range(300))})
    refiner = RejectionRefiner(ratio=TREES, random_state=0).fit(given, X_generated=given)
    assert refiner.sample(4).schema == given.schema


def test_bad_input():
    fitted = REFINERS["rejection"](Independent()).fit(X)
    with pytest.raises(ValueError, match=r"the columns of .* got none of"):
        fitted.refine(X.drop(columns="job"))
    with pytest.raises(ValueError, match=r"column 'job'.*'pilot'"):
        fitted.log_ratio(X.assign(job="pilot"))
    with pytest.raises(TypeError, match="for a table with categories, dates or missing values, got <function right"):
        RejectionRefiner(Independent(), ratio=right).fit(X)
    with pytest.raises(ValueError, match="must have at least 2 rows, got 1"):
        RejectionRefiner(Independent()).fit(X[:1])
    with pytest.raises(ValueError, match="strings in column 'job'"):
        DGflowRefiner(Independent()).fit(X)


def test_a_file_is_refused(tmp_path):
    fitted = REFINERS["rejection"](Independent()).fit(X)
    with pytest.raises(TypeError, match=r"saved, got columns of \['category', 'date', 'integer', 'number'\]"):
        fitted.save(tmp_path / "refiner")


@pytest.fixture(scope="module")
def network():
    generator = Maps(n_particles=64, n_critic_steps=4)
    return VGrowSampler(generator=generator, max_iter=4, batch_size=32, random_state=0).fit(X)


@pytest.mark.parametrize("name", REFINERS)
def test_samples_of_a_network_are_chosen_as_rows_of_the_table(network, name):
    after = REFINERS[name](network).fit(X).sample(200, random_state=1)
    pd.testing.assert_series_equal(after.dtypes, X.dtypes)
    assert right(after) > right(network.sample(200, random_state=1))


def test_samples_of_a_network_are_moved_among_normal_scores(network):
    refiner = DGflowRefiner(network, stop=None, n_steps=2, random_state=0).fit(X)
    drawn, turned = refiner.sample(50, random_state=1), X[X.columns[::-1]]
    pd.testing.assert_series_equal(drawn.dtypes, X.dtypes)
    pd.testing.assert_series_equal(refiner.refine(turned.iloc[:20]).dtypes, X.dtypes)
    np.testing.assert_array_equal(refiner.log_ratio(turned), refiner.log_ratio(X))
    assert refiner.score(X) <= 0


def test_a_network_that_learns_ranks_is_fitted_before_its_samples_move():
    numbers = X[["key"]].assign(other=np.arange(len(X)))
    with pytest.raises(ValueError, match="generator of DGflowRefiner must be fitted already"):
        DGflowRefiner(VGrowSampler(scaling="rank", max_iter=1), random_state=0).fit(numbers)


def test_integers_of_a_network_stay_integers(network):
    counts = pd.DataFrame(np.random.default_rng(0).poisson(3.0, size=(300, 2)), columns=["a", "b"])
    fitted = VGrowSampler(generator=Maps(n_particles=64), max_iter=2, random_state=0).fit(counts)
    for refiner in (REFINERS["rejection"](fitted), DGflowRefiner(fitted, stop=None, n_steps=1, random_state=0)):
        drawn = refiner.fit(counts).sample(30, random_state=0)
        pd.testing.assert_series_equal(drawn.dtypes, counts.dtypes)
