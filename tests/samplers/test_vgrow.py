"""VGrowSampler: one property a test, on budgets of a few iterations."""

import numpy as np
import pytest
import torch
from disturb import Fills
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import fdgm
from fdgm import VGrowSampler
from fdgm.datasets import load_digits_images
from fdgm.divergences import Alpha
from fdgm.exceptions import PluginError, TrainingError, TrainingWarning
from fdgm.metrics import energy_distance
from fdgm.options import Adam, Checkpoint, EarlyStopping, InstanceNoise, Network, Option, Replay, RMSprop
from fdgm.samplers._vgrow_net import VGrowNet

TINY = {"batch_size": 32, "max_iter": 3, "generator": Network(n_particles=64, n_particle_steps=3, passes=2)}


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


def tiny(**kwargs):
    """One with these parameters, those of options by nested names."""
    return clone(VGrowSampler(**TINY, random_state=0)).set_params(**kwargs)


@pytest.mark.parametrize("divergence", [*fdgm.available("divergence"), "all"])
def test_every_divergence_fits_and_samples(X, divergence):
    S = tiny(divergence=divergence).fit(X).sample(10)
    assert S.shape == (10, 2)
    assert np.isfinite(S).all()


def test_an_instance_equals_its_name(X):
    by_name = tiny(divergence="jeffreys").fit(X).sample(5)
    by_instance = tiny(divergence=fdgm.divergences.get("jeffreys")).fit(X).sample(5)
    np.testing.assert_array_equal(by_name, by_instance)


def test_divergences_move_particles_differently(X):
    assert not np.array_equal(tiny(divergence="kl").fit(X).sample(5), tiny(divergence="logd").fit(X).sample(5))


def test_all_is_kl(X):
    np.testing.assert_array_equal(
        tiny(divergence="all", scale_clip=None).fit(X).sample(5),
        tiny(divergence="kl", scale_clip=None).fit(X).sample(5),
    )


def test_training_moves_the_model_towards_the_data(X):
    held_out = np.random.default_rng(1).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
    assert tiny(max_iter=60, random_state=1).fit(X).score(held_out) > 3 * tiny(max_iter=1).fit(X).score(held_out) / 4


def test_the_generator_begins_as_a_gaussian_half_as_wide_as_the_data():
    X = np.random.default_rng(0).normal(size=(2000, 2)) @ np.array([[3.0, 0.1], [0.0, 0.2]]) + np.array([50.0, -1.0])
    sampler = VGrowSampler(max_iter=1, step_size=1e-9, random_state=0, generator=Network(ema=None)).fit(X)
    S = (sampler.sample(5000, random_state=0) - X.mean(axis=0)) / X.std(axis=0)
    # 512 rows give the wanted covariance, 5,000 samples the found one: three standard errors are 3 sqrt(2/512) + 3
    # sqrt(2/5000) = 0.25 of a variance, which is 1/4; and 3 (1/sqrt(512) + 0.5/sqrt(5000)) = 0.15 of the mean.
    np.testing.assert_allclose(np.cov(S.T), np.corrcoef(X.T) / 4, atol=0.25 / 4)
    np.testing.assert_allclose(S.mean(axis=0), 0, atol=0.15)


@pytest.mark.slow
def test_the_default_leaves_the_start_on_many_columns():
    """64 columns, some constant: a cloud that starts as a point is told at a glance, and stays one."""
    X = load_digits_images(flat=True)
    sampler = VGrowSampler(max_iter=12, random_state=0).fit(X[:1400])
    assert sampler.stop_reason_ == "max_iter"
    held_out = X[1400:]
    # Over three seeds, twelve loops leave 0.041 to 0.046 of the distance of a point in the middle of the data.
    middle = np.broadcast_to(held_out.mean(axis=0), held_out.shape)
    assert energy_distance(held_out, sampler.sample(len(held_out))) < 0.2 * energy_distance(held_out, middle)


def test_samples_are_prefixes_and_successive_calls_differ(X):
    sampler = tiny().fit(X)
    np.testing.assert_array_equal(sampler.sample(5000, random_state=1)[:7], sampler.sample(7, random_state=1))
    assert not np.array_equal(sampler.sample(4), sampler.sample(4))


def test_history(X):
    sampler = tiny().fit(X)
    assert list(sampler.history_) == [name for name in VGrowNet.history_names if name != "held_out_distance"]
    assert len(sampler.history_) == sampler.n_iter_ == 3
    assert sampler.history_["seconds"].is_monotonic_increasing
    assert (sampler.history_["divergence"] >= 0).all()


def test_particles_of_chosen_loops(X):
    particles = tiny(record_particles=[1, 3]).fit(X).particles_
    assert sorted(particles) == [1, 3]
    assert particles[3].shape == (64, 2)
    assert not np.array_equal(particles[1], particles[3])


def test_training_goes_on_with_the_parameters_of_the_networks_alone(X):
    sampler = tiny(warm_start=True, divergence=Alpha(0.7)).fit(X)
    sampler.set_params(max_iter=1, record_particles=(4,), divergence=Alpha(0.7)).fit(X)
    assert sampler.n_iter_ == 4
    sampler.divergence.set_params(alpha=0.3)
    for go_on in (sampler.fit, sampler.partial_fit):
        with pytest.raises(ValueError, match=r"divergence of VGrowSampler must stay .*0\.7.* to go on, got .*0\.3"):
            go_on(X)
    assert sampler.set_params(warm_start=False).fit(X).n_iter_ == 1


def test_images_keep_their_shape():
    images = np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)
    S = tiny().fit(images).sample(3)
    assert S.shape == (3, 1, 4, 4)
    assert S.dtype == np.float32


@pytest.mark.parametrize(("scale", "offset"), [(1e12, 0), (1e-12, 0), (1, 1e6), (0, 3.0)])
def test_units_do_not_matter(scale, offset):
    base = np.random.default_rng(0).normal(size=(100, 2))
    S = tiny().fit(scale * base + offset).sample(50)
    assert np.isfinite(S).all()
    if scale == 0:
        np.testing.assert_array_equal(S, offset)
    else:
        # After the affine map the fits see the same numbers to rounding, so they stay of the data's size.
        assert (np.abs((S - offset) / scale) < 100).all()


def test_grid_search_reaches_into_the_architecture(X):
    search = GridSearchCV(
        tiny(architecture=fdgm.architectures.MLP(width=8)), {"architecture__width": [4, 8]}, cv=2
    ).fit(X)
    assert search.best_params_["architecture__width"] in (4, 8)


#: What the contract of all estimators does not try: sequences, and objects with parameters out of range.
BAD = [
    ("divergence", 3), ("scale_clip", "none"), ("data_range", (1.0, -1.0)), ("data_range", "images"),
    ("generator__passes_schedule", [(2, 1.0), (1, 2.0)]), ("generator__optimizer__betas", (0.9,)),
    ("step_size__schedule", [(0.5, -1.0)]), ("instance_noise__schedule", [(2.0, 1.0)]),
    ("critic_optimizer__betas", (1.0, 0.9)), ("critic_optimizer__schedule", [(0.1, 1.0), (3, 0.5)]),
    ("critic_optimizer__schedule", [1, 2]), ("replay", [0.0]), ("replay", Replay([2.0])), ("record_particles", 3),
    ("checkpoint", Checkpoint("c", seconds=-1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_parameters_out_of_range(X, name, value):
    with pytest.raises((ValueError, TypeError), match=name.rpartition("__")[2]) as caught:
        tiny(**{name: value}).fit(X)
    assert isinstance(value, Option) or repr(value) in str(caught.value)


def test_unknown_names_list_the_known(X):
    with pytest.raises(PluginError, match=r"jeffreys.*'nope'"):
        tiny(divergence="nope").fit(X)


def test_all_with_a_clip_of_its_own(X):
    with pytest.raises(ValueError, match=r"scale_clip must be None.*0\.5"):
        tiny(divergence="all", scale_clip=0.5).fit(X)


def test_an_explosion_at_once_is_an_error_by_name(X):
    with pytest.raises(TrainingError, match=r"iteration 1, the particles exploded .*step_size \(now 1e\+16\)"):
        tiny(step_size=1e16).fit(X)


def test_a_collapse_is_named_and_the_last_good_generator_kept(X):
    """From the fourth loop on every latent is sent to one point."""
    good = tiny(replay=Replay([0.0] * 3)).fit(X).sample(5, random_state=0)
    collapsing = tiny(replay=Replay([0.0] * 20), callbacks=[Fills(0.0, "generator_", iteration=4)])
    with pytest.warns(TrainingWarning, match=r"iteration 6, the generator collapsed.*instance_noise.*iteration 3"):
        sampler = collapsing.fit(X)
    assert (sampler.stop_reason_, sampler.n_iter_) == ("collapse", 3)
    np.testing.assert_array_equal(sampler.sample(5, random_state=0), good)


def test_a_collapse_of_the_averaged_generator_alone_is_named(X, average_of_nothing):
    """From the fourth loop on its weights are nothing, while particles and generator go on."""
    average_of_nothing(3)
    with pytest.warns(TrainingWarning, match=r"iteration 6, the generator collapsed.*iteration 3"):
        sampler = tiny(replay=Replay([0.0] * 20)).fit(X)
    assert (sampler.stop_reason_, sampler.n_iter_) == ("collapse", 3)
    assert sampler.sample(50, random_state=0).std() > 0


def test_a_step_too_large_never_gives_nan(X):
    with pytest.raises(TrainingError, match=r"step_size \(now 100000000\.0\)"):
        tiny(step_size=1e8).fit(X)


def test_bounded_data_are_mapped_and_particles_clamped(X):
    sampler = tiny(data_range=(-60.0, 20.0), record_particles=[1, 2], step_size=50.0).fit(X)
    for particles in sampler.particles_.values():
        assert -60 <= particles.min() < particles.max() <= 20
    assert sampler.net_.particles_.abs().max() == 1  # a step this large meets the bound


def test_data_outside_their_range(X):
    with pytest.raises(ValueError, match=r"data_range \(-1, 1\), got numbers from"):
        tiny(data_range=(-1, 1)).fit(X)


def test_the_average_is_what_is_sampled(X):
    averaged, plain = tiny(generator__ema=0.5).fit(X), tiny(generator__ema=None).fit(X)
    weights = averaged.net_.generator_.state_dict(), plain.net_.generator_.state_dict()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not np.array_equal(averaged.sample(5, random_state=0), plain.sample(5, random_state=0))


def test_bfloat16_is_near_float32(X):
    """bfloat16 rounds to 2^-9; three loops of steps that small leave samples within a few hundredths."""
    low = tiny(precision="bfloat16").fit(X).sample(200, random_state=0)
    high = tiny().fit(X).sample(200, random_state=0)
    assert not np.array_equal(low, high)
    np.testing.assert_allclose(low, high, atol=0.1 * X.std(axis=0).max())


def test_each_network_may_have_another_kind_of_optimizer(X):
    net = tiny(critic_optimizer=RMSprop(), generator__optimizer=Adam(lr=0.1)).fit(X).net_
    assert isinstance(net.optimizer_critic_, torch.optim.RMSprop)
    assert isinstance(net.optimizer_generator_, torch.optim.Adam)


def test_an_optimizer_takes_the_estimators_defaults_for_what_it_leaves_open(X):
    ours, given = (tiny(critic_optimizer=one).fit(X) for one in (Adam(betas=(0.5, 0.9)), None))
    np.testing.assert_array_equal(ours.sample(5, random_state=0), given.sample(5, random_state=0))


def test_a_nested_name_installs_the_object_that_a_name_or_a_number_stands_for():
    sampler = VGrowSampler(generator="network").set_params(
        critic_optimizer__lr=0.1, generator__optimizer__lr=0.2, instance_noise__schedule=(), architecture__width=16
    )
    assert sampler.critic_optimizer == Adam(0.1, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05)))
    assert sampler.generator == Network(optimizer=Adam(0.2))
    assert sampler.instance_noise == InstanceNoise(0.3, schedule=())
    assert sampler.architecture == fdgm.architectures.MLP(width=16)


def test_options_can_be_searched(X):
    grid = {"critic_optimizer__lr": [1e-4, 1e-3], "early_stopping__every": [1]}
    found = GridSearchCV(tiny(max_iter=1), grid, cv=2).fit(X)
    assert found.best_params_["critic_optimizer__lr"] in (1e-4, 1e-3)


def test_early_stopping_keeps_the_best_generator(X):
    """With one comparison a loop and a patience of one, the loop after the best one is the last."""
    sampler = tiny(max_iter=200, early_stopping=EarlyStopping(every=1, n_iter_no_change=1)).fit(X)
    distances = sampler.history_["held_out_distance"]
    assert sampler.stop_reason_ == "early_stopping"
    assert sampler.best_iter_ == distances.idxmin() + 1 == sampler.n_iter_ - 1
    again = tiny(early_stopping=EarlyStopping(every=1), replay=sampler.replay_).fit(X)
    np.testing.assert_array_equal(sampler.sample(5, random_state=0), again.sample(5, random_state=0))


def test_without_early_stopping_there_is_no_best(X):
    sampler = tiny().fit(X)
    assert "held_out_distance" not in sampler.history_
    with pytest.raises(AttributeError, match="early_stopping"):
        _ = sampler.best_iter_


def test_too_few_rows_to_hold_any_out(X):
    with pytest.raises(ValueError, match=r"early_stopping of VGrowSampler holds out, got 3 rows"):
        tiny(early_stopping=True).fit(X[:3])


def test_presets():
    assert VGrowSampler.preset("images", batch_size=32).get_params()["batch_size"] == 32
    with pytest.raises(ValueError, match=r"\['images'\], got 'nope'"):
        VGrowSampler.preset("nope")


@pytest.mark.parametrize("batch_size", [32, 63, 64, 100])
def test_passes_have_no_batch_of_one_row(X, batch_size):
    architecture = fdgm.architectures.MLP(width=8, batch_norm=True)
    S = tiny(architecture=architecture, batch_size=batch_size).fit(X).sample(5)
    assert np.isfinite(S).all()
