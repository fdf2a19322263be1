"""DRS and MH-GAN on Gaussians, where what is accepted has the data's distribution."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm.metrics import energy_distance
from fdgm.refiners import LatentGenerator, MetropolisHastingsRefiner, RejectionRefiner

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
N = 4000
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(4000, 1))
BOTH = [(RejectionRefiner, {}), (MetropolisHastingsRefiner, {"n_steps": 60})]


@pytest.fixture(scope="module")
def generator(affine):
    return LatentGenerator(affine(), latent_size=1)


def moments_are(rows, *, bias=0.0):
    """Within four standard errors of N draws from the data's distribution, and `bias` standard deviations."""
    spread = math.sqrt(VARIANCE)
    assert float(rows.mean()) == pytest.approx(MEAN, abs=4 * spread / math.sqrt(len(rows)) + bias * spread)
    assert float(rows.var()) == pytest.approx(VARIANCE, rel=4 * math.sqrt(2 / len(rows)) + bias)


@pytest.mark.parametrize(("refiner", "params"), BOTH)
def test_the_right_ratio_gives_the_datas_law(generator, log_ratio, refiner, params):
    fitted = refiner(generator, ratio=log_ratio, calibration=None, random_state=0, **params).fit(DATA)
    # A chain of 60 is within (1 − 1/M)^60 = 2e-9 of its distribution, M = 3.2 being the greatest ratio.
    moments_are(fitted.sample(N))


@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic"])
@pytest.mark.parametrize(("refiner", "params"), BOTH)
def test_calibration_mends_a_critic_that_is_sure_of_itself(generator, log_ratio, refiner, params, calibration):
    """3T + 1, from which T is learned on 2,000 rows: slopes within a few percent, curves within steps of their own."""
    fitted = refiner(
        generator,
        ratio=lambda x: 3 * log_ratio(x) + 1,
        calibration=calibration,
        validation_fraction=0.5,
        random_state=0,
        **params,
    ).fit(DATA)
    moments_are(fitted.sample(N), bias=0.1)


@pytest.mark.parametrize(("refiner", "params"), BOTH)
def test_refined_rows_are_among_those_given(generator, log_ratio, refiner, params):
    fitted = refiner(generator, ratio=log_ratio, random_state=0, **params).fit(pd.DataFrame(DATA, columns=["x"]))
    rows = np.random.default_rng(2).normal(size=(600, 1))
    chosen = fitted.refine(pd.DataFrame(rows, columns=["x"]))
    assert 0 < len(chosen) < len(rows)
    assert np.isin(chosen["x"], rows).all()


def test_gamma_turns_more_away(generator, log_ratio):
    rows = np.random.default_rng(2).normal(size=(1000, 1))
    kept = [
        len(RejectionRefiner(generator, gamma=gamma, ratio=log_ratio, random_state=0).fit(DATA).refine(rows))
        for gamma in (-2.0, 0.0, 2.0)
    ]
    assert kept[0] > kept[1] > kept[2]


@pytest.mark.parametrize(("refiner", "params"), BOTH)
def test_seeds_and_files(X, sampler, tmp_path, refiner, params):
    fitted = refiner(sampler, random_state=0, **params).fit(X)
    np.testing.assert_array_equal(fitted.sample(9, random_state=1), fitted.sample(9, random_state=1))
    fitted.save(tmp_path / "r")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "r").sample(9), fitted.sample(9))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda g: MetropolisHastingsRefiner(g, n_steps=0), "Got 0"),
        (lambda g: RejectionRefiner(g, calibration="beta"), "Got 'beta'"),
        (lambda g: RejectionRefiner(g, epsilon=-1.0), "Got -1.0"),
        (lambda g: RejectionRefiner(g, validation_fraction=1.0), "Got 1.0"),
    ],
)
def test_bad_input(X, make, message):
    with pytest.raises(ValueError, match=message):
        make(GaussianMixture()).fit(X)


def fraction(probability, n):
    """Of n draws, within four and a half standard errors."""
    return pytest.approx(probability, abs=4.5 * math.sqrt(probability * (1 - probability) / n))


@pytest.mark.parametrize(("gamma", "epsilon"), [(0.0, 0.0), (0.0, 0.5), (0.3, 0.5)])
def test_rejection_is_by_the_published_rule(generator, log_ratio, gamma, epsilon):
    """σ(F − γ) with F = T − log(1 − e^{T − ε}) at T = −1, the greatest T being 0: 1/(1 + e^γ (e^{−T} − e^{−ε}))."""
    refiner = RejectionRefiner(generator, gamma=gamma, epsilon=epsilon, ratio=log_ratio, random_state=0).fit(DATA)
    refiner._generated_t = np.array([-2.0, 0.0])
    n = 100_000
    kept = refiner._select(np.full(n, -1.0), np.random.default_rng(0))
    assert len(kept) / n == fraction(1 / (1 + math.exp(gamma) * (math.e - math.exp(-epsilon))), n)


def test_a_chain_starts_at_a_real_row_and_once_more_where_it_is_stuck(generator, log_ratio):
    """Real rows have a ratio of 1, proposals of 1/2 and 1/8.

    The second is taken from the real row or from the first: 1/2 · 1/8 + 1/2 · 1/4; and of the 7/16 that took neither,
    which begin again at the first proposal, by a quarter.
    """
    refiner = MetropolisHastingsRefiner(generator, n_steps=2, ratio=log_ratio, random_state=0).fit(DATA)
    refiner._held_out_t = np.zeros(1)
    n = 100_000
    last = refiner._select(np.tile(np.log([1 / 2, 1 / 8]), n), np.random.default_rng(0)) % 2
    assert last.mean() == fraction(3 / 16 + 7 / 16 / 4, n)


def test_none_accepted_is_an_error(generator, log_ratio, monkeypatch):
    monkeypatch.setattr("fdgm.refiners._selector._FRUITLESS", 2)
    fitted = RejectionRefiner(generator, gamma=1e6, ratio=log_ratio, random_state=0).fit(DATA)
    with pytest.raises(ValueError, match="got none among 8192"):
        fitted.sample(1)


@pytest.mark.parametrize("oversampling", [1.0, 1.5, 4.0])
def test_oversampling_bounds_the_candidates_for_a_sample(generator, log_ratio, oversampling):
    """Weights are r cut at c: their tilt of the normal is the data's where c is the greatest ratio, M = 3.2."""
    fitted = RejectionRefiner(
        generator, ratio=log_ratio, calibration=None, oversampling=oversampling, random_state=0
    ).fit(DATA)
    candidates = np.random.default_rng(2).normal(size=(20_000, 1))
    chosen = fitted.refine(candidates, random_state=0)
    expected = max(1 / oversampling, 1 / 3.2)
    assert len(chosen) / len(candidates) == pytest.approx(expected, rel=0.08)
    if oversampling == 4.0:
        moments_are(chosen, bias=0.02)


def test_the_effective_sample_size_is_that_of_the_weights(generator, log_ratio):
    """For normals of means 0 and m and variances 1 and v, 1/E_q[w²] is sqrt(v(2 − v)) e^{−m²/(2 − v)}."""
    fitted = RejectionRefiner(generator, ratio=log_ratio, calibration=None, random_state=0).fit(DATA)
    exact = math.sqrt(VARIANCE * (2 - VARIANCE)) * math.exp(-(MEAN**2) / (2 - VARIANCE))
    assert fitted.effective_sample_size_ == pytest.approx(exact, rel=0.06)


def test_boosted_trees_choose_rows_of_arrays(generator):
    before = generator.module(torch.randn(4000, 1, generator=torch.Generator().manual_seed(0))).detach().numpy()
    after = RejectionRefiner(generator, ratio="boosted", random_state=0).fit(DATA).sample(2000, random_state=0)
    assert energy_distance(DATA, after) < energy_distance(DATA, before) / 20


@pytest.mark.parametrize("params", [{"gamma": -1.0}, {"epsilon": 0.1}])
def test_the_published_rule_and_oversampling_exclude_each_other(generator, log_ratio, params):
    refiner = RejectionRefiner(generator, ratio=log_ratio, oversampling=5, **params)
    with pytest.raises(ValueError, match=r"(gamma|epsilon) of RejectionRefiner must be .* with oversampling=5"):
        refiner.fit(DATA)
