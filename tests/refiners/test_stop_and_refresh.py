"""What lets a flow be long: a ratio that is estimated anew, and a step to stop at."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner
from fdgm.metrics import energy_distance
from fdgm.ratios import DensityRatio
from fdgm.refiners import LatentGenerator

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(4000, 1))


class GaussianRatio(DensityRatio):
    """The log-ratio of the normal laws of two samples of one column."""

    def _fit(self, X_p, X_q):
        self.moments_ = [float(v) for X in (X_p, X_q) for v in (X.mean(), X.var())]

    def _log_ratio_tensor(self, x):
        m, s, n, t = self.moments_
        return ((x - n).square() / (2 * t) - (x - m).square() / (2 * s)).sum(1) + np.log(t / s) / 2


@pytest.fixture(scope="module")
def generator(affine):
    return LatentGenerator(affine(), latent_size=1)


@pytest.mark.parametrize("space", ["data", "latent"])
def test_with_refresh_a_long_flow_comes_to_the_data(generator, space):
    """Without it, and without noise, it comes to a point. In scaled units the data's variance is 1, in latents 0.25."""
    params = {"ratio": GaussianRatio(), "space": space, "step_size": 0.02, "n_steps": 250, "random_state": 0}
    fresh = DGflowRefiner(generator, refresh=5, **params).fit(DATA).sample(4000)
    stale = DGflowRefiner(generator, **params).fit(DATA).sample(4000)
    # Four standard errors of the two samples, and as much again for what the flow still lacks and for stages of 5.
    assert fresh.mean() == pytest.approx(MEAN, abs=8 * 0.5 / 4000**0.5)
    assert fresh.var() == pytest.approx(VARIANCE, rel=8 * (2 / 4000) ** 0.5)
    assert stale.var() < 0.1 * VARIANCE


def test_stop_ends_a_flow_that_would_spoil_the_samples(generator):
    """A stale flow passes the data's variance on its way to a point: the best step is in between."""
    params = {"ratio": GaussianRatio(), "step_size": 0.02, "n_steps": 100, "random_state": 0}
    stopped = DGflowRefiner(generator, stop="auto", **params).fit(DATA)
    assert 0 < stopped.n_steps_ < 100
    assert len(stopped.history_) == stopped.n_steps_ + 1
    assert stopped.score(DATA) > DGflowRefiner(generator, **params).fit(DATA).score(DATA)


def test_stop_leaves_good_samples_as_they_are():
    """A log-ratio that leads away from the data: no step is taken."""
    mixture = GaussianMixture(random_state=0).fit(DATA)
    refiner = DGflowRefiner(mixture, ratio=lambda x: 5 * x.sum(1), stop="auto", random_state=0).fit(DATA)
    assert refiner.n_steps_ == 0
    assert refiner.held_out_distance_.idxmin() == 0
    rows = np.array([[0.3], [0.7]])
    np.testing.assert_array_equal(refiner.refine(rows), rows)


def test_held_out_distances_are_those_of_samples(generator):
    """Of fresh samples after n_steps_, from other real rows: within the noise of two samples of 2,000 and 800."""
    refiner = DGflowRefiner(generator, ratio=GaussianRatio(), stop="auto", n_steps=40, random_state=0).fit(DATA)
    real = np.random.default_rng(3).normal(MEAN, VARIANCE**0.5, size=(2000, 1))
    start = energy_distance(real / VARIANCE**0.5, np.random.default_rng(4).normal(size=(2000, 1)) / VARIANCE**0.5)
    assert refiner.held_out_distance_[0] == pytest.approx(start, rel=0.2)
    assert list(refiner.held_out_distance_.index) == list(range(0, 41, 2))


def test_a_refreshed_refiner_in_a_file(X, sampler, tmp_path):
    refiner = DGflowRefiner(
        sampler, ratio="ulsif", refresh=2, stop="auto", n_steps=5, step_size=0.1, random_state=0
    ).fit(X)
    refiner.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r")
    assert again.n_steps_ == refiner.n_steps_
    pd.testing.assert_series_equal(again.held_out_distance_, refiner.held_out_distance_)
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))
    again.set_params(n_steps=1)  # the steps of `fit` count
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"refresh": 2}, "for refresh to estimate it anew, got 'auto'"),
        ({"refresh": 2, "ratio": torch.nn.Linear(2, 1)}, "for refresh to estimate it anew, got Linear"),
        ({"refresh": 0}, "Got 0"),
        ({"stop": "never"}, "Got 'never'"),
        ({"validation_fraction": 0.0}, "Got 0.0"),
    ],
)
def test_bad_input(X, sampler, params, message):
    with pytest.raises(ValueError, match=message):
        DGflowRefiner(sampler, **params).fit(X)
