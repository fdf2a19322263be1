"""VGrow that keeps its maps: what is replayed is what moved the particles."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits

import fdgm
from fdgm import DDLSRefiner, DGflowRefiner, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.exceptions import FileError, TrainingWarning
from fdgm.metrics import energy_distance
from fdgm.options import Adam, EarlyStopping, Maps, Network, Replay
from fdgm.training import GenerativeModel

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
SMALL = Maps(n_particles=128, n_critic_steps=3)


def tiny(**params):
    made = VGrowSampler(generator=SMALL, architecture=MLP(width=16, depth=2), batch_size=32, max_iter=6, random_state=0)
    return clone(made).set_params(**params)


@pytest.fixture(scope="module")
def fitted():
    return tiny().fit(X)


def test_the_particles_are_the_maps_of_where_they_started(fitted):
    net = fitted.net_
    with torch.no_grad():
        replayed = net.sampling_module(net._start())
    torch.testing.assert_close(replayed[:128], net.particles_, rtol=1e-5, atol=1e-5)


def test_the_closing_iterations_make_no_map():
    """Of forty, the last two twentieths' worth: the flow ends at .95 of the budget."""
    sampler = tiny(max_iter=40).fit(X)
    assert len(sampler.net_.maps_) == 38
    assert (sampler.history_["displacement"].iloc[-2:] == 0).all()
    assert (sampler.history_["displacement"].iloc[:-2] > 0).all()


def test_steps_fall_with_the_variance_of_the_noise():
    """Geometrically, from the first variance towards the last; half as far for jeffreys, whose weight is two at 1."""
    params = {"generator__noise": (1.0, 0.1), "replay": Replay([0.0, 0.475, 0.95 * 0.999])}
    kl, jeffreys = (tiny(divergence=name, **params).fit(X).net_.maps_.steps for name in ("kl", "jeffreys"))
    np.testing.assert_allclose(kl, [1.0, 0.1, 0.01], rtol=0.01)
    np.testing.assert_allclose(jeffreys, np.array(kl) / 2, rtol=1e-6)


@pytest.mark.parametrize("divergence", ["kl", "js", "logd", "jeffreys"])
def test_it_learns_to_sample(divergence):
    """The base alone, a Gaussian of the data's moments, is some 0.11 from two far clusters, in standard deviations."""
    rng = np.random.default_rng(0)
    two = rng.normal(size=(1000, 1)) * 0.1 + rng.choice([-1.0, 1.0], size=(1000, 1))
    sampler = VGrowSampler(
        divergence, generator=Maps(n_particles=1024, n_critic_steps=20), architecture=MLP(width=32, depth=2),
        max_iter=40, batch_size=128, random_state=0,
    ).fit(two)  # fmt: skip
    base = rng.normal(size=(1000, 1)) * two.std() + two.mean()
    distance = energy_distance(two, sampler.sample(1000, random_state=0))
    assert distance < energy_distance(two, base) / 5


def test_a_compact_file_rounds_the_maps(fitted, tmp_path):
    fitted.save(tmp_path / "m", compact=True)
    again = fdgm.load(tmp_path / "m")
    for found, expected in (
        (again.sample(50, random_state=0), fitted.sample(50, random_state=0)),
        (again.log_ratio(X), fitted.log_ratio(X)),
    ):
        np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.05)


def test_maps_of_another_critic_are_refused(fitted):
    state = fitted.to_state()
    state.parts["net"].parts["maps"].tensors["weights"] = torch.zeros(3, 7)
    with pytest.raises(FileError, match="weights must be float32 of shape"):
        clone(fitted).from_state(state)


def test_early_stopping_keeps_the_maps_of_the_best_iteration(monkeypatch):
    distances = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr("fdgm.training._early_stopping.energy_distance", lambda *rows: next(distances))
    sampler = tiny(early_stopping=EarlyStopping(every=1, n_iter_no_change=1)).fit(X)
    assert (sampler.best_iter_, len(sampler.net_.maps_)) == (2, 2)
    assert sampler.sample(10).shape == (10, 2)


def test_a_fit_that_goes_on_adds_maps_at_no_greater_noise():
    sampler = tiny(warm_start=True).fit(X)
    before = list(sampler.net_.maps_.steps)
    sampler.fit(X)
    after = sampler.net_.maps_.steps
    assert after[: len(before)] == before
    assert max(after[len(before) :]) <= before[-1] * (1 + 1e-9)


@pytest.fixture(scope="module")
def two():
    """Rows around -1 and 1, and a sampler of them."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 1)) * 0.1 + rng.choice([-1.0, 1.0], size=(4000, 1))
    generator = Maps(n_particles=1024, n_critic_steps=20)
    sampler = VGrowSampler(
        generator=generator, architecture=MLP(width=32, depth=2), max_iter=20, batch_size=128, random_state=0
    )
    return rows, sampler.fit(rows[:2000])


def excess(rows, before, after):
    """By how much samples are farther from fresh rows than before, and the standard error of that, over ten draws.

    Samples before and after come from the same latents.
    """
    differences = []
    for k, part in enumerate(np.split(rows, 10)):
        distances = [energy_distance(part, model.sample(len(part), random_state=k)) for model in (before, after)]
        differences.append(distances[1] - distances[0])
    return np.mean(differences), np.std(differences, ddof=1) / np.sqrt(10)


@pytest.mark.parametrize("is_distilled", [False, True])
def test_partial_fit_does_not_take_samples_away_from_the_data(two, is_distilled):
    rows, fitted = two
    before = fitted.distill(n_seconds=0.5) if is_distilled else fitted
    after = before._frozen()
    for _ in range(4):
        after.partial_fit(rows[:2000])
    mean, error = excess(rows[2000:], before, after)
    assert mean <= 3 * error


def test_partial_fit_follows_rows_that_have_moved(two):
    """By a map of wider noise than the last of the fit, since it carries farther."""
    rows, fitted = two
    before, after = fitted._frozen(), fitted._frozen()
    after.partial_fit(rows[:2000] + 2.0)
    assert after.net_.maps_.steps[-1] > 10 * before.net_.maps_.steps[-1]
    mean, error = excess(rows[2000:] + 2.0, before, after)
    assert mean < -10 * error


def test_partial_fit_on_a_few_rows_adds_no_map(fitted):
    """Held-out rows could not tell whether it helps."""
    sampler = fitted._frozen().partial_fit(X[:4])
    assert sampler.net_.maps_.steps == fitted.net_.maps_.steps
    assert sampler.n_iter_ == fitted.n_iter_ + 1


def test_partial_fit_distils_when_it_has_added_its_number_of_maps(two, monkeypatch, tmp_path):
    monkeypatch.setattr("fdgm.samplers._vgrow._DISTILLING", 300)
    rows, fitted = two
    sampler = clone(fitted).set_params(generator__max_added=2).fit(rows[:2000])
    n_maps = []
    for _ in range(4):
        sampler.partial_fit(rows[:2000] + 2.0)
        n_maps.append(len(sampler.net_.maps_))
    assert n_maps == [20, 21, 1, 2]
    sampler.save(tmp_path / "m")
    again = fdgm.load(tmp_path / "m")
    np.testing.assert_array_equal(again.sample(50, random_state=0), sampler.sample(50, random_state=0))
    assert len(again.partial_fit(rows[:2000] + 2.0).net_.maps_) == 1


def test_samples_stay_in_a_data_range():
    U = np.random.default_rng(0).beta(0.5, 0.5, size=(300, 2))
    S = tiny(data_range=(0.0, 1.0)).fit(U).sample(500)
    assert S.min() >= 0
    assert S.max() <= 1


def test_pixels_of_sampled_digits_are_those_that_digits_can_have():
    """By default, where most columns reach both ends of the range and some are constant."""
    digits = load_digits().data
    S = (
        tiny(generator="maps")
        .set_params(generator__n_critic_steps=1, generator__n_particles=64)
        .fit(digits)
        .sample(500)
    )
    assert S.min() == 0
    assert S.max() == 16
    np.testing.assert_array_equal(S[:, np.ptp(digits, axis=0) == 0], 0)


def test_its_samples_are_refined_as_rows_by_its_own_critic(fitted):
    refiner = DGflowRefiner(fitted, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)
    assert refiner.sample(5).shape == (5, 2)
    with pytest.raises(ValueError, match="maps are gradients"):
        DGflowRefiner(fitted, space="latent", n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X)


def test_a_critic_that_autograd_has_gives_maps_too():
    sampler = tiny(architecture=MLP(width=16, depth=2, critic_activation="tanh")).fit(X)
    assert np.isfinite(sampler.sample(20)).all()
    assert len(sampler.net_.maps_) == 6


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"step_size": 0.5}, "step_size"),
        ({"n_critic_steps": 2}, "n_critic_steps"),
        ({"instance_noise": 0.1}, "instance_noise"),
        ({"ratio": "kliep"}, "ratio"),
        ({"generator__noise": (1.0,)}, "noise"),
        ({"generator__noise": (1.0, -1.0)}, "noise"),
        ({"generator__ema": 1.0}, "ema"),
        ({"generator__n_particles": 1}, "n_particles"),
        ({"generator__max_added": 0}, "max_added"),
        ({"generator__wide_fraction": 2.0}, "wide_fraction"),
    ],
)
def test_what_maps_cannot_use_is_refused_by_name(params, named):
    with pytest.raises(ValueError, match=named):
        tiny(**params).fit(X)


def test_the_critics_optimizer_has_defaults_of_its_own():
    assert VGrowSampler(generator="maps").set_params(critic_optimizer__lr=0.1).critic_optimizer == Adam(
        0.1, betas=(0.9, 0.99), schedule=((0.5, 1.0), (1.0, 0.1))
    )


@pytest.mark.parametrize(
    ("params", "shape", "expected"),
    [
        ({}, (3,), "MapsNet"),
        ({"step_size": 0.1}, (3,), "VGrowNet"),
        ({"instance_noise": 0.0}, (3,), "VGrowNet"),
        ({"n_critic_steps": 2}, (3,), "VGrowNet"),
        ({"architecture": DCGAN(width=4)}, (1, 16, 16), "VGrowNet"),
    ],
    ids=["vectors", "step_size", "instance_noise", "n_critic_steps", "images"],
)
def test_auto_takes_maps_for_vectors_unless_a_networks_parameter_is_set(params, shape, expected):
    """The clock cuts the first iteration after one update."""
    rows = np.random.default_rng(0).uniform(size=(20, *shape))
    made = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "device": "cpu", **params}
    with pytest.warns(TrainingWarning, match="max_seconds"):
        sampler = VGrowSampler(**made, max_seconds=1e-6, random_state=0).fit(rows)
    assert type(sampler.net_).__name__ == expected
    assert sampler.sample(2).shape == (2, *shape)


def test_latents_of_a_default_generator_are_those_of_a_network(monkeypatch):
    """The refiner that moves latents asks for a sampler that has some."""
    asked = {}
    monkeypatch.setattr(VGrowSampler, "fit", lambda self, X: asked.update(self.get_params()) or fitted_network(X))
    DDLSRefiner(n_steps=1, random_state=0).fit(X)
    assert asked["generator"] == "network"


def fitted_network(rows):
    params = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 1, "random_state": 0}
    sampler = VGrowSampler(generator=Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=1), **params)
    return GenerativeModel.fit(sampler, rows)
