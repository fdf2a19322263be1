"""Estimators of third parties in files: by their registered name, and by no other."""

import types
from importlib import metadata

import numpy as np
import pytest

import fdgm
from fdgm import DGflowRefiner, hookimpl, registry
from fdgm.exceptions import FileError
from fdgm.persistence import Savable, State, as_tensor
from fdgm.ratios import KLIEP

X = np.random.default_rng(0).normal(size=(40, 2))


class Resampler(Savable):
    """Draws rows of X with noise: what a third party may write."""

    def __init__(self, noise=0.1, n_jobs=None, random_state=None):
        self.noise = noise
        self.n_jobs = n_jobs
        self.random_state = random_state

    _parameter_constraints = {"noise": [float], "n_jobs": [int, None], "random_state": ["random_state"]}  # noqa: RUF012

    def fit(self, X, y=None):
        self.rows_ = np.asarray(X, dtype=np.float64)
        return self

    def sample(self, n, random_state=None):
        rng = np.random.default_rng(random_state)
        return self.rows_[rng.integers(len(self.rows_), size=n)] + self.noise * rng.normal(size=(n, 2))

    def to_state(self):
        return State({"rows": as_tensor(self.rows_)})

    def from_state(self, state):
        self.rows_ = state.array("rows", (None, 2))
        return self


def installed_with(monkeypatch, *entries, original=metadata.entry_points):
    def found(**selected):
        return list(entries) if selected == {"group": "fdgm"} else original(**selected)

    monkeypatch.setattr(metadata, "entry_points", found)
    registry._filled.cache_clear()


@pytest.fixture
def installed(monkeypatch):
    """As if a distribution with `Resampler` were installed."""

    def entry(load):
        return types.SimpleNamespace(
            name="mine", load=load, value="mine", dist=types.SimpleNamespace(name="third-party", version="1.2")
        )

    module = types.ModuleType("mine")
    module.fdgm_estimators = hookimpl(lambda: {"Resampler": Resampler})
    installed_with(monkeypatch, entry(lambda: module))
    yield
    registry._filled.cache_clear()


def test_it_is_loaded_by_its_name(installed, tmp_path):
    Resampler(noise=0.3, n_jobs=2).fit(X).save(tmp_path / "s")
    again = fdgm.load(tmp_path / "s")
    assert (type(again), again.noise, again.n_jobs) == (Resampler, 0.3, None)
    np.testing.assert_array_equal(again.sample(5, random_state=0), Resampler(0.3).fit(X).sample(5, random_state=0))


def test_a_refiner_of_it_has_it_in_its_file(installed, tmp_path):
    ratio = KLIEP(width=1.0, n_centers=5)
    refiner = DGflowRefiner(Resampler().fit(X), ratio=ratio, n_steps=1, random_state=0, step_size=0.01, stop=None).fit(
        X
    )
    refiner.save(tmp_path / "r")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "r").sample(5), refiner.sample(5))


def test_it_is_not_made_where_it_is_not_installed(installed, tmp_path, monkeypatch):
    Resampler().fit(X).save(tmp_path / "s")
    installed_with(monkeypatch)
    with pytest.raises(FileError, match=r"estimator must be one of \['AGEBidirectional'.* got 'Resampler'"):
        fdgm.load(tmp_path / "s")


def test_a_class_that_nobody_registered_is_not_saved(tmp_path):
    with pytest.raises(TypeError, match=r"Resampler must be registered to be saved, through the hook fdgm_estimators"):
        Resampler().fit(X).save(tmp_path / "s")
