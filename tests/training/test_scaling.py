"""What leaves an estimator is in the data's range, no row ruins a column, and training that goes on sees new rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner, GANSampler, VGrowSampler
from fdgm.architectures import DCGAN
from fdgm.bidirectional import VAE
from fdgm.exceptions import TrainingWarning
from fdgm.options import Gradient, Network
from fdgm.ratios import ClassifierRatio, LogisticRatio
from fdgm.refiners import DDLSRefiner, DOTRefiner, MetropolisHastingsRefiner, RejectionRefiner

TINY = {"random_state": 0, "device": "cpu"}
VGROW = {
    **TINY,
    "max_iter": 1,
    "batch_size": 64,
    "generator": Network(n_particles=128, n_particle_steps=2, n_warmup_steps=20),
}
GAN = {"max_iter": 1, "n_generator_steps": 5, "n_warmup_steps": 0, "batch_size": 64, **TINY}
AGE = {**TINY, "max_iter": 1, "batch_size": 64, "method": Gradient(n_updates=5, n_warmup_steps=20)}
MAKERS = {
    "VGrow": lambda **params: VGrowSampler(**VGROW, **params),
    "GAN": lambda **params: GANSampler(**GAN, **params),
    "AGE": lambda **params: AGEBidirectional(**AGE, **params),
    "VAE": lambda **params: VAE(**{**AGE, "method": Gradient(n_updates=5)}, **params),
}
RATIO = LogisticRatio(max_iter=1, n_critic_steps=2, device="cpu")


def beta(n=300, dtype=np.float64):
    return np.random.default_rng(0).beta(0.5, 0.5, size=(n, 2)).astype(dtype)


def inside(rows, low, high):
    rows = np.asarray(rows)
    return bool((rows.astype(np.float64) >= low).all() and (rows.astype(np.float64) <= high).all())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MAKERS)
def test_samples_are_inside_a_data_range(name, dtype):
    model = MAKERS[name](data_range=(0.0, 1.0)).fit(beta(dtype=dtype))
    assert inside(model.sample(500), 0, 1)


@pytest.mark.parametrize("name", MAKERS)
def test_samples_are_inside_the_range_of_each_column_by_default(name):
    X = beta() * [1.0, 50.0] + [0.0, 7.0]
    S = MAKERS[name]().fit(X).sample(500)
    assert inside(S, X.min(axis=0), X.max(axis=0))


def test_samples_without_a_range_are_not_held():
    X = beta()
    S = MAKERS["VAE"](data_range=None).fit(X).sample(500)
    assert not inside(S, X.min(axis=0), X.max(axis=0))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    low=st.floats(-10, 10, width=64),
    width=st.floats(0.01, 100, width=64),
    scaling=st.sampled_from(["auto", "standard", "whole", None]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_samples_are_inside_any_range(low, width, scaling, dtype):
    """0.1 is no float32: the nearest is outside."""
    X = np.clip((low + width * beta(60)), low, low + width).astype(dtype)
    low, high = min(low, float(X.min())), max(low + width, float(X.max()))
    params = {"data_range": (low, high)} if scaling is None else {"scaling": scaling}
    S = GANSampler(**{**GAN, "n_generator_steps": 1}, **params).fit(X).sample(100)
    assert S.dtype == dtype
    assert inside(S, low, high)


def test_what_an_encoder_model_makes_of_rows_is_inside_the_range():
    X = beta()
    model = AGEBidirectional(**AGE, data_range=(0.0, 1.0)).fit(X)
    far = 10 * np.random.default_rng(0).normal(size=(50, model.net_.settings.latent_size))
    for rows in (model.reconstruct(X), model.inverse_transform(far), model.interpolate(X[:20], X[20:40], 3)):
        assert inside(rows, 0, 1)


def test_recorded_particles_are_inside_the_range():
    sampler = VGrowSampler(**{**VGROW, "step_size": 50.0}, record_particles=[1]).fit(beta())
    assert inside(sampler.particles_[1], 0, 1)


@pytest.mark.parametrize("make", [DGflowRefiner, DOTRefiner, DDLSRefiner, RejectionRefiner, MetropolisHastingsRefiner])
def test_refined_samples_are_inside_the_range_of_their_sampler(make):
    X = beta()
    sampler = VGrowSampler(**VGROW, data_range=(0.0, 1.0)).fit(X)
    few = {} if make is RejectionRefiner else {"n_steps": 2}
    refiner = make(sampler, ratio=RATIO, random_state=0, device="cpu", **few).fit(X)
    assert inside(refiner.sample(40), 0, 1)


@pytest.mark.filterwarnings("ignore::fdgm.exceptions.ConstantRatioWarning")  # of few updates
@pytest.mark.filterwarnings("ignore::fdgm.exceptions.UnrefinedWarning")  # so that no plan is kept
@pytest.mark.parametrize("make", [DGflowRefiner, DOTRefiner])
@pytest.mark.parametrize("generator", [GaussianMixture(random_state=0), VGrowSampler(**VGROW)])
def test_a_refiners_own_range_bounds_its_samples(make, generator):
    """Also where the sampler scales each column by itself, so that one range is another of each."""
    X = beta() * [1.0, 0.5]
    refiner = make(generator, ratio=RATIO, n_steps=2, data_range=(0.0, 1.0), random_state=0, device="cpu").fit(X)
    assert inside(refiner.sample(100), 0, 1)
    if make is DGflowRefiner:
        assert inside(refiner.trajectory(20), 0, 1)
        for n_steps in (0, 2):
            refiner.set_params(n_steps=n_steps, space="data").fit(X)
            assert inside(refiner.refine(3 * X - 1), 0, 1)
    with pytest.raises(ValueError, match="to 101"):
        refiner.fit(np.vstack([X, [[0.0, 101.0]]]))


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
@pytest.mark.parametrize("goes_on", ["partial_fit", "warm_start"])
def test_rows_outside_the_range_are_refused_when_training_goes_on(name, goes_on):
    X = beta()
    model = MAKERS[name](data_range=(0.0, 1.0), warm_start=True).fit(X)
    before = model.sample(20, random_state=0)
    with pytest.raises(ValueError, match=r"data_range \(0, 1\), got numbers from .* to 5"):
        (model.partial_fit if goes_on == "partial_fit" else model.fit)(np.vstack([X, [[0.5, 5.0]]]))
    np.testing.assert_array_equal(model.sample(20, random_state=0), before)


def test_the_range_of_each_column_widens_when_training_goes_on():
    model = MAKERS["GAN"]().partial_fit(beta()).partial_fit(beta() * 2)
    assert inside(model._scaler.high, 1.9, 2.0)


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE", "VAE"])
@pytest.mark.parametrize("params", [{}, {"scaling": "standard"}, {"scaling": "whole"}, {"data_range": (-9.0, 9.0)}])
def test_a_column_that_was_constant_in_the_first_call_is_learned_in_the_next(name, params):
    rng = np.random.default_rng(0)
    first = pd.DataFrame({"a": rng.normal(size=200), "b": np.zeros(200)})
    later = first.assign(b=rng.permutation(np.tile([0.0, 1.0], 100)))
    model = MAKERS[name](**params).partial_fit(first)
    assert (model.sample(50)["b"] == 0).all()
    with pytest.warns(TrainingWarning, match="column 'b' was constant"):
        model.partial_fit(later)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit(later)
    assert (model.sample(50)["b"] != 0).any()


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
def test_rows_that_have_moved_are_named(name):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 2)), columns=["a", "b"])
    model = MAKERS[name](warm_start=True).fit(X)
    with pytest.warns(TrainingWarning, match="over 10 standard deviations of the first call away in column 'b'"):
        model.fit(X + np.array([0, 1000.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MAKERS[name]().partial_fit(X).partial_fit(X.iloc[:1])


def test_a_range_that_was_taken_from_the_first_call_is_named_where_rows_leave_it():
    X = np.random.default_rng(0).uniform(0, 1, size=(4, 1, 8, 8)).astype(np.float32)
    model = GANSampler(
        architecture=DCGAN(width=2), **{**GAN, "n_generator_steps": 1, "n_warmup_steps": 0, "batch_size": 2}
    ).partial_fit(X)
    with pytest.warns(TrainingWarning, match="numbers from .* to 3, but its data_range is that of the first call"):
        model.partial_fit(3 * X / X.max())
    assert inside(model.sample(4), 0, X.max())


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
def test_one_outlier_does_not_ruin_a_column(name):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(1000, 2)), columns=["a", "b"])
    clean = MAKERS[name]().fit(X)
    X.loc[7, "b"] = 1e9
    with pytest.warns(TrainingWarning, match=r"column 'b' of X has values up to \S*e\+0[89] standard deviations"):
        model = MAKERS[name]().fit(X)
    S = model.sample(500)
    assert np.abs(S["b"].median()) < 3
    # The score is in units that the row does not set: that of a model of nothing is as low as it was.
    noise = X.drop(index=7) + np.array([0, 100.0])
    assert model.score(noise) == pytest.approx(clean.score(noise), rel=0.5)
    assert model.score(noise) < -5


def test_a_standard_deviation_that_a_few_rows_set_is_named():
    X = np.random.default_rng(0).normal(size=(1000, 2))
    X[:3, 1] = 1e6
    with pytest.warns(TrainingWarning, match=r"set the scale of column 1: .* Set scaling to 'robust'"):
        model = MAKERS["GAN"](scaling="standard").fit(X)
    assert model.score(X + np.array([0, 100.0])) < -5, "the score's units are the same for each scaling"


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.standard_cauchy((500, 2)),
        lambda rng: rng.lognormal(0, 2, (500, 2)),
        lambda rng: rng.normal(size=(500, 2)),
    ],
)
def test_tails_alone_are_no_cause_for_a_warning(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MAKERS["GAN"]().fit(make(np.random.default_rng(0)))


@pytest.mark.parametrize("columns", [[False, True], [True, True]])
def test_constant_columns_come_back_constant(trainee, columns):
    """One of them, or all."""
    X = np.where(columns, 7.25, np.random.default_rng(0).normal(size=(60, 2)))
    model = trainee.fit(trainee.make(), X)
    if trainee.is_ratio:
        assert np.isfinite(model.log_ratio(X)).all()
        return
    S = model.sample(20)
    np.testing.assert_array_equal(S[:, columns], 7.25)
    assert np.isfinite(S).all()


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
def test_positive_data_have_positive_samples(name):
    X = np.random.default_rng(0).lognormal(0, 2, (500, 1))
    assert (MAKERS[name]().fit(X).sample(300) > 0).all()


@pytest.mark.parametrize("unit", [1e-170, 1e-300, 1e-310, 1e290])
@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
def test_columns_of_any_unit_are_sampled_in_it(name, unit):
    X = np.random.default_rng(0).normal(size=(300, 2)) * [unit, 1.0]
    model = MAKERS[name]().fit(X)
    S = model.sample(200)
    assert 0.01 * unit < np.abs(S[:, 0]).max() < 10 * unit
    assert np.isfinite(model.score(X))
    assert np.isfinite(
        DGflowRefiner(model, ratio=RATIO, n_steps=1, random_state=0, step_size=0.01, stop=None).fit(X).sample(5)
    ).all()


@pytest.mark.parametrize("goes_on", ["partial_fit", "update", "fit"])
def test_a_ratio_names_columns_that_begin_to_vary_and_rows_that_have_moved(goes_on):
    rng = np.random.default_rng(0)
    P, Q = (pd.DataFrame({"a": rng.normal(centre, 1, 100), "b": np.zeros(100)}) for centre in (3, 0))
    ratio = LogisticRatio(max_iter=1, n_critic_steps=20, warm_start=True, random_state=0, device="cpu").fit(P, Q)
    later = P.assign(b=1e9 * rng.normal(size=100)), Q.assign(b=1e9 * rng.normal(size=100))
    with pytest.warns(TrainingWarning, match="column 'b' was constant"):
        getattr(ratio, goes_on)(*later)
    assert ratio._scaler.to_tensor(later[0].to_numpy()).abs().max() < 10
    with pytest.warns(TrainingWarning, match="away in column 'a'"):
        getattr(ratio, goes_on)(P.assign(a=P["a"] + 1000), later[1])


def test_a_ratio_of_columns_of_the_smallest_units():
    rng = np.random.default_rng(0)
    P, Q = 1e-170 * rng.normal(1, 1, (400, 1)), 1e-170 * rng.normal(0, 1, (400, 1))
    for ratio in (LogisticRatio(max_iter=10, random_state=0), ClassifierRatio()):
        low, high = ratio.fit(P, Q).log_ratio([[-0.5e-170], [1.5e-170]])
        assert low < -0.3
        assert high > 0.3


def test_a_constant_column_whose_deviation_is_rounding_alone():
    """numpy's deviation of 0.1 in each row is 1e-17; in units of that, the least change is astronomical."""
    rng = np.random.default_rng(0)
    P, Q = (np.column_stack([rng.normal(size=500), np.full(500, 0.1)]) for _ in range(2))
    ratio = ClassifierRatio().fit(P, Q)
    assert np.abs(ratio.log_ratio([[0.0, 0.2]])).max() < 1
    P[0, 1] = 0.2
    assert np.abs(ClassifierRatio().fit(P, Q).log_ratio(P)).max() < 10


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
def test_a_range_takes_the_place_of_a_scaling(name):
    with pytest.raises(ValueError, match=r"scaling of \w+ must be 'auto' .* got 'robust' with data_range=\(0, 1\)"):
        MAKERS[name](scaling="robust", data_range=(0, 1)).fit(beta())
    with pytest.raises(ValueError, match=r"'scaling' parameter .* Got 'nope'"):
        MAKERS[name](scaling="nope").fit(beta())


@pytest.mark.parametrize("name", ["VGrow", "GAN", "AGE"])
@pytest.mark.parametrize("scaling", ["standard", "robust", "whole"])
def test_a_scaling_is_saved(tmp_path, name, scaling):
    X = np.random.default_rng(0).standard_cauchy((300, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        model = MAKERS[name](scaling=scaling).fit(X)
    model.save(tmp_path / "model.fdgm")
    loaded = fdgm.load(tmp_path / "model.fdgm")
    assert loaded.score(X) == model.score(X)
    np.testing.assert_array_equal(loaded.sample(20, random_state=1), model.sample(20, random_state=1))


def test_densities_are_in_the_users_units_in_the_tails_too():
    """The bound on log p(x) of two models of one column, far out: a density has the slope of the map in it."""
    X = np.random.default_rng(0).standard_cauchy((500, 1))
    model = VAE(**{**AGE, "method": Gradient(n_updates=5)}).fit(X)
    grid = np.linspace(-60, 60, 301)
    density = np.exp(model.log_likelihood(grid[:, None], n_temperatures=10, n_chains=4, random_state=0))
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=0.25)


def test_log_ratios_of_tensors_are_those_of_arrays_far_out():
    X = np.random.default_rng(0).standard_cauchy((300, 2))
    sampler = MAKERS["VGrow"]().fit(X)
    far = np.vstack([X, 1e6 * X[:5]])
    expected = sampler.log_ratio_tensor(torch.from_numpy(far)).detach().numpy()
    np.testing.assert_allclose(sampler.log_ratio(far), expected, rtol=1e-4, atol=1e-5)
