"""Small estimators of every kind, and what they give, as bytes that can be compared."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner, GANSampler, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.exceptions import UnrefinedWarning
from fdgm.options import EarlyStopping, Gradient, Network, RMSprop
from fdgm.ratios import LogisticRatio

X = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
IMAGES = np.random.default_rng(0).uniform(-1, 1, size=(12, 1, 8, 8)).astype(np.float32)
SMALL = {"architecture": MLP(width=8, depth=1, spectral_norm=True), "batch_size": 16, "max_iter": 2, "random_state": 0}
VGROW = {
    **SMALL,
    "architecture": MLP(width=8, depth=2),
    "generator": Network(n_particles=16, n_particle_steps=2, n_warmup_steps=3, passes=1),
}


def stored(model):
    """The model, saved and loaded."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        return fdgm.load(Path(folder) / "model", device="cpu")


def vgrow():
    model = VGrowSampler(**VGROW, step_size="auto", early_stopping=EarlyStopping(every=1)).fit(X)
    moved = model.log_ratio_tensor(torch.from_numpy(X)).detach().numpy()
    return [model.sample(5), model.log_ratio(X), moved, stored(model).sample(5, random_state=1), model.score(X)]


def vgrow_rmsprop():
    model = (
        clone(VGrowSampler(**VGROW, precision="bfloat16"))  # or the option that all fraction would be changed
        .set_params(critic_optimizer=RMSprop(), generator__ema=None, generator__optimizer=RMSprop())
        .fit(X)
    )
    return [model.sample(5), stored(model).partial_fit(X).sample(5)]


def gan():
    model = GANSampler(
        **SMALL, n_generator_steps=2, n_warmup_steps=0, regularizer=["gradient_penalty", "packing"], ema=0.5
    ).fit(X)
    return [model.sample(5), stored(model).sample(5, random_state=1)]


def images():
    small = {**SMALL, "architecture": DCGAN(width=2), "batch_size": 4, "max_iter": 1}
    return [
        GANSampler(**small, n_generator_steps=1, n_warmup_steps=0, regularizer="spectral_norm").fit(IMAGES).sample(2)
    ]


def age():
    small = {**SMALL, "architecture": MLP.bidirectional(width=8), "encoder": "gaussian", "generator": "gaussian"}
    model = AGEBidirectional(**small, method=Gradient(n_updates=2, n_warmup_steps=2)).fit(X)
    latents = model.transform(X)
    return [
        model.sample(5),
        latents,
        model.inverse_transform(latents[:3], stochastic=True),
        model.score_samples(X),
        model.elbo(X, n_draws=2),
        model.log_likelihood(X[:2], n_temperatures=3, n_chains=2),
        model.log_ratio(X, latents),
        stored(model).reconstruct(X[:3]),
    ]


def logistic():
    model = LogisticRatio(max_iter=2, n_critic_steps=2, batch_size=16, random_state=0).fit(X, X[::-1] + 1)
    divergence = model.estimate_divergence("js")
    return [model.log_ratio(X), stored(model).log_ratio(X), model.partial_fit(X, X + 2).log_ratio(X), divergence]


def dgflow():
    source = VGrowSampler(**VGROW).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnrefinedWarning)  # two steps of a critic of a moment's training may not gain
        latent = DGflowRefiner(source, n_steps=2, noise=0.1, random_state=0).fit(X)
    return [latent.sample(5), stored(latent).sample(5, random_state=1)]


SCENARIOS = [
    vgrow,
    vgrow_rmsprop,
    gan,
    images,
    age,
    logistic,
    dgflow,
]


def as_bytes(results):
    return [(np.asarray(one).dtype.str, np.asarray(one).tobytes()) for one in results]


@pytest.fixture(scope="session")
def alone():
    """What a scenario gives in a process that has touched nothing, by its name."""
    return {scenario.__name__: as_bytes(scenario()) for scenario in SCENARIOS}


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.__name__)
def scenario(request):
    return request.param
