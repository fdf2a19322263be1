"""What lets a flow be long: a ratio that is estimated anew, and a step to stop at."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner
from fdgm.architectures import MLP
from fdgm.metrics import energy_distance
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
    params = {"ratio": GaussianRatio(), "space": space, "step_size": 0.02, "n_steps": 250, "random_state": 0}
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
            generator, ratio=GaussianRatio(), noise=gamma, space="data", step_size=0.02, n_steps=250, refresh=2
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
    params = {"step_size": 0.05, "n_steps": 120, "random_state": 0}
    fresh = DGflowRefiner(sampler, refresh=5, **params).fit(DATA).sample(4000)
    # The critic has moments of 4,000 rows and of as many samples, at a constant rate: 8 standard errors of each.
    assert fresh.mean() == pytest.approx(DATA.mean(), abs=8 * DATA.std() * (2 / 4000) ** 0.5)
    assert fresh.std() == pytest.approx(DATA.std(), rel=8 / 4000**0.5)


def test_the_first_refreshed_critic_begins_from_the_samplers(X, sampler, monkeypatch):
    """With settings that move no weight, every stage's log-ratio is the sampler's own."""
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"optimizer": Adam(1e-12), "n_critic_steps": 1, "max_iter": 1})
    refiner = DGflowRefiner(sampler, refresh=2, n_steps=6, random_state=0).fit(X)
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32))
    own, *stages = (field(points).detach().numpy() for field in refiner._fields())
    assert len(stages) == 2
    for stage in stages:
        np.testing.assert_allclose(stage, own, rtol=1e-4, atol=1e-5)


def test_refresh_goes_on_from_another_samplers_critic_in_its_units(X, sampler, monkeypatch):
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"optimizer": Adam(1e-12), "n_critic_steps": 1, "max_iter": 1})
    rows = X * [1.0, 3.0] + [5.0, 0.0]
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio=sampler, refresh=1, n_steps=2).fit(rows)
    points = torch.from_numpy(np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32))
    own, stage = (field(points).detach().numpy() for field in refiner._fields())
    np.testing.assert_allclose(stage, own, rtol=1e-3, atol=1e-4)


def test_refresh_goes_on_from_a_torch_critic(normals):
    """Also one of the user's own, and from one stage to the next."""
    critic = normals[2](0.0, 0.0, 0.0)
    refiner = DGflowRefiner(ratio=critic, refresh=2, n_steps=6, random_state=0)
    refiner.fit(DATA[:500], X_generated=DATA[500:1000] - 1)
    trained = [stage.n_iter_ for stage in refiner._stages]
    assert trained == [40, 50]  # a quarter more
    assert not critic.coefficients.any()


def test_stop_ends_a_flow_that_would_spoil_the_samples(generator):
    """A stale flow passes the data's variance on its way to a point: the best step is in between."""
    params = {"ratio": GaussianRatio(), "step_size": 0.02, "n_steps": 100, "random_state": 0}
    stopped = DGflowRefiner(generator, stop="auto", **params).fit(DATA)
    assert 0 < stopped.n_steps_ <= 100
    assert len(stopped.history_) == stopped.n_steps_ + 1
    assert stopped.score(DATA) > DGflowRefiner(generator, **params).fit(DATA).score(DATA)


def test_samples_that_end_on_their_own_keep_the_datas_law(generator):
    """T is a parabola with its top at x = a: each row ends where its rank of T is the data's.

    All at once, rows reach either the data's mean or its spread. Each on its own, |x − a| has the data's distribution.
    """
    params = {"ratio": GaussianRatio(), "step_size": 0.01, "n_steps": 200, "random_state": 0}
    refiner = DGflowRefiner(generator, stop="auto", **params).fit(DATA)
    assert refiner.ends_ == "own"
    assert refiner.held_out_distance_["own"].min() < refiner.held_out_distance_["same"].min()
    top = MEAN / VARIANCE / (1 / VARIANCE - 1)
    distance, real = (np.sort(np.abs(rows[:, 0] - top)) for rows in (refiner.sample(4000), DATA))
    # Quantiles of two samples of 4,000 and of 800 held-out rows: four times 0.5/√800, and a step past the end.
    np.testing.assert_allclose(distance[400:3600:400], real[400:3600:400], atol=0.1)


def test_stop_leaves_good_samples_as_they_are():
    """A log-ratio that leads away from the data, far in one step: none is taken."""
    mixture = GaussianMixture(random_state=0).fit(DATA)
    refiner = DGflowRefiner(mixture, ratio=lambda x: 99 * x.sum(1), stop="auto", random_state=0).fit(DATA)
    assert (refiner.n_steps_, refiner.ends_) == (0, "same")
    assert refiner.held_out_distance_["same"].idxmin() == 0
    rows = np.array([[0.3], [0.7]])
    np.testing.assert_array_equal(refiner.refine(rows), rows)


@pytest.mark.parametrize("seed", range(3))
def test_stop_never_leaves_the_held_out_measure_worse(seed):
    """Whatever the ratio says: here, random waves around a model that is right."""
    rng = np.random.default_rng(seed)
    wave = torch.from_numpy(rng.normal(size=(2, 4)).astype(np.float32))
    X, generated = rng.normal(size=(400, 2)), rng.normal(size=(400, 2))
    refiner = DGflowRefiner(
        ratio=lambda x: torch.sin(2 * x @ wave).sum(1), stop="auto", n_steps=20, step_size=0.02, random_state=seed
    ).fit(X, X_generated=generated)
    tried = refiner.held_out_distance_
    assert tried.loc[refiner.n_steps_, refiner.ends_] <= tried.loc[0, "same"]
    fresh = np.random.default_rng(seed + 100).normal(size=(4000, 2))
    before, after = (energy_distance(fresh, rows) for rows in (generated, refiner.refine(generated)))
    assert after < before + 0.01  # the distance of two samples of 400 is 0.007 on the average


def test_a_choice_that_other_samples_do_not_confirm_is_dropped(monkeypatch):
    seen = []
    monkeypatch.setattr(DGflowRefiner, "_betters", lambda self, judges: bool(seen.append(len(judges))))
    X = np.random.default_rng(0).normal(size=(200, 1))
    refiner = DGflowRefiner(ratio=lambda x: -x.square().sum(1), stop="auto", n_steps=4, random_state=0)
    refiner.fit(X, X_generated=3 * X)
    assert seen == [40]
    assert refiner.n_steps_ == 0
    assert refiner.held_out_distance_.min().min() < refiner.held_out_distance_.loc[0, "same"]


def test_with_refresh_the_first_ratio_is_tried_too(generator):
    """A ratio that is refreshed into nonsense is not used where the first one is right."""

    class Forgetful(GaussianRatio):
        def _update(self, X_p, X_q):
            self.moments_ = [50.0, 1.0, -50.0, 1.0]

    refiner = DGflowRefiner(
        generator, ratio=Forgetful(), refresh=1, stop="auto", n_steps=30, step_size=0.02, random_state=0
    ).fit(DATA)
    assert list(refiner.held_out_distance_) == ["same", "own", "same, stale", "own, stale"]
    assert refiner.ends_.endswith(", stale")
    assert not refiner._stages
    assert refiner.n_steps_ > 1


def test_a_generator_that_is_fitted_does_not_see_held_out_rows(monkeypatch):
    sizes = []
    fit = GaussianMixture.fit
    monkeypatch.setattr(GaussianMixture, "fit", lambda self, X: (sizes.append(len(X)), fit(self, X))[1])
    frame = pd.DataFrame(DATA[:200], columns=["x"])
    for stop in (None, "auto"):
        DGflowRefiner(GaussianMixture(), ratio=GaussianRatio(), stop=stop, n_steps=2, random_state=0).fit(frame)
    assert sizes == [200, 160]


def test_held_out_distances_are_those_of_samples(generator):
    """Of fresh samples after n_steps_, from other real rows: within the noise of two samples of 2,000 and 800."""
    refiner = DGflowRefiner(generator, ratio=GaussianRatio(), stop="auto", n_steps=40, random_state=0).fit(DATA)
    real = np.random.default_rng(3).normal(MEAN, VARIANCE**0.5, size=(2000, 1))
    start = energy_distance(real / VARIANCE**0.5, np.random.default_rng(4).normal(size=(2000, 1)) / VARIANCE**0.5)
    assert refiner.held_out_distance_.loc[0, "same"] == pytest.approx(start, rel=0.2)
    assert list(refiner.held_out_distance_.index)[:6] == [0, 1, 2, 3, 4, 5]
    assert refiner.held_out_distance_.index[-1] == 40
    assert len(refiner.held_out_distance_) <= 21


@pytest.mark.parametrize("ratio", ["auto", "ulsif"])
def test_a_refreshed_refiner_in_a_file(X, sampler, tmp_path, ratio):
    refiner = DGflowRefiner(sampler, ratio=ratio, refresh=2, stop="auto", n_steps=5, step_size=0.1, random_state=0).fit(
        X
    )
    refiner.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r")
    assert again.n_steps_ == refiner.n_steps_
    pd.testing.assert_frame_equal(again.held_out_distance_, refiner.held_out_distance_)
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))
    again.set_params(n_steps=1)  # the steps of `fit` count
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))


def test_a_function_cannot_be_refreshed(X, sampler):
    with pytest.raises(ValueError, match="for refresh to estimate it anew, got <function"):
        DGflowRefiner(sampler, refresh=2, ratio=lambda x: x.sum(1)).fit(X)


@pytest.mark.parametrize("model", ["sampler", "AGE"])
def test_a_refreshed_refiner_in_a_pickle(X, sampler, model):
    """As it goes to other processes; AGE's own critic is spectrally normalised."""
    tiny = {
        "architecture": MLP.bidirectional(width=8),
        "max_iter": 1,
        "method": Gradient(n_warmup_steps=1, n_updates=1),
    }
    generator = sampler if model == "sampler" else AGEBidirectional(**tiny, random_state=0).fit(X)
    refiner = DGflowRefiner(generator, refresh=1, n_steps=2, random_state=0).fit(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(refiner)).sample(9), refiner.sample(9))


def test_given_rows_that_confirm_a_stop_are_not_those_that_it_was_chosen_by(monkeypatch):
    begun = []
    fresh = DGflowRefiner._fresh

    def watched(refiner, *args, **kwargs):
        made = fresh(refiner, *args, **kwargs)
        begun.append({float(value) for value in made[0].flatten()})
        return made

    monkeypatch.setattr(DGflowRefiner, "_fresh", watched)
    monkeypatch.setattr("fdgm.refiners._dgflow._TRIED", 2)
    given = np.random.default_rng(2).normal(size=(301, 1))
    DGflowRefiner(ratio=GaussianRatio(), stop="auto", n_steps=2, random_state=0).fit(DATA, X_generated=given)
    same, own, confirming, _ = begun  # the last are those of `history_`
    assert same == own
    assert (len(same), len(confirming)) == (151, 150)
    assert not same & confirming
