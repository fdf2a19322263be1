"""Models with an encoder: refined among their latents, by their own critic of pairs where they have one."""

import numpy as np
import pytest
import torch

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner
from fdgm.architectures import MLP
from fdgm.bidirectional import VAE
from fdgm.options import Gradient
from fdgm.ratios import LogisticRatio

TINY = {
    "architecture": MLP(width=8, depth=1),
    "latent_size": 2,
    "max_iter": 2,
    "random_state": 0,
    "method": Gradient(n_updates=2),
}
QUICK = LogisticRatio(max_iter=1, n_critic_steps=2, validation_fraction=None)


@pytest.fixture(scope="module")
def age(X):
    return AGEBidirectional(**{**TINY, "method": Gradient(n_updates=2, n_warmup_steps=2)}).fit(X)


@pytest.fixture(scope="module")
def vae(X):
    return VAE(**TINY).fit(X)


def test_its_own_critic_is_used_and_none_is_trained(X, age):
    """T of a row is the critic's of the pair with its mean representation."""
    refiner = DGflowRefiner(age, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)
    assert refiner.space_ == "latent"
    assert refiner.ratio_ is refiner.generator_
    np.testing.assert_allclose(refiner.log_ratio(X), age.log_ratio(X, age.transform(X)), rtol=1e-4, atol=1e-5)
    assert refiner.sample(5).shape == (5, 2)


def test_without_a_critic_one_is_trained(X, vae):
    refiner = DGflowRefiner(vae, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)
    assert refiner.space_ == "latent"
    assert isinstance(refiner.ratio_, LogisticRatio)


def test_latents_are_those_of_the_prior_and_of_the_generators_noise(X, vae):
    """With noise of zero, a row is what the model decodes."""
    refiner = DGflowRefiner(vae, n_steps=0, ratio=QUICK, step_size=0.01, stop=None).fit(X)
    z = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    rows = refiner.refine(np.concatenate([z, np.zeros((4, 2))], axis=1))
    np.testing.assert_allclose(rows, vae.inverse_transform(z), rtol=1e-4, atol=1e-4)


def test_samples_have_the_models_law(X, vae):
    refiner = DGflowRefiner(vae, n_steps=0, ratio=QUICK, step_size=0.01, stop=None).fit(X)
    ours, own = refiner.sample(4000), vae.sample(4000)
    np.testing.assert_allclose(ours.mean(0), own.mean(0), atol=5 * (2 / 4000) ** 0.5 * own.std(0).max())
    np.testing.assert_allclose(ours.std(0), own.std(0), rtol=8 / 4000**0.5)


def test_refresh_trains_the_critic_and_leaves_the_models_own(X, age):
    before = age.log_ratio(X, age.transform(X))
    refiner = DGflowRefiner(age, n_steps=2, refresh=1, random_state=0, step_size=0.01, stop=None).fit(X)
    own, stage = (field(torch.zeros(3, 2)) for field in refiner._fields())
    assert not torch.equal(own, stage)
    np.testing.assert_array_equal(age.log_ratio(X, age.transform(X)), before)


def test_in_a_file(X, age, tmp_path):
    refiner = DGflowRefiner(age, n_steps=2, refresh=1, random_state=0, step_size=0.01, stop=None).fit(X)
    refiner.save(tmp_path / "r")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "r").sample(5), refiner.sample(5))
