"""Estimators that are wrong on purpose: each fault is caught by its own check."""

import re
import sys

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from fdgm.architectures import MLP
from fdgm.persistence import State
from fdgm.ratios import KLIEP, LogisticRatio
from fdgm.refiners import RejectionRefiner
from fdgm.testing import check_estimator

SMALL = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 2, "n_critic_steps": 2}


class ChangesItsParameters(LogisticRatio):
    def fit(self, X_p, X_q):
        self.n_iter_no_change = 99
        return super().fit(X_p, X_q)


class TakesAnyRate(LogisticRatio):
    def _validate_params(self):
        rate, self.max_seconds = self.max_seconds, None
        super()._validate_params()
        self.max_seconds = rate if isinstance(rate, float) and rate > 0 else None


class FillsNaN(LogisticRatio):
    def fit(self, X_p, X_q):
        return super().fit(np.nan_to_num(X_p) if isinstance(X_p, np.ndarray) else X_p, X_q)


class GoesByPosition(LogisticRatio):
    def log_ratio(self, X):
        return super().log_ratio(X.set_axis(["a", "b"], axis=1) if hasattr(X, "columns") else X)


class HasNoSeed(LogisticRatio):
    def fit(self, X_p, X_q):
        seed, self.random_state = self.random_state, None
        try:
            return super().fit(X_p, X_q)
        finally:
            self.random_state = seed


class DrawsGlobally(LogisticRatio):
    def fit(self, X_p, X_q):
        torch.rand(1, device="cpu")
        return super().fit(X_p, X_q)


class LosesItsScale(LogisticRatio):
    def to_state(self, *, compact=False):
        state = super().to_state(compact=compact)
        return State(
            {**state.tensors, "progress": torch.zeros_like(state.tensors["progress"])},
            state.json,
            {**state.parts, "scaler": type(self._scaler).of(np.arange(8.0).reshape(4, 2)).to_state()},
        )


class HidesInterrupts(LogisticRatio):
    def fit(self, X_p, X_q):
        try:
            return super().fit(X_p, X_q)
        except KeyboardInterrupt:
            return self


class IsSilent(LogisticRatio):
    def fit(self, X_p, X_q):
        loud, self.verbose = self.verbose, 0
        try:
            return super().fit(X_p, X_q)
        finally:
            self.verbose = loud


class Chatters(LogisticRatio):
    def fit(self, X_p, X_q):
        sys.stdout.write("fitting")
        return super().fit(X_p, X_q)


class StartsCold(LogisticRatio):
    def fit(self, X_p, X_q):
        warm, self.warm_start = self.warm_start, False
        try:
            return super().fit(X_p, X_q)
        finally:
            self.warm_start = warm


class RepeatsItself(RejectionRefiner):
    def sample(self, n_samples=1, *, random_state=0):
        return super().sample(n_samples, random_state=random_state)


class IsDouble(RejectionRefiner):
    def sample(self, n_samples=1, *, random_state=None):
        rows = super().sample(n_samples, random_state=random_state)
        return rows.astype(np.float64) if isinstance(rows, np.ndarray) else rows


FAULTS = {
    ChangesItsParameters: ("parameters_are_left_alone", "must not change its parameters"),
    TakesAnyRate: ("bad_parameters_are_refused", "max_seconds=nan"),
    FillsNaN: ("bad_data_are_refused", "must refuse a NaN in X"),
    GoesByPosition: ("columns_go_by_name", "by its columns' names, but log_ratio"),
    HasNoSeed: ("seed_is_obeyed", "with one random_state must be the same"),
    DrawsGlobally: ("global_state_is_untouched", "global state of torch"),
    LosesItsScale: ("file_keeps_the_fit", "after saving and loading, but log_ratio"),
    HidesInterrupts: ("interrupt_is_raised_and_leaves_whole_iterations", "must raise a KeyboardInterrupt again"),
    IsSilent: ("verbose_shows_the_time_left", "the time left to stderr"),
    Chatters: ("verbose_shows_the_time_left", "'fitting' on stdout"),
    StartsCold: ("warm_start_goes_on", "must be of 4 iterations, got 2"),
    RepeatsItself: ("samples_differ_from_call_to_call", "must draw different rows"),
    IsDouble: ("samples_are_like_the_data", "and float32, as X"),
}


def made(cls):
    if issubclass(cls, RejectionRefiner):
        return cls(GaussianMixture(), ratio=KLIEP(width=1.0, n_centers=5))
    return cls(**SMALL)


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check for check in check_estimator(made(faulty)) if check.name == name)
    assert re.search(message, found[name], re.DOTALL), found[name]


class Ratio(LogisticRatio):
    """Sound, and registered nowhere."""


class Refiner(RejectionRefiner):
    """Sound, and registered nowhere."""


@pytest.mark.parametrize("sound", [Ratio, Refiner])
def test_a_sound_class_passes_before_it_is_registered(failures, sound):
    assert failures(check_estimator(made(sound))) == {}


def test_what_is_no_estimator_is_a_type_error():
    with pytest.raises(TypeError, match=r"check_estimator takes a subclass of Savable .*got 3"):
        check_estimator(3)
