"""Networks on tables of mixed kinds: the same doors, and samples in the form of X."""

import pickle

import numpy as np
import pandas as pd
import pytest
from mixed import mixed
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback
from small import small

import fdgm
from fdgm import AGEBidirectional, OutlierDetector, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.exceptions import FileError
from fdgm.options import Checkpoint, EarlyStopping, Maps
from fdgm.tables import Schema

NETWORKS = [
    "VGrowSampler",
    "VGrowSampler maps",
    "VGrowSampler ratio",
    "GANSampler",
    "AGEBidirectional",
    "AGEBidirectional flow",
    "FlowMatchingSampler",
]
X = mixed(300)
TINY = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 2, "random_state": 0}


@pytest.fixture(scope="module", params=NETWORKS)
def fitted(request):
    return small(request.param).set_params(random_state=0).fit(X)


def test_samples_have_the_form_and_the_values_of_x(fitted):
    drawn = fitted.sample(200, random_state=0)
    pd.testing.assert_index_equal(drawn.columns, X.columns)
    pd.testing.assert_series_equal(drawn.dtypes, X.dtypes)
    for name in ("size", "old", "grade"):
        assert set(drawn[name].dropna()) <= set(X[name].dropna())
    for name in ("price", "count", "since"):
        assert drawn[name].min() >= X[name].min()
        assert drawn[name].max() <= X[name].max()
    assert not drawn[["count", "old", "since", "grade"]].isna().any(axis=None)


def test_margins_are_those_of_x_however_little_the_networks_learned(fitted):
    drawn = fitted.sample(6000, random_state=0)
    np.testing.assert_allclose(drawn.isna().mean(), X.isna().mean(), atol=0.02)
    for name in ("size", "old", "grade"):
        shares = [frame[name].value_counts(normalize=True).sort_index() for frame in (drawn, X)]
        np.testing.assert_allclose(*shares, atol=0.025)
    np.testing.assert_allclose(drawn["price"].quantile([0.1, 0.5, 0.9]), X["price"].quantile([0.1, 0.5, 0.9]), rtol=0.1)


def test_a_file_a_pickle_and_a_clone_draw_the_same_samples(fitted, tmp_path):
    expected = fitted.sample(20, random_state=1)
    fitted.save(tmp_path / "model")
    others = [fdgm.load(tmp_path / "model"), pickle.loads(pickle.dumps(fitted)), clone(fitted).fit(X)]
    for other in others:
        pd.testing.assert_frame_equal(other.sample(20, random_state=1), expected)
        assert other.score(X) == fitted.score(X)


def test_rows_are_read_by_name_and_others_refused(fitted):
    turned = X[X.columns[::-1]]
    if hasattr(fitted, "score_samples"):
        np.testing.assert_array_equal(fitted.score_samples(turned), fitted.score_samples(X))
        assert fitted.transform(turned).shape == (300, fitted.net_.settings.latent_size)
        back = fitted.reconstruct(turned)
        pd.testing.assert_series_equal(back.dtypes, X.dtypes)
    elif hasattr(fitted, "log_ratio"):
        np.testing.assert_array_equal(fitted.log_ratio(turned), fitted.log_ratio(X))
    assert fitted.score(turned) == fitted.score(X)
    for wrong, match in (
        (X.assign(size="xl"), "column 'size'.*'xl'"),
        (X.assign(old=None), "column 3: it must have no missing values"),
        (X.drop(columns="old"), "columns of X at fit by name"),
    ):
        with pytest.raises(ValueError, match=match):
            fitted.score(wrong)
    with pytest.raises(TypeError, match="must be a table"):
        fitted.score(np.zeros((4, 6)))


def test_training_goes_on_with_the_first_ranks(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    schema = again._record.schema
    again.partial_fit(X.iloc[:100])
    assert again._record.schema is schema
    pd.testing.assert_series_equal(again.sample(5).dtypes, X.dtypes)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_libraries_get_their_tables_back(library):
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    held = pl.from_pandas(X)
    table = held if library == "polars" else held.to_arrow()
    sampler = VGrowSampler(generator=Maps(n_particles=32, n_critic_steps=2), **TINY).fit(table)
    drawn = sampler.sample(20)
    assert type(drawn) is type(table)
    assert drawn.schema == table.schema
    assert sampler.score(X) == sampler.score(table)


@pytest.mark.parametrize(
    ("column", "ranked"),
    [
        (np.arange(40), True),
        (np.arange(40) % 2 == 0, True),
        (np.r_[np.nan, np.arange(39)], True),
        (np.arange(40) / 7, False),
        ((np.arange(40) / 7).astype(object), False),
        (pd.array(np.arange(40) / 7, dtype="Float64"), False),
    ],
)
def test_auto_ranks_tables_whose_columns_are_not_all_whole_floats(column, ranked):
    table = pd.DataFrame({"a": np.linspace(0, 1, 40), "b": column})
    sampler = VGrowSampler(generator=Maps(n_particles=32, n_critic_steps=2), **TINY).fit(table)
    assert (sampler._record.ranks is not None) == ranked


def test_arrays_are_ranked_when_asked_for_and_may_have_holes():
    rng = np.random.default_rng(0)
    numbers = rng.exponential(size=(300, 2)).astype(np.float32)
    numbers[:60, 0] = np.nan
    numbers[60:200, 1] = 0.0
    sampler = VGrowSampler(scaling="rank", generator=Maps(n_particles=32, n_critic_steps=2), **TINY).fit(numbers)
    drawn = sampler.sample(4000, random_state=0)
    assert drawn.dtype == np.float32
    assert np.isnan(drawn).mean(axis=0) == pytest.approx([0.2, 0.0], abs=0.03)
    assert (drawn[:, 1] == 0).mean() == pytest.approx(140 / 300, abs=0.03)
    with pytest.raises(ValueError, match="NaN"):
        VGrowSampler(**TINY).fit(numbers)


@pytest.mark.parametrize("params", [{"data_range": (0, 1)}, {"data_range": None}, {"architecture": DCGAN(width=4)}])
def test_ranks_and_a_range_exclude_each_other(params):
    with pytest.raises(ValueError, match=r"scaling of VGrowSampler must not be 'rank' .*data_range"):
        VGrowSampler(scaling="rank", **{**TINY, **params}).fit(X)


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    params = {"generator": Maps(n_particles=32, n_critic_steps=2), **TINY}
    first, second = (VGrowSampler(**params).fit(X).sample(50, random_state=0) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    other = VGrowSampler(**{**params, "random_state": 1}).fit(X).sample(50, random_state=0)
    assert not other.equals(first)


class Kills(Callback):
    """Crashes as the second iteration ends."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise InterruptedError


def test_a_crashed_fit_goes_on_with_the_same_bits_and_refuses_another_table(tmp_path):
    path = tmp_path / "checkpoint"
    params = {"generator": Maps(n_particles=32, n_critic_steps=2), **TINY, "max_iter": 4}
    with pytest.raises(InterruptedError):
        VGrowSampler(**params, checkpoint=Checkpoint(path, seconds=0), callbacks=[Kills()]).fit(X)
    renamed = X.assign(size=X["size"].replace({"s": "small"}))
    with pytest.raises(ValueError, match="which another fit wrote"):
        VGrowSampler(**params, checkpoint=path).fit(renamed)
    resumed = VGrowSampler(**params, checkpoint=path).fit(X)
    pd.testing.assert_frame_equal(resumed.sample(30), VGrowSampler(**params).fit(X).sample(30))


def test_early_stopping_and_grid_search_take_tables():
    sampler = VGrowSampler(
        generator=Maps(n_particles=32, n_critic_steps=2), early_stopping=EarlyStopping(every=1), **TINY
    )
    assert np.isfinite(sampler.fit(X).history_["held_out_distance"]).any()
    search = GridSearchCV(sampler.set_params(early_stopping=False), {"max_iter": [1, 2]}, cv=2, error_score="raise")
    assert search.fit(X).best_score_ <= 0


def test_outliers_among_rows_of_every_kind():
    params = {"architecture": MLP(width=8, depth=1), "max_iter": 1, "random_state": 0}
    for model in (AGEBidirectional(**params), VGrowSampler(**{**params, "generator": Maps(n_particles=32)})):
        detector = OutlierDetector(model, contamination=0.1, random_state=0, n_samples=200).fit(X)
        assert (detector.predict(X) == -1).mean() == pytest.approx(0.1, abs=0.01)
        np.testing.assert_array_equal(detector.score_samples(X[X.columns[::-1]]), detector.score_samples(X))


def test_a_file_whose_schema_and_ranks_disagree_is_refused(tmp_path):
    sampler = VGrowSampler(generator=Maps(n_particles=32, n_critic_steps=2), **TINY).fit(X)
    state = sampler.to_state()
    state.parts["record"].tensors["schema"] = Schema.of(X[["old"] * 6].set_axis(X.columns, axis=1)).to_tensor()
    with pytest.raises(FileError, match="codes of its kind"):
        clone(sampler).from_state(state)


def test_the_card_names_the_columns_and_no_value():
    sampler = VGrowSampler(generator=Maps(n_particles=32, n_critic_steps=2), **TINY).fit(X)
    seen = sampler._seen
    assert seen["columns"] == list(X.columns)
    assert "ranges" not in seen
