"""DGflow against DDLS on Gaussians: the distributions that each comes to."""

import math

import numpy as np
import pytest

import fdgm
from fdgm import DGflowRefiner
from fdgm.refiners import DDLSRefiner, DOTRefiner, LatentGenerator

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
N = 8192
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(2000, 1))


@pytest.fixture(scope="module")
def generator(affine):
    return LatentGenerator(affine(), latent_size=1)


def moments_are(rows, mean, variance):
    """Within four standard errors of N draws from N(mean, variance)."""
    assert float(rows.mean()) == pytest.approx(mean, abs=4 * math.sqrt(variance / len(rows)))
    assert float(rows.var()) == pytest.approx(variance, rel=4 * math.sqrt(2 / len(rows)))


def test_ddls_comes_to_the_prior_tilted_by_the_ratio(generator, log_ratio):
    """p_Z e^{T∘g} is the data's distribution. The chain z ← (1 − εa/2) z + √ε ξ, a = 1/VARIANCE, forgets by e^{−12}."""
    epsilon, a = 0.05, 1 / VARIANCE
    refiner = DDLSRefiner(
        generator, ratio=log_ratio, step_size=epsilon, n_steps=120, noise_scale=1.0, random_state=0
    ).fit(DATA)
    moments_are(refiner.sample(N), MEAN, VARIANCE / (1 - epsilon * a / 4))


def test_dgflow_with_a_stale_ratio_forgets_the_prior(generator, log_ratio):
    """The distribution is ∝ e^{T∘g/γ}: its curvature is that of T alone, divided by γ."""
    gamma, step_size, a = 0.5, 0.02, 1 / VARIANCE - 1
    refiner = DGflowRefiner(
        generator, "kl", ratio=log_ratio, noise=gamma, step_size=step_size, n_steps=200, random_state=0, stop=None
    ).fit(DATA)
    moments_are(refiner.sample(N), MEAN / VARIANCE / a, gamma / a / (1 - step_size * a / 2))


def test_dgflow_with_a_stale_ratio_and_no_noise_comes_to_a_point(generator, log_ratio):
    """The greatest T: long stale flows spoil samples."""
    refiner = DGflowRefiner(generator, ratio=log_ratio, step_size=0.02, n_steps=300, random_state=0, stop=None).fit(
        DATA
    )
    rows = refiner.sample(1000)
    # From |z| < 5 by (1 − 0.06)^300 = 9e-9; float32 at 1 is 1e-7.
    np.testing.assert_allclose(rows, MEAN / VARIANCE / (1 / VARIANCE - 1), rtol=0, atol=1e-5)


def test_dot_is_the_proximal_step(generator, log_ratio):
    """−T(u) + (u − z)²/(2λ) is least at u = (z/λ + MEAN/VARIANCE)/(1/λ + 1/VARIANCE − 1)."""
    refiner = DOTRefiner(generator, ratio=log_ratio, step_size=0.3, n_steps=1500, lr=0.005, random_state=0).fit(DATA)
    z = np.linspace(-2, 2, 9)[:, None]
    expected = (z / 0.3 + MEAN / VARIANCE) / (1 / 0.3 + 1 / VARIANCE - 1)
    np.testing.assert_allclose(refiner.refine_latents(z), expected, rtol=0, atol=0.01)  # two learning rates of Adam


@pytest.mark.parametrize("space", ["data", "latent"])
def test_an_affine_generator_moves_alike_in_both_spaces(affine, log_ratio, space):
    """x = 2z + 1: a step η in z is one of 4η in x; in scaled units, of 4η over the variance."""
    generator = LatentGenerator(affine(2.0, 1.0), latent_size=1)
    eta = 0.01 if space == "latent" else 0.04 / DATA.var()
    refiner = DGflowRefiner(generator, ratio=log_ratio, space=space, step_size=eta, n_steps=1, stop=None).fit(DATA)
    z = np.linspace(-1, 1, 5, dtype=np.float32)[:, None]
    x = 2 * z + 1
    moved = refiner.refine(z if space == "latent" else x)
    expected = x + 0.04 * (x - (x - MEAN) / VARIANCE)
    np.testing.assert_allclose(moved, expected, rtol=1e-5, atol=1e-5)  # a dozen operations in float32


@pytest.mark.parametrize("divergence", sorted(set(fdgm.available("divergence")) - {"kl"}))
def test_no_divergence_turns_back(generator, log_ratio, divergence):
    """Every weight is positive: each point moves the way that KL moves it."""
    z = np.linspace(-1, 1, 8)[:, None]
    moves = [
        DGflowRefiner(generator, name, ratio=log_ratio, step_size=1e-3, n_steps=1, stop=None)
        .fit(DATA)
        .refine_latents(z)
        - z
        for name in ("kl", divergence)
    ]
    assert (moves[0] * moves[1] > 0).all()


def test_all_is_kl_with_every_weight_one(generator, log_ratio):
    z = np.linspace(-1, 1, 8)[:, None]
    both = [
        DGflowRefiner(generator, name, ratio=log_ratio, n_steps=3, step_size=0.01, stop=None).fit(DATA).refine(z)
        for name in ("all", "kl")
    ]
    np.testing.assert_array_equal(*both)


def test_the_clip_holds_the_ratio_and_not_the_weight(generator, log_ratio):
    """Clamped to 1, the ratio has JS's weight ½ everywhere: KL's flow at half the step."""
    z = np.linspace(-1, 1, 8)[:, None]
    half, clipped = (
        DGflowRefiner(generator, name, ratio=log_ratio, n_steps=4, step_size=step, scale_clip=clip, stop=None)
        .fit(DATA)
        .refine(z)
        for name, step, clip in (("kl", 0.005, None), ("js", 0.01, 1.0))
    )
    np.testing.assert_allclose(clipped, half, rtol=1e-6)
