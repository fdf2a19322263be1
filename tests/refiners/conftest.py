"""Gaussians, whose log-ratios and flows are known."""

import numpy as np
import pytest
import torch

from fdgm import VGrowSampler
from fdgm.architectures import MLP, Architecture
from fdgm.options import Adam, Network

MEAN, VARIANCE = 0.8, 0.25  # of the data; the model is N(0, 1)


@pytest.fixture(autouse=True)
def quick_ratio(monkeypatch, request):
    """Where the ratio is the neural one, a moment's training of it, of which something is kept: no constant."""
    if "slow" not in request.keywords:
        monkeypatch.setattr("fdgm.refiners._fields._AUTO", {"max_iter": 1, "validation_fraction": None})


@pytest.fixture(scope="session")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


@pytest.fixture(scope="session")
def sampler(X):
    network = Network(latent_size=3, n_particles=64, n_particle_steps=2, passes=1)
    params = {"batch_size": 32, "max_iter": 2, "generator": network}
    return VGrowSampler(**params, architecture=MLP(width=8, depth=2), random_state=0).fit(X)


@pytest.fixture(scope="session")
def log_ratio():
    """log N(MEAN, VARIANCE) − log N(0, 1) of rows (n, 1), less its constant."""
    return lambda x: (x.square() / 2 - (x - MEAN).square() / (2 * VARIANCE)).sum(1)


class Affine(torch.nn.Module):
    """x = slope · z + offset."""

    def __init__(self, slope=1.0, offset=0.0):
        super().__init__()
        self.slope, self.offset = slope, offset

    def forward(self, z):
        return self.slope * z + self.offset


@pytest.fixture(scope="session")
def affine():
    return Affine


class Quadratic(torch.nn.Module):
    """c₀ + c₁x + c₂x² of rows (n, 1): the log-ratio of any two normal distributions."""

    def __init__(self, *coefficients):
        super().__init__()
        self.coefficients = torch.nn.Parameter(torch.tensor(coefficients))

    def forward(self, x):
        return (self.coefficients * x ** torch.arange(3)).sum(1)


class Trained(torch.nn.Module):
    """mean + std · z, as parameters."""

    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = (torch.nn.Parameter(torch.tensor(value)) for value in (mean, std))

    def forward(self, z):
        return self.mean + self.std * z


class NormalLaws(Architecture):
    """A generator of N(mean, std²), and the log-ratio of N(0, 1) to it as the critic."""

    def __init__(self, mean=0.0, std=1.0):
        self.mean = mean
        self.std = std

    def make_generator(self, data_shape, latent_size):
        return Trained(self.mean, self.std)

    def make_critic(self, data_shape):
        return Quadratic(*log_ratio_of_normals((0.0, 1.0), (self.mean, self.std)))


def log_ratio_of_normals(p, q):
    """c₀, c₁, c₂ of log N(p) − log N(q), each a mean and a standard deviation."""
    parts = [np.array([-0.5 * (mean / std) ** 2 - np.log(std), mean / std**2, -0.5 / std**2]) for mean, std in (p, q)]
    return tuple(float(value) for value in parts[0] - parts[1])


def sampler_of(X, mean, std):
    """A sampler, fitted on X, of N(mean, std²) in X's standard deviations from X's mean, with its exact critic."""
    still = {
        "max_iter": 1,
        "generator": Network(latent_size=1, n_particles=64, n_particle_steps=1, optimizer=Adam(lr=1e-12)),
        "critic_optimizer": Adam(lr=1e-12),
    }
    return VGrowSampler(**still, architecture=NormalLaws(mean, std), random_state=0).fit(X)


@pytest.fixture(scope="session")
def normals():
    """What makes samplers and log-ratios of normal distributions."""
    return sampler_of, log_ratio_of_normals, Quadratic
