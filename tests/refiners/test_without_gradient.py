"""Refiners that need no gradient of the log-ratio."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner
from fdgm.ratios import ClassifierRatio, DensityRatio
from fdgm.refiners import (
    CrankNicolsonRefiner,
    ImportanceRefiner,
    LatentGenerator,
    MetropolisHastingsRefiner,
    RejectionRefiner,
)
from fdgm.refiners._prior import Prior

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
N = 8192
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(2000, 1))


class Exact(DensityRatio):
    """The log-ratio of the data to N(0, 1), of arrays alone. Rows come in the data's standard deviations."""

    def _fit(self, X_p, X_q):
        self.mean_, self.std_ = float(X_q.mean()), float(X_q.std())

    def _log_ratio(self, X):
        x = (X[:, 0] - self.mean_) / self.std_
        return x**2 / 2 - (x - MEAN) ** 2 / (2 * VARIANCE)


@pytest.fixture(scope="module")
def generator(affine):
    return LatentGenerator(affine(), latent_size=1)


def moments_are(rows, *, bias=0.0):
    """Within four standard errors of the data's distribution, and `bias` standard deviations."""
    spread = math.sqrt(VARIANCE)
    assert rows.mean() == pytest.approx(MEAN, abs=4 * spread / math.sqrt(len(rows)) + bias * spread)
    assert rows.var() == pytest.approx(VARIANCE, rel=4 * math.sqrt(2 / len(rows)) + bias)


@pytest.mark.parametrize("beta", [0.2, 0.7, 1.0])
def test_crank_nicolson_comes_to_the_prior_tilted_by_the_ratio_at_any_step(generator, log_ratio, beta):
    """p_Z e^{T∘g} is the data's distribution here."""
    refiner = CrankNicolsonRefiner(generator, ratio=log_ratio, step_size=beta, n_steps=150, random_state=0).fit(DATA)
    moments_are(refiner.sample(N))


@pytest.mark.parametrize(("bounds", "law"), [(None, ("norm", (0, 1))), ((0.0, 3.0), ("uniform", (0, 3)))])
@pytest.mark.parametrize("beta", [0.1, 1.0])
def test_proposals_leave_the_prior_as_it_is(bounds, law, beta):
    prior, source = Prior(1, bounds), torch.Generator().manual_seed(0)
    latents = prior.sample(4000, source)
    assert kstest(prior.proposed(latents, beta, source)[:, 0].numpy(), *law).pvalue > 0.01


class Steps(torch.nn.Module):
    """Latents rounded to tenths, without a gradient."""

    def forward(self, z):
        return (10 * z).round() / 10


def test_crank_nicolson_takes_generators_and_ratios_without_a_gradient():
    refiner = CrankNicolsonRefiner(LatentGenerator(Steps(), 1), ratio=Exact(), n_steps=100, random_state=0).fit(DATA)
    # Exact's units are 5,000 samples' mean and standard deviation: 4/√5000 of one, which 1/VARIANCE − 1 makes 3 times.
    moments_are(refiner.sample(N), bias=0.2)
    with pytest.raises(ValueError, match=r"gradient in x, got Exact\(\), which has none"):
        DGflowRefiner(LatentGenerator(Steps(), 1), ratio=Exact(), random_state=0).fit(DATA)


def test_importance_draws_in_proportion_to_the_ratio(generator, log_ratio):
    """With 200 candidates the distribution is the data's, to 1/200 of the ratio's variance."""
    refiner = ImportanceRefiner(generator, ratio=log_ratio, n_candidates=200, calibration=None, random_state=0).fit(
        DATA
    )
    moments_are(refiner.sample(2000), bias=0.03)


def test_importance_of_a_group_is_by_weights():
    """Of log-weights 0 and log 3, the second three times in four; four standard errors of 20,000 draws."""
    refiner = ImportanceRefiner(n_candidates=2)
    refiner._params = type("Params", (), {"n_candidates": 2})
    t = np.tile([0.0, math.log(3)], 20_000)
    chosen = refiner._select(t, np.random.default_rng(0))
    assert len(set(chosen // 2)) == 20_000
    assert (chosen % 2).mean() == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / 20_000) ** 0.5)


@pytest.mark.parametrize("make", [RejectionRefiner, MetropolisHastingsRefiner, ImportanceRefiner])
def test_choosers_take_a_ratio_without_a_gradient(generator, make):
    refiner = make(generator, ratio=Exact(), random_state=0).fit(DATA)
    moments_are(refiner.sample(2000), bias=0.3)


def test_boosted_trees_bring_a_mixture_closer():
    """Two modes against one normal distribution: few samples are left in the gap."""
    rng = np.random.default_rng(0)
    X = rng.choice([-2.0, 2.0], size=(1200, 1)) + rng.normal(size=(1200, 1)) / 4
    mixture = GaussianMixture(random_state=0).fit(X)
    trees = ClassifierRatio(HistGradientBoostingClassifier(max_iter=50, random_state=0))
    in_gap = (np.abs(mixture.sample(2000)[0]) < 1).mean()
    refiner = RejectionRefiner(mixture, ratio=trees, random_state=0).fit(X)
    assert (np.abs(refiner.sample(2000)) < 1).mean() < in_gap / 4


def test_in_files(generator, tmp_path):
    for name, refiner in {
        "pCN": CrankNicolsonRefiner(generator, ratio="classifier", n_steps=2, random_state=0),
        "importance": ImportanceRefiner(generator, ratio="classifier", n_candidates=4, random_state=0),
    }.items():
        fitted = refiner.fit(DATA[:200])
        fitted.save(tmp_path / name)
        again = fdgm.load(tmp_path / name, generator=generator)
        np.testing.assert_array_equal(again.sample(9, random_state=1), fitted.sample(9, random_state=1))


@pytest.mark.parametrize("beta", [0.0, 1.1])
def test_bad_steps(generator, beta):
    with pytest.raises(ValueError, match=f"Got {beta}"):
        CrankNicolsonRefiner(generator, step_size=beta).fit(DATA)
