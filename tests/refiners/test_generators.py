"""Every kind of generator, in two lines."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from fdgm import DGflowRefiner, GANSampler, VGrowSampler, datasets
from fdgm.architectures import MLP
from fdgm.metrics import energy_distance
from fdgm.ratios import LogisticRatio
from fdgm.refiners import DDLSRefiner, DOTRefiner


class Plain:
    """Anything with sample(n)."""

    def sample(self, n):
        return np.random.default_rng(0).normal(size=(n, 2))


@pytest.mark.parametrize(
    "generator",
    [GaussianMixture(random_state=0), KernelDensity(), Plain(), FrozenEstimator(KernelDensity().fit(np.eye(2)))],
    ids=["GaussianMixture", "KernelDensity", "sample(n)", "FrozenEstimator"],
)
def test_rows_are_moved_in_the_data_space(X, generator):
    refiner = DGflowRefiner(generator, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)
    assert (refiner.space_, refiner.sample(5).shape) == ("data", (5, 2))


@pytest.mark.parametrize("refiner", [partial(DGflowRefiner, stop=None), DOTRefiner, DDLSRefiner])
def test_a_sampler_lends_its_critic_and_is_not_trained(X, sampler, refiner):
    fitted = refiner(sampler, n_steps=2, random_state=0).fit(X)
    assert fitted.generator_ is not sampler  # what happens to the sampler later is none of the refiner's
    np.testing.assert_array_equal(fitted.log_ratio(X), sampler.log_ratio(X))
    assert fitted.sample(5).shape == (5, 2)


def test_without_a_step_a_sampler_samples_its_own(X, sampler):
    """Latents z, refined in no step, are the generator's rows of z."""
    z = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    size, generate = sampler._scaled_generator()
    refined = DGflowRefiner(sampler, n_steps=0, step_size=0.01, stop=None).fit(X).refine(z)
    with torch.no_grad():
        rows = generate(torch.from_numpy(np.pad(z, ((0, 1020), (0, 0)), mode="edge")))[:4].numpy()
    np.testing.assert_allclose(refined, sampler._scaler.mean + sampler._scaler.scale * rows, rtol=1e-5)
    assert size == 3


def test_a_zuko_flow(X):
    zuko = pytest.importorskip("zuko")
    flow = zuko.flows.NSF(2, transforms=1, hidden_features=(4,))
    refiner = DGflowRefiner(flow, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)
    assert (refiner.space_, refiner.sample(5).shape) == ("latent", (5, 2))


@pytest.mark.parametrize("refine", [DDLSRefiner, DGflowRefiner])
def test_a_zuko_flow_with_a_bounded_base_keeps_its_bounds(X, refine):
    """T grows along the first latent without end."""
    zuko = pytest.importorskip("zuko")
    flow = zuko.flows.Flow(
        zuko.lazy.UnconditionalTransform(zuko.transforms.IdentityTransform),
        zuko.lazy.UnconditionalDistribution(zuko.distributions.BoxUniform, -torch.ones(2), torch.ones(2), buffer=True),
    )
    refiner = refine(flow, ratio=lambda x: 50 * x[:, 0], step_size=0.1, n_steps=30, random_state=0).fit(X)
    latents = refiner.refine_latents(np.zeros((100, 2)))
    assert (np.abs(latents) <= 1).all()
    with pytest.raises(ValueError, match="prior"):
        refiner.refine_latents(np.full((1, 2), 1.5))


def test_a_critic_that_judges_rows_together_is_not_taken(X):
    """A GAN with packing has no log-ratio of single rows, so that one is trained."""
    params = {
        "n_generator_steps": 1,
        "n_warmup_steps": 0,
        "max_iter": 1,
        "batch_size": 32,
        "architecture": MLP(width=8, depth=1),
    }
    packed = GANSampler(regularizer="packing", random_state=0, **params).fit(X)
    refiner = DGflowRefiner(packed, n_steps=1, random_state=0, step_size=0.01, stop=None).fit(X)
    assert isinstance(refiner.ratio_, LogisticRatio)
    assert refiner.space_ == "latent"


def test_rows_that_were_given(X):
    given = X + 1
    refiner = DGflowRefiner(n_steps=0, random_state=0, step_size=0.01, stop=None).fit(X, X_generated=given)
    rows = refiner.sample(len(given))
    order = np.lexsort(rows.T), np.lexsort(given.T)
    np.testing.assert_allclose(rows[order[0]], given[order[1]], rtol=1e-5)  # each once, through float32


def test_an_estimator_that_is_not_fitted_is_fitted_on_a_clone(X):
    generator = GaussianMixture(random_state=0)
    refiner = DGflowRefiner(generator, n_steps=1, step_size=0.01, stop=None).fit(X)
    assert not vars(generator).get("converged_")
    assert refiner.generator_.converged_


def test_a_clone_keeps_a_fitted_generator(sampler):
    refiner = DGflowRefiner(sampler, n_steps=3, ratio="ulsif", step_size=0.01, stop=None)
    copy = clone(refiner)
    assert copy.generator is sampler
    assert copy.get_params(deep=False) == refiner.get_params(deep=False)


def test_grid_search_over_a_fitted_sampler(X, sampler):
    search = GridSearchCV(
        DGflowRefiner(sampler, random_state=0, step_size=0.01, stop=None),
        {"n_steps": [0, 2]},
        cv=2,
        error_score="raise",
    )
    best = search.fit(X).best_estimator_
    np.testing.assert_array_equal(best.generator_.sample(5, random_state=0), sampler.sample(5, random_state=0))


@pytest.mark.parametrize("ratio", ["kliep", "ulsif", "rulsif"])
def test_density_ratios_by_name(X, ratio):
    refiner = DGflowRefiner(
        KernelDensity(bandwidth=2.0), ratio=ratio, n_steps=2, random_state=0, step_size=0.01, stop=None
    ).fit(X)
    assert np.isfinite(refiner.sample(10)).all()


def test_another_samplers_critic(X, sampler):
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio=sampler, n_steps=2, step_size=0.01, stop=None).fit(X)
    # The critic is asked in X's units, in float64 on its side and float32 here.
    np.testing.assert_allclose(refiner.log_ratio(X), sampler.log_ratio(X), rtol=1e-3, atol=1e-4)


def test_a_wasserstein_critic_is_taken_as_the_log_ratio(X):
    """Appendix B: KL's step is along the gradient of the critic's output."""
    gan = GANSampler("wasserstein_gp", max_iter=1, n_generator_steps=2, n_warmup_steps=0, random_state=0).fit(X)
    refiner = DGflowRefiner(gan, space="data", n_steps=1, step_size=0.1, stop=None).fit(X)
    rows = torch.from_numpy(X[:5].astype(np.float32)).requires_grad_()
    (gradient,) = torch.autograd.grad(gan.log_ratio_tensor(rows).sum(), rows)
    expected = X[:5] + 0.1 * gan._scaler.scale**2 * gradient.numpy()
    np.testing.assert_allclose(refiner.refine(X[:5]), expected, rtol=1e-4, atol=1e-4)


def test_a_torch_critic_with_a_column_of_outputs(X):
    critic = torch.nn.Linear(2, 1)
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio=critic, n_steps=2, step_size=0.01, stop=None).fit(X)
    assert refiner.log_ratio(X).shape == (300,)
    assert critic.weight.grad is None


def test_dataframes_come_back(X):
    frame = pd.DataFrame(X, columns=["a", "b"])
    refiner = DGflowRefiner(GaussianMixture(random_state=0), n_steps=1, step_size=0.01, stop=None).fit(frame)
    for rows in (refiner.sample(3), refiner.refine(frame), refiner.transform(frame)):
        assert list(rows.columns) == ["a", "b"]


def test_none_fits_a_sampler(X, sampler, monkeypatch):
    monkeypatch.setattr(VGrowSampler, "fit", lambda self, X: sampler)
    assert DGflowRefiner(n_steps=1, step_size=0.01, stop=None).fit(X).generator_ is sampler


def test_the_ratio_of_a_generator_without_a_critic_is_neural(X):
    refiner = DGflowRefiner(GaussianMixture(random_state=0), n_steps=1, step_size=0.01, stop=None).fit(X)
    assert isinstance(refiner.ratio_, LogisticRatio)


def test_a_mixtures_rows_come_in_an_order_of_chance(X):
    """Its own sample gives one component after another: a part of it would be of a part of them."""
    rows = np.concatenate([X, X + np.array([100, 0])])
    refiner = DGflowRefiner(GaussianMixture(2, random_state=0), n_steps=0, step_size=0.01, stop=None).fit(rows)
    assert 0.3 < (refiner.sample(1000)[:500, 0] > 50).mean() < 0.7


@pytest.mark.slow
def test_a_mixture_of_few_components_learns_the_swiss_roll():
    """With nothing chosen but the step and to stop: the energy distance is less by a fifth; it was halved."""
    X, fresh = (datasets.make_swiss_roll(3000, random_state=seed) for seed in range(2))
    mixture = GaussianMixture(5, random_state=0).fit(X)
    refiner = DGflowRefiner(mixture, step_size=0.001, stop="auto", random_state=0).fit(X)
    before, after = (energy_distance(fresh, rows) for rows in (mixture.sample(3000)[0], refiner.sample(3000)))
    assert after < 0.8 * before
