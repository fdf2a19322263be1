"""Samples given y: those of the class that is asked for, by the same doors."""

import pickle

import numpy as np
import pandas as pd
import pytest
from mixed import mixed
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import fdgm
from fdgm import GANSampler, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.exceptions import FileError
from fdgm.options import EarlyStopping, Maps, Network
from fdgm.refiners import DGflowRefiner, RejectionRefiner

CLASSES = np.array(list("abcd"))
FRACTIONS = [0.4, 0.3, 0.2, 0.1]


def corners(n, seed=0):
    """Four classes of unequal size at the corners of a square, and their names."""
    rng = np.random.default_rng(seed)
    k = rng.choice(4, size=n, p=FRACTIONS)
    return centres(CLASSES[k]) + 0.2 * rng.normal(size=(n, 2)), CLASSES[k]


def centres(y):
    angle = np.searchsorted(CLASSES, y) * np.pi / 2
    return 2 * np.column_stack([np.cos(angle), np.sin(angle)])


X, Y = corners(800)
NETS = {
    "maps": {"generator": Maps(n_particles=1024, n_critic_steps=15), "max_iter": 40},
    "network": {"generator": Network(n_particles=512, passes=3, n_warmup_steps=100), "max_iter": 25},
}
TINY = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 2, "random_state": 0}
SMALL = {
    "maps": {"generator": Maps(n_particles=32, n_critic_steps=2)},
    "network": {"generator": Network(n_particles=32, n_particle_steps=2, passes=1, n_warmup_steps=3)},
    "ratio": {"generator": Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=0), "ratio": "ulsif"},
}


@pytest.fixture(scope="module", params=NETS)
def learned(request):
    return VGrowSampler(condition="y", random_state=0, **NETS[request.param]).fit(X, Y)


@pytest.fixture(scope="module", params=SMALL)
def small(request):
    table = mixed(200)
    return VGrowSampler(condition="y", **{**TINY, **SMALL[request.param]}).fit(table.drop(columns="size"), table["old"])


def test_samples_are_of_the_class_that_is_asked_for(learned):
    for name in CLASSES:
        drawn = learned.sample(500, y=name, random_state=0)
        near = np.linalg.norm(drawn - centres([name]), axis=1) < 1.0
        assert near.mean() > 0.97
    order = np.tile(CLASSES, 100)
    assert (np.linalg.norm(learned.sample(y=order, random_state=0) - centres(order), axis=1) < 1.0).mean() > 0.97


def test_without_y_classes_have_their_training_fractions(learned):
    drawn, y = learned.sample(20_000, return_y=True, random_state=0)
    fractions = [(name == Y).mean() for name in CLASSES]
    np.testing.assert_allclose([(y == name).mean() for name in CLASSES], fractions, atol=0.012)
    assert (np.linalg.norm(drawn - centres(y), axis=1) < 1.0).mean() > 0.97


def test_the_score_is_of_rows_with_their_y(learned):
    wrong = np.roll(CLASSES, 1)[np.searchsorted(CLASSES, Y)]
    assert min(learned.score(X, Y), learned.score(X)) > learned.score(X, wrong) + 0.1


def test_the_log_ratio_is_that_given_y(learned):
    """It is near 0 where the model is near the data, and tells rows from samples of one that is not."""
    assert np.abs(learned.log_ratio(X, Y)).mean() < 0.25
    rough = VGrowSampler(condition="y", random_state=0, **{**NETS["network"], "max_iter": 2}).fit(X, Y)
    drawn = rough.sample(y=Y, random_state=0)
    assert rough.log_ratio(X, Y).mean() > rough.log_ratio(drawn, Y).mean() + 0.5


def test_a_number_is_a_condition_too():
    rng = np.random.default_rng(0)
    y = rng.normal(size=1500)
    sampler = VGrowSampler(condition="y", random_state=0, **NETS["maps"])
    sampler.fit(np.column_stack([y + 0.2 * rng.normal(size=1500), rng.normal(size=1500)]), y)
    for value in (-1.0, 0.5, 1.2):
        assert sampler.sample(400, y=value, random_state=0)[:, 0].mean() == pytest.approx(value, abs=0.15)


def test_a_table_comes_back_without_its_y(small):
    table = mixed(200).drop(columns="size")
    drawn, y = small.sample(30, return_y=True, random_state=0)
    pd.testing.assert_series_equal(drawn.dtypes, table.dtypes)
    assert y.dtype == bool
    assert small.log_ratio(table, table["old"]).shape == (200,)


def test_files_pickles_clones_and_prefixes_have_the_same_bits(small, tmp_path):
    table = mixed(200)
    given = {"y": True, "random_state": 1}
    expected = small.sample(20, **given)
    small.save(tmp_path / "model")
    refitted = clone(small).fit(table.drop(columns="size"), table["old"])
    for other in (fdgm.load(tmp_path / "model"), pickle.loads(pickle.dumps(small)), refitted):
        pd.testing.assert_frame_equal(other.sample(20, **given), expected)
        pd.testing.assert_frame_equal(other.sample(9), pickle.loads(pickle.dumps(small)).sample(9))
    pd.testing.assert_frame_equal(small.sample(5, **given), expected.iloc[:5])


def test_training_goes_on_with_the_classes_of_the_first_call(small):
    again, table = pickle.loads(pickle.dumps(small)), mixed(60)
    again.partial_fit(table.drop(columns="size"), table["old"])
    assert len(again.sample(4, y=False)) == 4
    with pytest.raises(ValueError, match="y of VGrowSampler must be given"):
        again.partial_fit(table.drop(columns="size"))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda s: s.sample(3, y="e"), "y of VGrowSampler: it must hold levels that fit saw.* got 'e'; the nearest"),
        (lambda s: s.sample(3, y=["a", "b"]), "a value for each of 3 rows, got 2"),
        (lambda s: s.log_ratio(X), "y of VGrowSampler.log_ratio must be given"),
        (lambda s: s.log_ratio_tensor(None), "condition of VGrowSampler must be None for a log-ratio of rows alone"),
        (lambda s: clone(s).fit(X), "y of VGrowSampler must be given"),
        (lambda s: clone(s).fit(X, Y[:5]), "a value for each of 800 rows, got 5"),
        (lambda s: clone(s).fit(X, np.where(np.arange(800) < 3, np.nan, 1.0)), "no missing or infinite values"),
        (lambda s: clone(s).fit(X, [f"{k}" for k in range(800)]), "at most 50 classes, got 800"),
        (lambda s: clone(s).fit(X.reshape(-1, 1, 2, 1), Y), "condition of VGrowSampler must be None for images"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, match):
    sampler = VGrowSampler(condition="y", **{**TINY, **SMALL["maps"]}).fit(X, Y)
    with pytest.raises(ValueError, match=match):
        call(sampler)


def test_numbers_that_are_classes_have_a_nearest_one():
    sampler = VGrowSampler(condition="y", **{**TINY, **SMALL["maps"]}).fit(X, np.searchsorted(CLASSES, Y))
    with pytest.raises(ValueError, match="must be a value that fit saw, got 7; the nearest is 3"):
        sampler.sample(2, y=7)


def test_without_a_condition_y_is_ignored_and_cannot_be_asked_for():
    first, second = (VGrowSampler(**{**TINY, **SMALL["maps"]}).fit(X, y) for y in (Y, None))
    np.testing.assert_array_equal(first.sample(5, random_state=0), second.sample(5, random_state=0))
    for sampler in (first, GANSampler(**{**TINY, "n_generator_steps": 1}).fit(X)):
        with pytest.raises(ValueError, match='has no y: fit it with condition="y"'):
            sampler.sample(2, y="a")


def test_early_stopping_grid_search_and_distillation_keep_the_condition():
    sampler = VGrowSampler(condition="y", early_stopping=EarlyStopping(every=1), **{**TINY, **SMALL["maps"]})
    assert np.isfinite(sampler.fit(X, Y).history_["held_out_distance"]).any()
    search = GridSearchCV(sampler.set_params(early_stopping=False), {"max_iter": [1, 2]}, cv=2, error_score="raise")
    assert search.fit(X, Y).best_score_ <= 0
    distilled = sampler.fit(X, Y).distill(n_seconds=0.3)
    assert distilled.sample(y=CLASSES).shape == (4, 2)


def test_refiners_take_its_samples_at_the_training_fractions():
    sampler = VGrowSampler(condition="y", **{**TINY, **SMALL["network"]}).fit(X, Y)
    for refiner in (RejectionRefiner(sampler, ratio="boosted"), DGflowRefiner(sampler, ratio="ulsif", stop=None)):
        assert refiner.set_params(random_state=0).fit(X).sample(20).shape == (20, 2)


@pytest.mark.parametrize(("name", "at", "wrong"), [("fractions", 0, -1.0), ("values", 0, 9.0), ("values", 1, 0.5)])
def test_a_file_with_a_broken_condition_is_refused(name, at, wrong):
    sampler = VGrowSampler(condition="y", **{**TINY, **SMALL["maps"]}).fit(X, Y)
    state = sampler.to_state()
    state.parts["condition"].tensors[name][at] = wrong
    with pytest.raises(FileError):
        clone(sampler).from_state(state)


def test_convolutions_are_no_architecture_of_conditions():
    images = np.random.default_rng(0).normal(size=(20, 1, 8, 8))
    with pytest.raises(ValueError, match="condition of VGrowSampler must be None for images"):
        VGrowSampler(condition="y", **{**TINY, "architecture": DCGAN(width=4)}).fit(images, np.arange(20) % 2)
