"""The corrector, from another model's critic, on normal distributions, where all the log-ratios are quadratic."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner, GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import Adam, Network
from fdgm.ratios import LogisticRatio
from fdgm.refiners import CorrectedRatio, MetropolisHastingsRefiner

SOURCE, MODEL = (0.5, 1.5), (-1.0, 1.0)  # mean and standard deviation; the data's are 0 and 1
N = 5000
DATA = np.random.default_rng(0).normal(size=(N, 1))
DATA = (DATA - DATA.mean()) / DATA.std()
GENERATED = np.random.default_rng(1).normal(*MODEL, size=(N, 1))
POINTS = np.linspace(-1.5, 1.5, 7)[:, None]
STILL = LogisticRatio(
    max_iter=1, n_critic_steps=1, validation_fraction=None, optimizer=Adam(lr=1e-12)
)  # moves no weight
QUICK = LogisticRatio(max_iter=1, n_critic_steps=2)


@pytest.fixture(scope="module")
def source(normals):
    return normals[0](DATA, *SOURCE)


def values(coefficients):
    return np.polynomial.polynomial.polyval(POINTS[:, 0], coefficients)


def standard_errors(of):
    """Of a quadratic logistic regression of N source rows against N model rows, at POINTS: from Fisher information."""
    x = np.concatenate([np.random.default_rng(2).normal(*SOURCE, size=N), GENERATED[:, 0]])
    probability = 1 / (1 + np.exp(-np.polynomial.polynomial.polyval(x, of)))
    features = x[:, None] ** np.arange(3)
    covariance = np.linalg.inv(features.T * (probability * (1 - probability)) @ features)
    at = POINTS ** np.arange(3)
    return np.sqrt(np.einsum("ni,ij,nj->n", at, covariance, at))


def test_it_is_the_log_ratio_of_data_to_the_model(source, normals):
    """And not the source's, from which it is many standard errors away."""
    truth = values(normals[1]((0.0, 1.0), MODEL))
    training = LogisticRatio(
        validation_fraction=None, optimizer=Adam(lr=0.02)
    )  # weights have 1.4 to go, which a lower rate does not
    ratio = CorrectedRatio(source, training, random_state=0).fit(DATA, GENERATED)
    error = standard_errors(normals[1](SOURCE, MODEL))
    # Four standard errors, and as much again for batches of 256 in the place of all rows, at a falling rate.
    assert (np.abs(ratio.log_ratio(POINTS) - truth) < 8 * error).all()
    assert np.abs(source.log_ratio(POINTS) - truth).max() > 20 * error.max()


def test_the_corrector_begins_from_the_critics_weights(source):
    """Untrained it is the critic once more."""
    ratio = CorrectedRatio(source, STILL).fit(DATA, GENERATED)
    np.testing.assert_allclose(ratio.corrector_.log_ratio(POINTS), source.log_ratio(POINTS), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ratio.log_ratio(POINTS), 2 * source.log_ratio(POINTS), rtol=1e-4, atol=1e-5)


def test_the_source_is_left_as_it_was(source):
    """Its critic's weights, and what is left of its own training's gradients."""
    critic = list(source.net_.critic_.parameters())
    before = [(weight.detach().clone(), weight.grad.clone()) for weight in critic]
    CorrectedRatio(source, QUICK).fit(DATA, GENERATED)
    for weight, (value, gradient) in zip(critic, before, strict=True):
        assert torch.equal(weight, value)
        assert torch.equal(weight.grad, gradient)


def test_a_refiner_fits_it_in_the_datas_units(normals):
    """X is 3x + 100, so that the refiner's units are not X's."""
    X, generated = 3 * DATA + 100, 3 * GENERATED + 100
    source = normals[0](X, *SOURCE)
    ratio = CorrectedRatio(source, STILL, random_state=0)
    refiner = DGflowRefiner(ratio=ratio, n_steps=1, step_size=0.01, stop=None).fit(X, X_generated=generated)
    rows = 3 * POINTS + 100
    np.testing.assert_allclose(refiner.log_ratio(rows), 2 * source.log_ratio(rows), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("refiner", [partial(DGflowRefiner, stop=None), MetropolisHastingsRefiner])
def test_any_refiner_takes_it(X, sampler, refiner):
    ratio = CorrectedRatio(sampler, QUICK)
    fitted = refiner(GaussianMixture(random_state=0), n_steps=2, ratio=ratio, random_state=0).fit(X)
    assert fitted.ratio_ is not ratio
    assert fitted.sample(5).shape == (5, 2)


def test_a_refined_file_holds_source_and_corrector(X, sampler, tmp_path):
    mixture = GaussianMixture(random_state=0).fit(X)
    refiner = DGflowRefiner(
        mixture, ratio=CorrectedRatio(sampler, QUICK), n_steps=4, refresh=2, random_state=0, step_size=0.01, stop=None
    ).fit(X)
    refiner.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r", generator=mixture)
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))
    assert isinstance(again.ratio.source, VGrowSampler)


def test_a_file_of_its_own(X, sampler, tmp_path):
    frame = pd.DataFrame(X, columns=["a", "b"])
    ratio = CorrectedRatio(sampler, QUICK, random_state=0).fit(frame, frame + 1)
    ratio.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r")
    np.testing.assert_array_equal(again.log_ratio(frame), ratio.log_ratio(frame))
    np.testing.assert_array_equal(again.log_ratio_p_, ratio.log_ratio_p_)
    assert list(again.feature_names_in_) == ["a", "b"]


def test_a_clone_keeps_the_source_and_forgets_the_corrector(X, sampler):
    ratio = CorrectedRatio(sampler, QUICK).fit(X, X + 1)
    made = clone(ratio)
    assert made.source is sampler
    assert not hasattr(made, "corrector_")
    assert clone(DGflowRefiner(ratio=ratio, step_size=0.01, stop=None)).ratio.source is sampler


def test_the_same_seed_gives_the_same_bits(X, sampler):
    one, other = (CorrectedRatio(sampler, QUICK, random_state=3).fit(X, X + 1).log_ratio(X) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_normalised_weights_are_plain_in_the_corrector(X):
    """So that it can be sent to other processes."""
    architecture = MLP(width=8, depth=1, spectral_norm=True)
    gan = GANSampler(architecture=architecture, max_iter=1, n_generator_steps=2, n_warmup_steps=0, random_state=0).fit(
        X
    )
    ratio = CorrectedRatio(gan, STILL).fit(X, X + 1)
    np.testing.assert_allclose(ratio.corrector_.log_ratio(X), gan.log_ratio(X), rtol=1e-4, atol=1e-5)
    gan.log_ratio(X)  # the original keeps its normalisation
    again = pickle.loads(pickle.dumps(ratio.corrector_))
    np.testing.assert_array_equal(again.log_ratio(X), ratio.corrector_.log_ratio(X))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (torch.nn.Linear(2, 1), TypeError, "VGrowSampler or a GANSampler.*got Linear"),
        (None, TypeError, "got None"),
        (VGrowSampler(), NotFittedError, "must be fitted, got VGrowSampler"),
    ],
)
def test_sources_that_are_none(X, source, error, message):
    with pytest.raises(error, match=f"source of CorrectedRatio .*{message}"):
        DGflowRefiner(GaussianMixture(random_state=0), ratio=CorrectedRatio(source), step_size=0.01, stop=None).fit(X)


def test_a_source_of_other_rows(sampler):
    rows = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ValueError, match=r"samples' shape \(3,\), got one of rows of shape \(2,\)"):
        CorrectedRatio(sampler).fit(rows, rows)


def test_a_source_without_a_network_for_its_critic(X):
    source = VGrowSampler(
        ratio="ulsif", max_iter=1, random_state=0, generator=Network(n_particles=64, n_particle_steps=1)
    ).fit(X)
    with pytest.raises(ValueError, match=r"(?s)network for its critic.*got VGrowSampler.*ratio=None"):
        CorrectedRatio(source).fit(X, X)


def test_a_source_whose_critic_judges_rows_together(X):
    source = GANSampler(regularizer="packing", max_iter=1, n_generator_steps=1, n_warmup_steps=0, random_state=0).fit(X)
    with pytest.raises(ValueError, match="function of single rows"):
        CorrectedRatio(source).fit(X, X)


def test_a_corrector_with_an_architecture(X, sampler):
    with pytest.raises(ValueError, match=r"architecture of LogisticRatio must be None with a critic.*got 'mlp'"):
        CorrectedRatio(sampler, LogisticRatio(architecture="mlp")).fit(X, X)
