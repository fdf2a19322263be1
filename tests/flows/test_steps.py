"""Euler–Maruyama steps, against the distributions that they are known to reach."""

import math

import pytest
import torch

from fdgm.divergences import Scaling, get
from fdgm.flows import differentiated, euler_maruyama_step, pull_back, velocity

KL = Scaling(get("kl"))
MEAN, VARIANCE = 0.8, 0.25  # of the data; the model is N(0, 1)


def to_data(x):
    """log N(MEAN, VARIANCE) − log N(0, 1), less its constant."""
    return (x.square() / 2 - (x - MEAN).square() / (2 * VARIANCE)).sum(1)


def flow(log_ratio, points, *, step_size, noise, n_steps, seed=0):
    source = torch.Generator().manual_seed(seed)
    for _ in range(n_steps):
        v, _ = velocity(differentiated(log_ratio(points)), points, KL)
        points = euler_maruyama_step(points, v, step_size, noise, source)
    return points


def prior(n, seed=1):
    return torch.randn(n, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_stale_ratio_drops_the_prior():
    """The drift is ∇T for ever, so that the distribution is ∝ e^{T/γ}: N(m, γ s²/(1 − s²)) with m where ∇T = 0."""
    gamma, step_size = 0.5, 0.01
    x = flow(lambda _: to_data, prior(40_000), step_size=step_size, noise=gamma, n_steps=400)
    rate = 1 / VARIANCE - 1  # −T's curvature: the flow forgets its start by e^{−rate · 4} = 6e-6
    mean = MEAN / VARIANCE / rate
    # The chain x ← (1 − ηa) x + √(2ηγ) ξ has variance (γ/a)/(1 − ηa/2) exactly.
    variance = gamma / rate / (1 - step_size * rate / 2)
    # Four standard errors of 40,000 draws.
    assert float(x.mean()) == pytest.approx(mean, abs=4 * math.sqrt(variance / 40_000))
    assert float(x.var()) == pytest.approx(variance, rel=4 * math.sqrt(2 / 40_000))


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_the_current_ratio_reaches_the_data_flattened_by_the_noise(gamma):
    """With the ratio of the data to the points as they are now, the distribution is the data's to the power 1/(1 + γ).

    The distribution stays normal: its density is known from the points' own mean and variance.
    """

    def current(points):
        mean, variance = points.mean(), points.var()
        return lambda x: ((x - mean).square() / (2 * variance) - (x - MEAN).square() / (2 * VARIANCE)).sum(1)

    x = flow(current, prior(20_000), step_size=0.01, noise=gamma, n_steps=300)
    # Forgotten by e^{−2·3/VARIANCE} and less. A step of 0.01 biases the variance by up to ηa = 4%; 4 errors of 1%.
    assert float(x.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(x.var()) == pytest.approx((1 + gamma) * VARIANCE, rel=0.08)


def test_among_latents_the_gradient_goes_through_the_generator():
    """g(z) = 3z + 1: T∘g has three times T's slope at g(z)."""
    z = prior(50)
    v, t = velocity(differentiated(pull_back(to_data, lambda u: 3 * u + 1)), z, KL)
    x = 3 * z + 1
    torch.testing.assert_close(v, 3 * (x - (x - MEAN) / VARIANCE), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(t, to_data(x), rtol=0, atol=0)


def test_langevin_reaches_the_prior_tilted_by_the_ratio():
    """DDLS: half a step of ε along ∇(log p_Z + T), noise √ε: with p_Z the model's own distribution, the data's."""
    epsilon = 0.02

    def energy(z):
        return to_data(z) - z.square().sum(1) / 2

    z = flow(lambda _: energy, prior(40_000), step_size=epsilon / 2, noise=1.0, n_steps=400)
    variance = VARIANCE / (1 - epsilon / 4 / VARIANCE)  # the same chain as above, with a = 1/VARIANCE
    assert float(z.mean()) == pytest.approx(MEAN, abs=4 * math.sqrt(variance / 40_000))
    assert float(z.var()) == pytest.approx(variance, rel=4 * math.sqrt(2 / 40_000))


def test_without_noise_nothing_is_drawn():
    source = torch.Generator().manual_seed(0)
    before = source.get_state()
    moved = euler_maruyama_step(torch.zeros(3, 2), torch.ones(3, 2), 0.5, 0.0, source)
    assert torch.equal(source.get_state(), before)
    assert torch.equal(moved, torch.full((3, 2), 0.5))
