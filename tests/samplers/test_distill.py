"""Maps become one network that makes nearly the same samples."""

import time

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import fdgm
from fdgm import DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP
from fdgm.exceptions import FileError
from fdgm.metrics import energy_distance
from fdgm.nets import Clock
from fdgm.options import Maps, Network

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
SMALL = {"architecture": MLP(width=32, depth=2), "batch_size": 64, "max_iter": 6, "random_state": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def fitted():
    return VGrowSampler(generator=Maps(n_particles=512, n_critic_steps=5), **SMALL).fit(X)


@pytest.fixture(scope="module")
def distilled(fitted):
    """After a second of the processor, so that other processes take nothing of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Clock, "now", staticmethod(time.process_time))
        return fitted.distill(n_seconds=1.0)


def test_the_network_makes_what_the_maps_make_of_the_same_latents(fitted, distilled):
    """Samples of equal seeds come from equal latents. The maps of this fit are smooth, so that they can be learned."""
    of_maps, of_network = (model.sample(500, random_state=0) for model in (fitted, distilled))
    np.testing.assert_array_less(np.square(of_maps - of_network).mean(axis=0), 0.05 * X.var(axis=0))


def test_the_history_has_the_distance_of_the_two(fitted, distilled):
    assert distilled.n_iter_ == len(distilled.history_) == 1
    samples = [model._scaler.to_tensor(model.sample(2000, random_state=3)).numpy() for model in (fitted, distilled)]
    said, measured = distilled.history_["held_out_distance"].item(), energy_distance(*samples)
    assert 0 <= said < 0.05
    assert abs(said - measured) < 0.02


def test_the_sampler_stays_as_it_was():
    sampler = VGrowSampler(generator=Maps(n_particles=64, n_critic_steps=2), **{**SMALL, "max_iter": 2}).fit(X)
    before = sampler.to_state()
    sampler.distill(n_seconds=0.05)
    after = sampler.to_state()
    weights = [state.part("net").part("maps").tensors["weights"] for state in (before, after)]
    np.testing.assert_array_equal(*weights)
    assert len(sampler.net_.maps_) == 2
    assert isinstance(sampler.generator, Maps)


def test_it_is_a_sampler_without_maps(distilled, tmp_path):
    assert len(distilled.net_.maps_) == 0
    distilled.save(tmp_path / "m")
    again = fdgm.load(tmp_path / "m")
    np.testing.assert_array_equal(again.sample(20, random_state=0), distilled.sample(20, random_state=0))
    np.testing.assert_array_equal(again.log_ratio(X), distilled.log_ratio(X))
    assert again.partial_fit(X).n_iter_ == 2
    refiner = DGflowRefiner(distilled, space="latent", n_steps=1, step_size=0.01, stop=None, random_state=0).fit(X)
    assert refiner.sample(3).shape == (3, 2)


def test_a_file_that_claims_a_network_and_has_none_is_refused(fitted):
    state = fitted.to_state()
    state.parts["net"].json["is_distilled"] = True
    with pytest.raises(FileError, match="network"):
        clone(fitted).from_state(state)


def test_what_cannot_be_distilled_is_refused(distilled):
    with pytest.raises(NotFittedError):
        VGrowSampler().distill()
    with pytest.raises(ValueError, match="a single network already"):
        distilled.distill()
    network = VGrowSampler(generator=Network(n_particles=64, n_warmup_steps=1), **{**SMALL, "max_iter": 1}).fit(X)
    with pytest.raises(ValueError, match="must be maps for distill, got Network"):
        network.distill()


@pytest.mark.parametrize("n_seconds", [0, -1.0, float("inf"), float("nan"), "1"])
def test_seconds_out_of_range_are_refused(fitted, n_seconds):
    with pytest.raises(ValueError, match="n_seconds of VGrowSampler"):
        fitted.distill(n_seconds)
