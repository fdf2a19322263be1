"""A flow that is long by hand: its ratio is estimated anew after so many steps."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner
from fdgm.architectures import MLP
from fdgm.options import Adam, Gradient
from fdgm.ratios import DensityRatio
from fdgm.refiners import LatentGenerator

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(4000, 1))


class GaussianRatio(DensityRatio):
    """The log-ratio of the normal distributions of two samples of one column."""

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
    params = {
        "ratio": GaussianRatio(),
        "space": space,
        "step_size": 0.02,
        "n_steps": 250,
        "stop": None,
        "random_state": 0,
    }
    fresh = DGflowRefiner(generator, refresh=5, **params).fit(DATA).sample(4000)
    stale = DGflowRefiner(generator, **params).fit(DATA).sample(4000)
    # Four standard errors of the two samples, and as much again for what the flow still lacks and for stages of 5.
    assert fresh.mean() == pytest.approx(MEAN, abs=8 * 0.5 / 4000**0.5)
    assert fresh.var() == pytest.approx(VARIANCE, rel=8 * (2 / 4000) ** 0.5)
    assert stale.var() < 0.1 * VARIANCE


def test_with_refresh_noise_flattens_the_law(generator):
    """To the data's density to the power 1/(1 + γ): a variance of 1 + γ in scaled units."""
    gamma = 0.5
    rows = (
        DGflowRefiner(
            generator,
            ratio=GaussianRatio(),
            noise=gamma,
            space="data",
            step_size=0.02,
            n_steps=250,
            refresh=2,
            stop=None,
        )
        .fit(DATA)
        .sample(4000, random_state=0)
    )
    # Eight standard errors, as above, and a step of 0.02 that makes the variance greater by 1 in 100.
    assert rows.mean() == pytest.approx(MEAN, abs=8 * 0.5 * ((1 + gamma) / 4000) ** 0.5)
    assert rows.var() == pytest.approx((1 + gamma) * VARIANCE, rel=8 * (2 / 4000) ** 0.5 + 0.01)


def test_refresh_goes_on_from_a_samplers_own_critic(normals, monkeypatch):
    """The flow reaches the data's distribution, which a stale ratio leads past; the critic has three weights."""
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"optimizer": Adam(0.02)})
    sampler = normals[0](DATA, 1.0, 0.7)
    params = {"step_size": 0.05, "n_steps": 120, "stop": None, "random_state": 0}
    fresh = DGflowRefiner(sampler, refresh=5, **params).fit(DATA).sample(4000)
    # The critic has moments of 4,000 rows and of as many samples, at a constant rate: 8 standard errors of each.
    assert fresh.mean() == pytest.approx(DATA.mean(), abs=8 * DATA.std() * (2 / 4000) ** 0.5)
    assert fresh.std() == pytest.approx(DATA.std(), rel=8 / 4000**0.5)


def test_the_first_refreshed_critic_begins_from_the_samplers(X, sampler, monkeypatch):
    """With settings that move no weight, every stage's log-ratio is the sampler's own."""
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"optimizer": Adam(1e-12), "n_critic_steps": 1, "max_iter": 1})
    refiner = DGflowRefiner(sampler, refresh=2, n_steps=6, stop=None, random_state=0).fit(X)
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32))
    own, *stages = (field(points).detach().numpy() for field in refiner._fields())
    assert len(stages) == 2
    for stage in stages:
        np.testing.assert_allclose(stage, own, rtol=1e-4, atol=1e-5)


def test_refresh_goes_on_from_another_samplers_critic_in_its_units(X, sampler, monkeypatch):
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"optimizer": Adam(1e-12), "n_critic_steps": 1, "max_iter": 1})
    rows = X * [1.0, 3.0] + [5.0, 0.0]
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio=sampler, refresh=1, n_steps=2, stop=None).fit(rows)
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32))
    own, stage = (field(points).detach().numpy() for field in refiner._fields())
    np.testing.assert_allclose(stage, own, rtol=1e-3, atol=1e-4)


def test_refresh_goes_on_from_a_torch_critic(normals):
    """Also one of the user's own, and from one stage to the next."""
    critic = normals[2](0.0, 0.0, 0.0)
    refiner = DGflowRefiner(ratio=critic, refresh=2, n_steps=6, stop=None, random_state=0)
    refiner.fit(DATA[:500], X_generated=DATA[500:1000] - 1)
    trained = [stage.n_iter_ for stage in refiner._stages]
    assert trained == [40, 50]  # a quarter more
    assert not critic.coefficients.any()


@pytest.mark.parametrize("ratio", ["auto", "ulsif"])
def test_a_refreshed_refiner_in_a_file(X, sampler, tmp_path, ratio):
    refiner = DGflowRefiner(sampler, ratio=ratio, refresh=2, stop=None, n_steps=5, step_size=0.1, random_state=0)
    refiner.fit(X)
    refiner.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r")
    assert again.n_steps_ == refiner.n_steps_
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))
    again.set_params(n_steps=1)  # the steps of `fit` count
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"refresh": 2, "ratio": lambda x: x.sum(1)}, "for refresh to estimate it anew, got <function"),
        ({"refresh": 0}, "Got 0"),
        ({"stop": "never"}, "Got 'never'"),
        ({"validation_fraction": 0.0}, "Got 0.0"),
    ],
)
def test_bad_input(X, sampler, params, message):
    with pytest.raises(ValueError, match=message):
        DGflowRefiner(sampler, **params).fit(X)


@pytest.mark.parametrize("model", ["sampler", "AGE"])
def test_a_refreshed_refiner_in_a_pickle(X, sampler, model):
    """As it goes to other processes; AGE's own critic is spectrally normalised."""
    tiny = {
        "architecture": MLP.bidirectional(width=8),
        "max_iter": 1,
        "method": Gradient(n_warmup_steps=1, n_updates=1),
    }
    generator = sampler if model == "sampler" else AGEBidirectional(**tiny, random_state=0).fit(X)
    refiner = DGflowRefiner(generator, refresh=1, n_steps=2, stop=None, random_state=0).fit(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(refiner)).sample(9), refiner.sample(9))
