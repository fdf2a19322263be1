"""The velocity of each divergence between two Gaussians, against mathematics alone."""

import numpy as np
import pytest
import torch

import fdgm
from fdgm.divergences import Scaling
from fdgm.flows import differentiated, euler_step, velocity

MEAN = torch.tensor([0.7, -0.4], dtype=torch.float64)
SPREAD = 1.3

# weight as the papers state it for D_f(model‖data), as a function of R = p_data/p_model (VGrow, table 1).
WEIGHTS = {
    "kl": lambda R: np.ones_like(R),
    "reverse_kl": lambda R: R,
    "js": lambda R: R / (1 + R),
    "gan": lambda R: R / (1 + R),
    "logd": lambda R: 1 / (1 + R),
    "jeffreys": lambda R: 1 + R,
    "squared_hellinger": lambda R: np.sqrt(R) / 2,
    "pearson": lambda R: 2 / R,
    "neyman": lambda R: 2 * R**2,
    "alpha": lambda R: np.sqrt(R),  # alpha = 1/2
}


def log_ratio(x):
    """log p_data/p_model with data N(MEAN, SPREAD² I) and model N(0, I)."""
    data = torch.distributions.Normal(MEAN, SPREAD).log_prob(x).sum(1)
    return data - torch.distributions.Normal(0.0, 1.0).log_prob(x).sum(1)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_velocity_is_minus_the_gradient_of_f_prime(name):
    d = fdgm.divergences.get(name)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(50, 2)))
    v, t = velocity(differentiated(log_ratio), x, Scaling(d))
    y = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(d.f_prime(-log_ratio(y)).sum(), y)
    # Two float64 evaluations of some ten operations each: 1e-10 is 5e5 roundings.
    torch.testing.assert_close(v, -gradient, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(t, log_ratio(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", sorted(WEIGHTS))
def test_velocity_against_the_closed_form(name):
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(50, 2)))
    v, _ = velocity(differentiated(log_ratio), x, Scaling(fdgm.divergences.get(name)))
    z = x.numpy()
    gradient = z - (z - MEAN.numpy()) / SPREAD**2
    R = np.exp(-((z - MEAN.numpy()) ** 2).sum(1) / (2 * SPREAD**2) + (z**2).sum(1) / 2) / SPREAD**2
    np.testing.assert_allclose(v.numpy(), WEIGHTS[name](R)[:, None] * gradient, rtol=1e-10, atol=1e-12)


def test_every_step_of_small_size_lowers_the_divergence():
    """From N(0, 1) towards N(m, 1) the exact KL flow moves every point by step * m, so the mean moves by it."""
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(100, 1)))
    v, _ = velocity(differentiated(lambda y: (y * 0.5).sum(1) - 0.125), x, Scaling(fdgm.divergences.get("kl")))
    moved = euler_step(x, v, 0.1)
    torch.testing.assert_close(moved - x, torch.full_like(x, 0.05), rtol=1e-12, atol=1e-12)


def test_velocity_leaves_no_gradient_on_the_critic():
    critic = torch.nn.Linear(2, 1)
    velocity(differentiated(lambda y: critic(y)[:, 0]), torch.zeros(3, 2), Scaling(fdgm.divergences.get("kl")))
    assert critic.weight.grad is None
