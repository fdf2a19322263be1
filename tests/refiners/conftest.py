"""Gaussians, whose log-ratios and flows are known."""

import numpy as np
import pytest
import torch

from fdgm import VGrowSampler
from fdgm.architectures import MLP

MEAN, VARIANCE = 0.8, 0.25  # of the data; the model is N(0, 1)


@pytest.fixture(scope="session")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


@pytest.fixture(scope="session")
def sampler(X):
    params = {"n_particles": 64, "n_particle_steps": 2, "n_projection_passes": 1, "batch_size": 32, "max_iter": 2}
    return VGrowSampler(architecture=MLP(width=8, depth=2), latent_size=3, random_state=0, **params).fit(X)


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
