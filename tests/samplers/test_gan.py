"""GANSampler: one property a test, on budgets of a few iterations."""

import math
import pickle
from copy import deepcopy
from itertools import combinations

import numpy as np
import pytest
import torch
from disturb import CountsUpdates, Fills
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch.func import functional_call

import fdgm
from fdgm import GANSampler, VGrowSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.exceptions import PluginError, TrainingError, TrainingWarning
from fdgm.nets import CriticStep
from fdgm.objectives import AGE, FGAN, Minimax
from fdgm.options import Adam, Replay, RMSprop
from fdgm.regularizers import (
    R1,
    FeatureMatching,
    GradientPenalty,
    MinibatchDiscrimination,
    Packing,
    Reconstructor,
    SpectralNorm,
    Stabilizer,
    Unrolling,
    WeightClip,
)  # fmt: skip
from fdgm.samplers._gan_net import GANNet

TINY = {"n_generator_steps": 2, "n_warmup_steps": 0, "ema": None, "batch_size": 32, "max_iter": 3,
        "architecture": MLP(width=16, depth=2)}  # fmt: skip
OBJECTIVES = fdgm.available("objective")
REGULARIZERS = fdgm.available("regularizer")
MINIBATCH = MinibatchDiscrimination(4, group_size=16)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


def tiny(objective="non_saturating", **kwargs):
    return clone(GANSampler(objective, **TINY, random_state=0)).set_params(**kwargs)


def make(name):
    """The regularizer with parameters that fit a tiny batch."""
    return MINIBATCH if name == "minibatch_discrimination" else name


@pytest.mark.parametrize("objective", [*OBJECTIVES, *(AGE(d) for d in (*fdgm.available("divergence"), "all"))], ids=str)
def test_every_objective_fits_and_samples(X, objective):
    S = tiny(objective).fit(X).sample(10)
    assert S.shape == (10, 2)
    assert np.isfinite(S).all()


@pytest.mark.parametrize("divergence", fdgm.available("divergence"))
@pytest.mark.parametrize("activation", ["published", "universal"])
def test_f_gan_takes_every_divergence(X, divergence, activation):
    assert np.isfinite(tiny(FGAN(divergence, activation=activation)).fit(X).sample(10)).all()


def test_objectives_train_differently(X):
    samples = [tiny(objective).fit(X).sample(5, random_state=0).tobytes() for objective in OBJECTIVES]
    assert len(set(samples)) == len(OBJECTIVES)


def test_an_instance_equals_its_name(X):
    np.testing.assert_array_equal(tiny("age").fit(X).sample(5), tiny(AGE()).fit(X).sample(5))
    np.testing.assert_array_equal(tiny(regularizer="r1").fit(X).sample(5), tiny(regularizer=[R1()]).fit(X).sample(5))


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["non_saturating", "wasserstein_gp"])
def test_training_moves_the_model_towards_the_data(X, objective):
    held_out = np.random.default_rng(1).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
    trained = tiny(objective, max_iter=60, n_generator_steps=40).fit(X)
    assert trained.score(held_out) > tiny(objective, max_iter=1).fit(X).score(held_out) / 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_the_default_keeps_classes_of_a_one_hot_table_in_their_fractions(seed):
    """Within five points, of three classes with 60, 30 and 10%, and two numbers that go with them."""
    rng = np.random.default_rng(seed)
    label = rng.choice(3, size=2000, p=[0.6, 0.3, 0.1])
    X = np.column_stack([np.eye(3)[label], rng.normal(label[:, None] * [1.0, -0.5], [0.3, 1.0], (2000, 2))])
    S = GANSampler(max_iter=40, random_state=seed).fit(X).sample(5000, random_state=0)
    found = np.bincount(S[:, :3].argmax(axis=1), minlength=3) / len(S)
    np.testing.assert_allclose(found, X[:, :3].mean(axis=0), atol=0.05)


# Regularizers


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_regularizer_fits_samples_and_changes_the_training(X, name):
    S = tiny(regularizer=make(name)).fit(X).sample(10, random_state=0)
    assert np.isfinite(S).all()
    assert not np.array_equal(S, tiny().fit(X).sample(10, random_state=0))


REFUSED = {
    ("gradient_penalty", "minibatch_discrimination"): "in its own row",
    ("minibatch_discrimination", "r1"): "in its own row",
    ("spectral_norm", "weight_clip"): "norm",
    ("minibatch_discrimination", "r1r2"): "in its own row",
    ("r1", "r1r2"): "slope at data",
    ("unrolling", "weight_clip"): "a projection after each is none",
}


@pytest.mark.parametrize("pair", list(combinations(REGULARIZERS, 2)), ids="+".join)
def test_any_two_go_together_or_are_refused_with_the_reason(X, pair):
    sampler = tiny(regularizer=[make(name) for name in pair], max_iter=1)
    if pair in REFUSED:
        with pytest.raises(ValueError, match=rf"regularizer of GANSampler must go together .*: .*{REFUSED[pair]}"):
            sampler.fit(X)
    else:
        assert np.isfinite(sampler.fit(X).sample(3)).all()


def test_the_order_of_stabilizers_does_not_matter(X):
    stabilizers = [SpectralNorm(), MINIBATCH, Packing(2), FeatureMatching(), Unrolling(2), Reconstructor()]
    forth, back = (tiny(regularizer=order, max_iter=2).fit(X).sample(20) for order in (stabilizers, stabilizers[::-1]))
    np.testing.assert_array_equal(forth, back)


class Halved(GradientPenalty):
    """A plugin's penalty, of the kind of the one that it comes from."""

    def penalty(self, *args):
        return super().penalty(*args) / 2


class Encoded(Stabilizer):
    """A plugin's stabilizer whose critic judges pairs."""

    pairs = True


@pytest.mark.parametrize(
    ("objective", "regularizer", "reason"),
    [
        ("wasserstein_gp", "gradient_penalty", "the objective has it"),
        ("wasserstein", WeightClip(0.1), "the objective has it"),
        ("non_saturating", [R1(), R1(1.0)], "one of its kind is enough"),
        ("non_saturating", [GradientPenalty(), Halved()], "one of its kind is enough"),
        ("wasserstein_gp", Halved(), "the objective has it"),
        ("relativistic", "r1", "slope at data"),
        ("relativistic", MINIBATCH, "in its own row"),
        ("non_saturating", [Reconstructor(), Encoded()], "each of them makes its own"),
        ("wasserstein_gp", MINIBATCH, "in its own row"),
        ("wasserstein", "unrolling", "projection"),
        ("age", "feature_matching", "its divergence weighs"),
    ],
)
def test_what_cannot_go_together_is_refused_with_the_reason(X, objective, regularizer, reason):
    with pytest.raises(ValueError, match=rf"regularizer of GANSampler must go together .*: .*{reason}"):
        tiny(objective, regularizer=regularizer).fit(X)


def test_an_unrolled_critic_needs_adam(X):
    with pytest.raises(ValueError, match=r"critic_optimizer must be an Adam for Unrolling.*RMSprop"):
        tiny(regularizer="unrolling", critic_optimizer=RMSprop()).fit(X)


@pytest.mark.parametrize("objective", ["wasserstein_gp", "wasserstein"])
def test_batch_normalisation_goes_with_no_penalty(objective):
    images = np.random.default_rng(0).normal(size=(40, 1, 16, 16))
    sampler = tiny(objective, architecture=DCGAN(width=4, critic_norm="batch"), n_critic_steps=1, max_iter=1)
    if objective == "wasserstein":
        assert np.isfinite(sampler.fit(images).sample(3)).all()
    else:
        with pytest.raises(ValueError, match=r"GradientPenalty\(\) penalises .* got BatchNorm2d: .* in its own row"):
            sampler.fit(images)


def test_clipped_weights_stay_within_their_limit(X):
    critic = tiny("wasserstein").fit(X).net_.critic_
    assert max(weight.abs().max().item() for weight in critic.parameters()) <= np.float32(0.05)


def test_the_critic_of_packs_takes_as_many_rows_side_by_side(X):
    seen = []
    sampler = tiny(regularizer=Packing(3), max_iter=1)
    sampler.partial_fit(X)
    sampler.net_.critic_.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    sampler.partial_fit(X)
    assert set(seen) == {(64, 6), (32, 6)}  # both samples in the critic's step, the model's in the generator's


def test_packs_of_images_are_stacked_along_their_channels():
    images = np.random.default_rng(0).normal(size=(40, 2, 8, 8))
    sampler = tiny(regularizer="packing", architecture=DCGAN(width=4), max_iter=1).fit(images)
    assert next(sampler.net_.critic_.parameters()).shape[1] == 4
    assert sampler.sample(3).shape == (3, 2, 8, 8)


def test_the_reconstructor_is_trained_and_saved(X, tmp_path):
    sampler = tiny(regularizer="reconstructor", max_iter=1).fit(X)
    before = deepcopy(sampler.net_.extras_.state_dict())
    sampler.partial_fit(X)
    after = sampler.net_.extras_.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    sampler.save(tmp_path / "s")
    loaded = fdgm.load(tmp_path / "s").net_.extras_.state_dict()
    assert all(torch.equal(loaded[name], after[name]) for name in after)


def test_an_architecture_without_a_critic_of_pairs_is_refused(X):
    class Alone(MLP):
        def make_pair_critic(self, data_shape, latent_size):
            return fdgm.architectures.Architecture.make_pair_critic(self, data_shape, latent_size)

    with pytest.raises(ValueError, match="architecture must be one that makes a critic of pairs"):
        tiny(regularizer="reconstructor", architecture=Alone(width=8)).fit(X)


# The training step


def test_the_generator_steps_on_rows_that_the_critic_has_not_moved_on_from(X):
    """One step of each by hand: the critic's by Adam on its loss, then the generator's against the new critic."""
    sampler = tiny(
        Minimax(),
        instance_noise=0.0,
        n_generator_steps=1,
        max_iter=1,
        critic_optimizer=RMSprop(lr=1e-3),
        generator_optimizer=RMSprop(lr=1e-3),
    )
    sampler.fit(X)
    net = sampler.net_
    s = net.settings
    generator = s.architecture.generator((2,), s.latent_size, seed=net.seeds.generator)
    critic = s.architecture.critic((2,), seed=net.seeds.critic)
    batches = torch.Generator().manual_seed(net.seeds.batches)
    latents = torch.randn(32, s.latent_size, generator=torch.Generator().manual_seed(net.seeds.latents))
    real = sampler._scaler.to_tensor(X)[torch.randint(300, (32,), generator=batches)]
    optimizers = [torch.optim.RMSprop(m.parameters(), lr=1e-3, alpha=0.9) for m in (critic, generator)]
    fake = generator(latents)
    d_real, d_fake = critic(real).sigmoid(), critic(fake.detach()).sigmoid()
    (-(d_real.log().mean() + (1 - d_fake).log().mean())).backward()
    optimizers[0].step()
    (1 - critic(fake).sigmoid()).log().mean().backward()
    optimizers[1].step()
    for name, weight in generator.state_dict().items():
        torch.testing.assert_close(net.generator_.state_dict()[name], weight, rtol=0, atol=1e-5)


def test_the_critic_is_updated_as_often_as_asked_for(X):
    steps = [int(tiny(n_critic_steps=k).fit(X).net_.optimizer_critic_.state_dict()["state"][0]["step"]) for k in (1, 4)]
    assert steps == [6, 24]


@pytest.mark.parametrize(("objective", "published"), [("minimax", 1), ("wasserstein", 5), ("wasserstein_gp", 5)])
def test_critics_of_a_distance_are_updated_more_often(X, objective, published):
    optimizer = tiny(objective, max_iter=1, n_generator_steps=1).fit(X).net_.optimizer_critic_
    assert int(optimizer.state_dict()["state"][0]["step"]) == published


def test_the_generators_step_leaves_the_critic_alone(X):
    sampler = tiny().fit(X)
    net = sampler.net_
    before = deepcopy(net.critic_.state_dict())
    latents, rows = net._generate()
    fake = net._judged(rows, latents, 0.0)
    net._generator_step(fake, fake, rows, latents)
    assert all(torch.equal(before[name], value) for name, value in net.critic_.state_dict().items())


@pytest.mark.parametrize("objective", ["relativistic", "non_saturating", FGAN("kl"), "least_squares"], ids=str)
def test_a_step_by_hand_has_the_gradients_of_autograd(X, monkeypatch, objective):
    """To rounding, of sums of some ten products in float32."""
    net = tiny(objective, max_iter=1).fit(X).net_
    start = deepcopy(net.generator_.state_dict())
    latents = net.draw_latents(32)
    gradients = []
    for fused in (CriticStep.fused, lambda step: None):
        monkeypatch.setattr(CriticStep, "fused", fused)
        net.generator_.load_state_dict(start)
        samples = net.generator_(latents)
        net._generator_step((samples.detach() + 0.5,), (samples,), samples, latents)
        gradients.append([weight.grad.clone() for weight in net.generator_.parameters()])
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-6)
    assert any(gradient.any() for gradient in gradients[0])


def test_the_generator_starts_as_a_gaussian_half_as_wide_as_the_data(X):
    """One step of each network follows, which moves no weight by more than its rate of 4e-4."""
    S = GANSampler(n_generator_steps=1, max_iter=1, ema=None, random_state=0).fit(X).sample(2000, random_state=0)
    # Columns differ by a factor of 50 in their widths. A least-squares fit of 300 steps is good to some per cent.
    np.testing.assert_allclose(S.std(axis=0) / X.std(axis=0), 0.5, atol=0.1)
    np.testing.assert_allclose((S.mean(axis=0) - X.mean(axis=0)) / X.std(axis=0), 0, atol=0.1)


def test_the_start_is_part_of_the_budget_and_comes_once(X):
    counts = CountsUpdates()
    sampler = tiny(n_warmup_steps=7, max_iter=1, callbacks=[counts]).fit(X)
    assert counts.n_updates == {"critic_": 2, "generator_": 7 + 2}
    sampler.partial_fit(X)
    assert counts.n_updates == {"critic_": 4, "generator_": 7 + 4}


def test_noise_is_on_what_the_critic_judges(X):
    samples = [tiny(instance_noise=noise).fit(X).sample(5) for noise in (0.0, 0.5)]
    assert not np.array_equal(*samples)


def test_the_average_is_what_is_sampled(X):
    averaged, plain = tiny(ema=0.9).fit(X), tiny().fit(X)
    weights = averaged.net_.generator_.state_dict(), plain.net_.generator_.state_dict()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not np.array_equal(averaged.sample(5, random_state=0), plain.sample(5, random_state=0))


def test_history(X):
    sampler = tiny().fit(X)
    assert list(sampler.history_) == [name for name in GANNet.history_names if name != "held_out_distance"]
    assert len(sampler.history_) == sampler.n_iter_ == 3
    assert (sampler.history_["spread"] > 0).all()


def test_the_critics_loss_is_twice_log_two_at_first(X):
    """An untrained critic tells nothing apart, to within its outputs, of a tenth."""
    assert tiny(max_iter=1).fit(X).history_["critic_loss"][0] == pytest.approx(2 * math.log(2), abs=0.1)


# Log-ratios


def test_the_log_ratio_is_that_of_the_objective(X):
    sampler = tiny("least_squares").fit(X)
    output = functional_call(sampler.net_.critic_, {}, (sampler._scaler.to_tensor(X),)).detach()
    np.testing.assert_allclose(sampler.log_ratio(X), output.clamp(1e-4, 1 - 1e-4).logit(), rtol=1e-4, atol=1e-5)


def test_a_constant_that_the_objective_leaves_open_is_taken_from_samples(X):
    """E_q[e^T] = 1 by 1,024 samples, whose mean has a relative deviation of about √(Var e^T / 1024)."""
    sampler = tiny("relativistic", max_iter=20).fit(X)
    ratios = np.exp(sampler.log_ratio(sampler.sample(20_000, random_state=0)))
    assert ratios.mean() == pytest.approx(1, abs=4 * ratios.std() / np.sqrt(1024) + 1e-6)
    output = functional_call(sampler.net_.critic_, {}, (sampler._scaler.to_tensor(X),)).detach().numpy()
    constant = output - sampler.log_ratio(X)
    np.testing.assert_allclose(constant, constant[0], atol=1e-5)
    assert abs(constant[0]) > 1e-4


def test_that_constant_is_in_a_file_and_in_what_refiners_copy(X, tmp_path):
    sampler = tiny("relativistic").fit(X)
    sampler.save(tmp_path / "s")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "s").log_ratio(X), sampler.log_ratio(X))
    copied = sampler._critic_copy()(sampler._scaler.to_tensor(X)).detach().numpy()
    np.testing.assert_allclose(copied, sampler.log_ratio(X), atol=1e-5)


@pytest.mark.parametrize("regularizer", ["packing", "reconstructor"])
def test_a_critic_of_more_than_one_sample_looks_for_no_constant(X, regularizer):
    sampler = tiny("relativistic", regularizer=regularizer, max_iter=1).fit(X)
    assert "offset_" not in sampler.net_.module_names


@pytest.mark.parametrize("regularizer", ["packing", "reconstructor", MINIBATCH], ids=str)
def test_a_critic_of_more_than_one_row_has_none(X, regularizer):
    with pytest.raises(ValueError, match=r"single rows for log_ratio, got \w+\("):
        tiny(regularizer=regularizer).fit(X).log_ratio(X)


@pytest.mark.parametrize("regularizer", ["r1", "spectral_norm", "unrolling", "feature_matching"])
def test_other_stabilizers_leave_it(X, regularizer):
    assert tiny(regularizer=regularizer).fit(X).log_ratio(X).shape == (300,)


# What every estimator does


@pytest.mark.parametrize("name", [None, *REGULARIZERS])
def test_global_random_states_are_untouched(X, name):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    tiny(regularizer=None if name is None else make(name), random_state=None, max_iter=1).fit(X).sample(3)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])


FILED = [
    (AGE("jeffreys", scale_clip=0.5), None), ("minimax", [Packing(3), R1(2.0)]), ("logistic", (MINIBATCH,)),
    ("non_saturating", [Reconstructor(), Unrolling(2)]),
    ("relativistic", None), ("relativistic", "packing"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "regularizer"), FILED)
@pytest.mark.parametrize("way", ["save", "pickle"])
def test_training_goes_on_to_the_same_bits_from_a_file(X, tmp_path, objective, regularizer, way):
    sampler = tiny(objective, regularizer=regularizer).partial_fit(X)
    if way == "save":
        sampler.save(tmp_path / "s")
        again = fdgm.load(tmp_path / "s")
    else:
        again = pickle.loads(pickle.dumps(sampler))
    np.testing.assert_array_equal(
        again.partial_fit(X).sample(4, random_state=0), sampler.partial_fit(X).sample(4, random_state=0)
    )


def test_a_compact_file_is_smaller_and_rounds_the_weights(X, tmp_path):
    """float16 has 11 bits: samples move by 2^-11 of their size in each of three layers, at most a few times over."""
    sampler = tiny("hinge", regularizer="spectral_norm", architecture=MLP(width=128)).fit(X)
    sampler.save(tmp_path / "whole")
    sampler.save(tmp_path / "compact", compact=True)
    again = fdgm.load(tmp_path / "compact")
    assert (tmp_path / "compact").stat().st_size < (tmp_path / "whole").stat().st_size / 5
    one, other = (s.sample(100, random_state=0) for s in (sampler, again))
    np.testing.assert_allclose(one, other, atol=0.01 * X.std(axis=0).max())
    assert not np.array_equal(one, other)
    assert np.isfinite(again.partial_fit(X).sample(3)).all()


def test_weights_too_large_for_a_compact_file(X, tmp_path):
    sampler = tiny().fit(X)
    with torch.no_grad():
        next(sampler.net_.generator_.parameters())[0] = 1e5
    with pytest.raises(ValueError, match=r"compact of save must be False for weights past 65504, got 100000 in"):
        sampler.save(tmp_path / "s", compact=True)


def test_grid_search_reaches_into_the_objective(X):
    search = GridSearchCV(tiny(AGE()), {"objective__divergence": ["kl", "js"]}, cv=2).fit(X)
    assert search.best_params_["objective__divergence"] in ("kl", "js")


#: What the contract of all estimators does not try.
BAD = [
    ("objective", 3), ("objective", VGrowSampler), ("regularizer", ["packing", 3]),
    ("critic_optimizer__betas", (1.0, 0.9)), ("generator_optimizer__betas", (0.9,)),
    ("generator_optimizer__schedule", [(0.1, 1.0), (3, 0.5)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda v: str(v)[:20])
def test_parameters_out_of_range(X, name, value):
    with pytest.raises((ValueError, TypeError), match=name.rpartition("__")[2]):
        tiny(**{name: value}).fit(X) if name != "objective" else tiny(value).fit(X)


def test_unknown_names_list_the_known(X):
    with pytest.raises(PluginError, match=r"wasserstein_gp.*'nope'"):
        tiny("nope").fit(X)
    with pytest.raises(PluginError, match=r"minibatch_discrimination.*'nope'"):
        tiny(regularizer="nope").fit(X)


PARAMETERS_OF_COMPONENTS = [
    ({"regularizer": GradientPenalty(0.0)}, "weight of GradientPenalty .* got 0.0"),
    ({"regularizer": R1(float("inf"))}, "weight of R1 .* got inf"),
    ({"regularizer": WeightClip(-1)}, "limit of WeightClip .* got -1"),
    ({"regularizer": Packing(1)}, "size of Packing .* got 1"),
    ({"regularizer": Unrolling(0)}, "n_steps of Unrolling .* got 0"),
    ({"regularizer": MinibatchDiscrimination(0, group_size=16)}, "n_kernels of MinibatchDiscrimination .* got 0"),
    ({"regularizer": MinibatchDiscrimination(group_size=48)}, "multiple of the group_size .* 48, got 32"),
    ({"regularizer": Reconstructor(0.0)}, "weight of Reconstructor .* got 0.0"),
    ({"objective": AGE("nope")}, "divergence must be one of .* got 'nope'"),
    ({"objective": AGE(scale_clip=2.0)}, "scale_clip must be None, 'auto' or a number in .* got 2.0"),
    ({"objective": AGE(scale_clip="half")}, "scale_clip must be None, 'auto' or a number in .* got 'half'"),
    ({"objective": AGE("all", scale_clip=0.5)}, "scale_clip must be None .* got 0.5"),
    ({"objective": FGAN(activation="nope")}, "activation of FGAN .* got 'nope'"),
]


@pytest.mark.parametrize(("params", "message"), PARAMETERS_OF_COMPONENTS)
def test_components_with_parameters_out_of_range(X, params, message):
    with pytest.raises(ValueError, match=message):
        GANSampler(**{"objective": "non_saturating", **TINY, **params}).fit(X)


def test_an_explosion_at_once_is_an_error_by_name(X):
    with pytest.raises(
        TrainingError,
        match=r"iteration 1, the generator's rows exploded .*generator_optimizer \(now Adam\(lr=1000",
    ):
        tiny(generator_optimizer=Adam(lr=1e3)).fit(X)


def test_a_rate_too_large_never_gives_nan(X):
    with pytest.raises(
        TrainingError,
        match=r"iteration 1, the critic: critic_loss, .*became NaN.*critic_optimizer \(now Adam\(lr=1e\+30\)\)",
    ):
        tiny(critic_optimizer=Adam(lr=1e30), generator_optimizer=Adam(lr=1e30)).fit(X)


def test_a_collapse_of_the_averaged_generator_alone_is_named(X, average_of_nothing):
    """From the third loop on its weights are nothing, while the generator goes on."""
    average_of_nothing(2)
    with pytest.warns(TrainingWarning, match=r"iteration 5, the generator collapsed.*iteration 2"):
        sampler = tiny(ema=0.9, replay=Replay([0.0] * 9)).fit(X)
    assert (sampler.stop_reason_, sampler.n_iter_) == ("collapse", 2)


def test_each_network_has_its_own_rate(X):
    """A rate too small to move a weight of float32 leaves that network, and only that one, where it began."""
    start, critic, generator = (
        {
            name: deepcopy(getattr(tiny(max_iter=1, **rates).fit(X).net_, name).state_dict())
            for name in ("critic_", "generator_")
        }
        for rates in (
            {"critic_optimizer": Adam(1e-30, schedule=()), "generator_optimizer": Adam(1e-30, schedule=())},
            {"critic_optimizer": Adam(1e-2, schedule=()), "generator_optimizer": Adam(1e-30, schedule=())},
            {"critic_optimizer": Adam(1e-30, schedule=()), "generator_optimizer": Adam(1e-2, schedule=())},
        )
    )

    def moved(networks, name):
        return any(not torch.equal(v, start[name][key]) for key, v in networks[name].items())

    assert (moved(critic, "critic_"), moved(critic, "generator_")) == (True, False)
    assert (moved(generator, "critic_"), moved(generator, "generator_")) == (False, True)


def test_a_collapse_is_named(X):
    """The generator's weights, and so its rows, are nothing as each loop from the third on begins."""
    with pytest.warns(TrainingWarning, match=r"iteration 5, the generator collapsed.*n_critic_steps.*iteration 2"):
        sampler = tiny(replay=Replay([0.0] * 9), callbacks=[Fills(0.0, "generator_", iteration=3)]).fit(X)
    assert (sampler.stop_reason_, sampler.n_iter_) == ("collapse", 2)
