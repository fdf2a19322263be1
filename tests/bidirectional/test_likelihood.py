"""Annealed importance sampling, against likelihoods in closed form."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from fdgm import AGEBidirectional
from fdgm.architectures import MLP
from fdgm.bidirectional import VAE, Batch
from fdgm.bidirectional._likelihood import annealed_log_likelihood
from fdgm.bidirectional._variational import ELBO
from fdgm.options import Gradient

LOADINGS = torch.tensor([[1.0, 0.5, -0.3], [0.0, 0.8, 1.2]])
STD = 0.2


def estimate(points, **settings):
    """log p(x) under x = z LOADINGS + STD ε."""
    n_chains = settings["n_chains"]
    repeated = points.repeat(n_chains, 1)

    def log_likelihood(z):
        squares = ((repeated - z @ LOADINGS) / STD).square().sum(dim=1)
        return -squares / 2 - 3 * math.log(STD * math.sqrt(2 * math.pi))

    source = torch.Generator().manual_seed(0)
    return annealed_log_likelihood(log_likelihood, len(points), 2, source=source, **settings)


def test_it_is_that_of_probabilistic_principal_components():
    """Estimates scatter by 0.09 around the truth: their mean over 20 points by 0.02, and no point is 5 times off."""
    distribution = MultivariateNormal(torch.zeros(3), LOADINGS.T @ LOADINGS + STD**2 * torch.eye(3))
    points = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)) @ LOADINGS
    error = estimate(points, n_temperatures=300, n_chains=50) - distribution.log_prob(points)
    assert error.abs().max() < 0.45
    assert error.mean().abs() < 0.08


def test_with_one_temperature_it_is_importance_sampling_from_the_prior():
    """Far too low where the posterior is narrow, which annealing mends."""
    points = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)) @ LOADINGS
    few, many = (estimate(points, n_temperatures=n, n_chains=5).mean() for n in (1, 300))
    assert few < many - 0.5


@pytest.fixture(scope="module", params=["gaussian", "isotropic"])
def vae(request):
    """Of data with a constant column, in units far from standard ones."""
    X = np.random.default_rng(0).normal([5.0, 0.0], [100.0, 0.0], size=(200, 2))
    small = {"architecture": MLP(width=8, depth=1), "latent_size": 1, "max_iter": 2, "method": Gradient(n_updates=5)}
    return VAE(**small, generator=request.param, random_state=0).fit(X), X


def test_the_elbo_is_below_the_likelihood(vae):
    """On average over rows: the first scatters by less than 0.1 around its mean, the second is too low if anything."""
    model, X = vae
    bound = model.elbo(X[:20], n_draws=500, random_state=0)
    likelihood = model.log_likelihood(X[:20], n_temperatures=100, random_state=0)
    assert bound.mean() < likelihood.mean() + 0.1


def test_the_likelihood_is_a_density_in_the_datas_units(vae):
    """It integrates to one over the column that varies, by a rule of 81 points over ten deviations to each side."""
    model, _ = vae
    ticks = np.linspace(-995, 1005, 81)
    grid = np.column_stack([ticks, np.zeros(81)])
    density = np.exp(model.log_likelihood(grid, n_temperatures=50, n_chains=30, random_state=0))
    assert density.sum() * (ticks[1] - ticks[0]) == pytest.approx(1.0, abs=0.1)


def test_each_rows_likelihood_is_its_own(vae):
    """By a rule of 2,001 points over the one latent; 300 temperatures and 30 chains scatter by less than 0.1."""
    model, X = vae
    rows = np.concatenate([X[:4], X[:4] * [3, 1]])
    z = torch.linspace(-8, 8, 2001)[:, None]
    with torch.no_grad():
        mean, log_std = model.net_.generator_.mean_and_log_std(z)
        given = Normal(mean[:, :1], log_std[:, :1].exp()).log_prob(model._scaler.to_tensor(rows)[:, :1].T)
        joint = given + Normal(0.0, 1.0).log_prob(z)
        expected = (joint.logsumexp(dim=0) + math.log(16 / 2000)).numpy() - math.log(model._scaler.scale[0])
    assert np.ptp(expected) > 1
    found = model.log_likelihood(rows, n_temperatures=300, n_chains=30, random_state=0)
    np.testing.assert_allclose(found, expected, atol=0.4)


def test_the_elbo_is_cycle_consistency_minus_the_encoders_divergence(vae):
    """Which is known in closed form, whatever was drawn."""
    model, X = vae
    with torch.no_grad():
        mean, log_std = model.net_.encoder_.mean_and_log_std(model._scaler.to_tensor(X))
    expected = kl_divergence(Normal(mean, log_std.exp()), Normal(0.0, 1.0)).sum(dim=1)
    for n_draws in (2, 40):
        settings = {"n_draws": n_draws, "random_state": 0}
        kl = model.cycle_consistency(X, **settings) - model.elbo(X, **settings)
        np.testing.assert_allclose(kl, expected, rtol=1e-4, atol=1e-5)  # sums of float32, of numbers up to 10


def test_training_is_by_the_elbo_of_the_columns_that_vary(vae):
    """A constant has no density, and a deviation that every column shares would learn it as certain."""
    model, X = vae
    rows = model._scaler.to_tensor(X)
    noise = torch.randn(len(X), model.net_.encoder_.noise_size, generator=torch.Generator().manual_seed(0))
    empty = torch.zeros(len(X), 0)
    with torch.no_grad():
        loss = ELBO().loss(model.net_.joint_, Batch(rows, empty, noise, empty), None, None)
        mean, log_std = model.net_.encoder_.mean_and_log_std(rows)
        of_x, log_std_of_x = model.net_.generator_.mean_and_log_std(mean + log_std.exp() * noise)
        distribution = Normal(of_x[:, 0], log_std_of_x[:, 0].exp())
        density = distribution.log_prob(rows[:, 0])
        kl = kl_divergence(Normal(mean, log_std.exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(loss, (kl - density).mean())


@pytest.mark.parametrize("method", ["log_likelihood", "elbo", "cycle_consistency"])
@pytest.mark.parametrize("generator", ["deterministic", "implicit"])
def test_a_generator_without_density(method, generator):
    X = np.random.default_rng(0).normal(size=(50, 2))
    model = AGEBidirectional(
        architecture=MLP(width=8), generator=generator, max_iter=1, method=Gradient(n_updates=1)
    ).fit(X)
    with pytest.raises(ValueError, match=rf"{method} of .*generator='{generator}'.*set generator='gaussian'"):
        getattr(model, method)(X)


def test_an_encoder_without_density():
    X = np.random.default_rng(0).normal(size=(50, 2))
    architecture = MLP(width=8)
    model = AGEBidirectional(
        architecture=architecture, encoder="implicit", generator="gaussian", max_iter=1, method=Gradient(n_updates=1)
    ).fit(X)
    assert np.isfinite(model.log_likelihood(X[:2], n_temperatures=2, n_chains=2)).all()
    with pytest.raises(ValueError, match=r"encoder='implicit'.*set encoder='gaussian'"):
        model.elbo(X)


@pytest.mark.parametrize(("name", "value"), [("n_temperatures", 0), ("n_chains", -1), ("n_chains", 2.5)])
def test_counts_out_of_range(vae, name, value):
    model, X = vae
    with pytest.raises((TypeError, ValueError), match=f"{name} of log_likelihood .*{value}"):
        model.log_likelihood(X, **{name: value})


def test_chains_of_images_are_run_a_few_hundred_at_once(monkeypatch):
    """Their layers hold half a megabyte a chain: at the defaults all at once were 15 GB."""
    images = np.random.default_rng(0).uniform(-1, 1, size=(60, 1, 8, 8))
    model = VAE(architecture=MLP(width=8), latent_size=2, max_iter=1, random_state=0, method=Gradient(n_updates=1)).fit(
        images
    )
    whole = model.log_likelihood(images[:17], n_temperatures=1, n_chains=30, random_state=0)
    sizes = []

    def counting(log_likelihood, n, latent_size, **settings):
        sizes.append(n * settings["n_chains"])
        return annealed_log_likelihood(log_likelihood, n, latent_size, **settings)

    monkeypatch.setattr("fdgm.bidirectional._density.annealed_log_likelihood", counting)
    values = model.log_likelihood(images, n_temperatures=1, n_chains=30, random_state=0)
    assert max(sizes) <= 512
    assert sum(sizes) == 60 * 30
    np.testing.assert_array_equal(values[:17], whole)  # the first chunk, by its own seed
