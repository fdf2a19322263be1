"""Pairs that move and networks that follow: one property a test, on budgets of a few updates."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from disturb import AtUpdate, BreaksGradients
from sklearn.base import clone
from sklearn.decomposition import PCA

import fdgm
from fdgm import AGEBidirectional
from fdgm.architectures import DCGAN, DISTRIBUTIONS, MLP
from fdgm.bidirectional._flow_net import FlowNet
from fdgm.bidirectional._gradient_net import GradientNet
from fdgm.bidirectional._moments import aggregate_kl
from fdgm.exceptions import TrainingWarning
from fdgm.options import Adam, Checkpoint, EarlyStopping, Flow, Gradient, InstanceNoise, Option, Replay

SMALL = Flow(n_rounds=2, n_pairs=64, n_moves=2, passes=2, start=0.3)
TINY = {
    "architecture": MLP.pairs(width=16),
    "latent_size": 2,
    "batch_size": 32,
    "max_iter": 3,
    "method": SMALL,
    "random_state": 0,
}


def tiny(**kwargs):
    """One with these parameters, those of options by nested names."""
    return clone(AGEBidirectional(**TINY)).set_params(**kwargs)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0, 3.0, 0.0], [0.1, 5.0, 1.0, 2.0], size=(300, 4))


@pytest.fixture(scope="module")
def fitted(X):
    return tiny().fit(X)


def numbers(model, X):
    """Everything that a model says, for comparisons bit by bit."""
    parts = (model.transform(X), model.reconstruct(X), model.sample(9, random_state=0))
    return np.concatenate([part.ravel() for part in parts])


def test_it_is_the_default_where_it_can_be():
    X = np.random.default_rng(0).normal(size=(60, 5))
    short = {"max_iter": 1, "latent_size": 2, "random_state": 0}
    assert type(AGEBidirectional(**short).fit(X).net_) is FlowNet
    assert type(AGEBidirectional(method="flow", **short).fit(X).net_) is FlowNet
    for others in ({"objective": "hinge"}, {"architecture": "hierarchical"}, {"method": "gradient"}):
        assert type(AGEBidirectional(**short, **others).fit(X).net_) is GradientNet


@pytest.mark.parametrize("divergence", [*fdgm.available("divergence"), "all"])
def test_every_divergence_fits(X, divergence):
    assert np.isfinite(numbers(tiny(divergence=divergence).fit(X), X)).all()


@pytest.mark.parametrize("encoder", DISTRIBUTIONS)
@pytest.mark.parametrize("generator", DISTRIBUTIONS)
def test_every_pair_of_distributions_fits(X, encoder, generator):
    assert np.isfinite(numbers(tiny(encoder=encoder, generator=generator).fit(X), X)).all()


@pytest.mark.parametrize("network", ["encoder", "generator"])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_it_starts_from_principal_components(X, network, distribution):
    """The linear maps alone: what the small networks beside them add at first is a tenth of that or so."""
    model = tiny(**{network: distribution}, max_iter=1, method__n_rounds=1, generator_optimizer__lr=1e-12).fit(X)
    rows = model._scaler.to_tensor(X).numpy()
    pca = PCA(2).fit(rows)
    along = np.abs(np.corrcoef(model.transform(X).T, pca.transform(rows).T)[:2, 2:])
    np.testing.assert_allclose(along, np.eye(2), atol=0.25)
    back = model._scaler.to_tensor(model.reconstruct(X)).numpy()
    expected = np.square(rows - pca.inverse_transform(pca.transform(rows))).mean()
    assert np.square(rows - back).mean() < expected + 0.1


@pytest.mark.parametrize("generator", ["gaussian", "isotropic"])
def test_reconstructions_do_not_teach_a_gaussian_that_it_has_no_noise(X, generator):
    """The errors of one latent's reconstructions are far larger than the deviations become if these count as errors."""
    model = tiny(
        latent_size=1,
        generator=generator,
        max_iter=20,
        method__n_rounds=4,
        method__start=1.0,
        generator_optimizer__lr=0.01,
    ).fit(X)
    deviation = model.inverse_transform(np.zeros((500, 1)), stochastic=True, random_state=0).std(axis=0) / X.std(axis=0)
    assert deviation.mean() > 0.08  # e^-2 = 0.14 at first


def test_more_latents_than_columns_begin_with_the_prior():
    X = np.random.default_rng(0).normal(size=(300, 2))
    model = tiny(latent_size=5, max_iter=1, method__n_rounds=1, generator_optimizer__lr=1e-12).fit(X)
    drawn = model.transform(X, stochastic=True, random_state=0)
    assert (np.abs(drawn.std(axis=0) - 1) < 0.3).all()


@pytest.mark.parametrize(
    ("shape", "data_range", "convolutions"),
    [
        ((1, 8, 8), "auto", True),
        ((3, 9, 9), (0.0, 1.0), True),
        ((1, 8, 8), None, False),
        ((1, 8, 9), "auto", False),
        ((1, 7, 7), "auto", False),
        ((9, 8, 8), "auto", False),
        ((8, 8), "auto", False),
        ((64,), "auto", False),
    ],
)
def test_images_have_convolutions_by_default(shape, data_range, convolutions):
    images = np.random.default_rng(0).uniform(size=(20, *shape)).astype(np.float32)
    flow = Flow(n_rounds=1, n_pairs=16, n_moves=1, passes=1)
    model = AGEBidirectional(method=flow, data_range=data_range, max_iter=1, random_state=0).fit(images)
    layers = {type(layer) for layer in model.net_.encoder_.modules()}
    assert (torch.nn.Conv2d in layers) == convolutions
    assert model.reconstruct(images).shape == images.shape


def test_default_latents_are_few_enough_for_the_covariance_of_a_batch():
    X = np.random.default_rng(0).normal(size=(40, 30))
    assert tiny(latent_size=None, max_iter=1).fit(X).transform(X).shape == (40, 8)  # of a batch of 32
    assert tiny(latent_size=12, max_iter=1).fit(X).transform(X).shape == (40, 12)
    assert tiny(latent_size=None, max_iter=1, method="gradient").fit(X).transform(X).shape == (40, 15)


def test_images_of_convolutions():
    images = np.random.default_rng(0).uniform(size=(80, 1, 8, 8)).astype(np.float32)
    model = tiny(architecture=DCGAN(width=4)).fit(images)
    assert model.reconstruct(images).shape == images.shape
    assert 0 <= model.sample(3).min() <= model.sample(3).max() <= 1  # the range of the data


@pytest.mark.parametrize(
    "change",
    [
        {"divergence": "js"},
        {"scale_clip": 1.0},
        {"method__n_pairs": 96},
        {"method__max_draws": 1, "method__n_pairs": 200},
        {"method__n_moves": 3},
        {"method__passes": 3},
        {"method__step_size": 0.5},
        {"method__latent_step_size": 0.5},
        {"method__schedule": ((0.0, 0.1),)},
        {"method__start": 0.9},
        {"method__cycle_weight": 5.0},
        {"method__kl_weight": 1.0},
        {"method__input_noise": 0.1},
        {"method__instance_noise": 2.0},
        {"method__instance_noise": InstanceNoise(0.3, schedule=())},
        {"method__bounded": False, "critic_optimizer__lr": 0.1},
        {"method__ema": None},
        {"generator_optimizer": Adam(1e-4)},
        {"encoder_optimizer": Adam(1e-4)},
        {"critic_optimizer": Adam(1e-4)},
    ],
    ids=", ".join,
)
def test_what_training_is_told_it_heeds(X, fitted, change):
    assert not np.array_equal(numbers(tiny(**change).fit(X), X), numbers(fitted, X))


def test_the_critics_layers_are_bounded(X):
    for bounded in (True, False):
        model = tiny(method__bounded=bounded, method__n_moves=40, critic_optimizer__lr=0.05).fit(X)
        layers = [layer for layer in model.net_.critic_.modules() if isinstance(layer, torch.nn.Linear)]
        norms = [torch.linalg.matrix_norm(layer.weight, ord=2).item() for layer in layers]
        assert (max(norms) < 1.2) == bounded


def test_the_first_stage_teaches_no_critic(X):
    history = tiny(max_iter=10).fit(X).history_
    assert history["critic_loss"].isna().tolist() == [True] * 3 + [False] * 7
    assert history["divergence"].isna().tolist() == [True] * 3 + [False] * 7
    assert "critic_loss" not in tiny(max_iter=1).fit(X).history_
    assert tiny(max_iter=10, method__start=0.0).fit(X).history_["critic_loss"].notna().all()


def test_training_that_continues_is_in_the_second_stage(X):
    model = tiny()
    for _ in range(3):
        model.partial_fit(X)
    assert model.history_["critic_loss"].isna().tolist() == [True, False, False]
    again = tiny(warm_start=True, max_iter=10).fit(X).fit(X)
    assert again.history_["critic_loss"].isna().sum() == 3


def test_warm_starts_go_on(X):
    model = tiny(warm_start=True, replay=Replay([0.0])).fit(X).fit(X)
    np.testing.assert_array_equal(numbers(model, X), numbers(tiny(replay=Replay([0.0] * 2)).fit(X), X))


def test_a_fit_that_a_clock_ended_is_repeated(X):
    first = tiny(max_iter=None, max_seconds=1.0).fit(X)
    assert first.stop_reason_ == "max_seconds"
    again = tiny(replay=first.replay_).fit(X)
    np.testing.assert_array_equal(numbers(again, X), numbers(first, X))


def test_a_clock_may_cut_the_first_iteration(X):
    with pytest.warns(TrainingWarning, match="in the first iteration"):
        model = tiny(max_iter=None, max_seconds=1e-4).fit(X)
    assert np.isfinite(numbers(model, X)).all()


def test_a_memory_mapped_array_gives_the_bits_of_one_in_memory(X, fitted, tmp_path):
    mapped = np.memmap(tmp_path / "x", dtype=X.dtype, mode="w+", shape=X.shape)
    mapped[:] = X
    mapped.flush()
    np.testing.assert_array_equal(numbers(tiny().fit(mapped), X), numbers(fitted, X))


@pytest.mark.parametrize("loop", [1, 3], ids=["in the first stage", "in the second"])
def test_a_crashed_fit_goes_on(X, tmp_path, loop):
    model = tiny(max_iter=5, method__start=0.4, checkpoint=Checkpoint(tmp_path / "checkpoint", seconds=0))
    model.set_params(callbacks=[AtUpdate(RuntimeError("killed"), iteration=loop + 1)])
    with pytest.raises(RuntimeError, match="killed"):
        model.fit(X)
    model.set_params(callbacks=None)
    whole = tiny(max_iter=5, method__start=0.4).fit(X)
    np.testing.assert_array_equal(numbers(model.fit(X), X), numbers(whole, X))


def test_files_and_pickles(X, fitted, tmp_path):
    fitted.save(tmp_path / "m")
    for again in (fdgm.load(tmp_path / "m"), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(numbers(again, X), numbers(fitted, X))
        pd.testing.assert_frame_equal(again.history_, fitted.history_)
        Z = fitted.transform(X)
        np.testing.assert_array_equal(again.log_ratio(X, Z), fitted.log_ratio(X, Z))


def test_training_goes_on_from_a_file_to_the_same_bits(X, tmp_path):
    """Also the directions by which norms are bounded."""
    model = tiny(critic_optimizer__lr=0.05).partial_fit(X).partial_fit(X)
    model.save(tmp_path / "m")
    again = fdgm.load(tmp_path / "m").partial_fit(X)
    np.testing.assert_array_equal(numbers(again, X), numbers(model.partial_fit(X), X))


def test_early_stopping(X):
    model = tiny(max_iter=6, early_stopping=EarlyStopping(every=1)).fit(X)
    assert np.isfinite(numbers(model, X)).all()
    assert model.best_iter_ == model.history_["held_out_distance"].idxmin() + 1


def test_a_critic_that_becomes_nan_is_blamed_and_keeps_the_last_good_networks(X):
    model = tiny(max_iter=4, callbacks=[BreaksGradients("critic_", iteration=3)])
    with pytest.warns(TrainingWarning, match=r"iteration 3, the critic: .* became NaN.*method.* of iteration 2"):
        model.fit(X)
    assert (model.n_iter_, model.stop_reason_) == (2, "non_finite")


def test_one_row_more_is_enough_to_go_on(X):
    model = tiny().partial_fit(X).partial_fit(X[:1])
    assert np.isfinite(numbers(model, X)).all()


def test_a_constant_column_comes_back_constant(X):
    model = tiny().fit(np.column_stack([X, np.full(len(X), 7.25)]))
    np.testing.assert_array_equal(model.sample(20)[:, 4], 7.25)
    np.testing.assert_array_equal(model.reconstruct(np.column_stack([X, np.full(len(X), 7.25)]))[:, 4], 7.25)


def test_columns_that_share_a_unit_share_their_scale():
    counts = np.random.default_rng(0).poisson(1.0, size=(200, 12)).astype(float)
    scales = [len(np.unique(tiny(method=m).fit(counts)._scaler.scale)) for m in (SMALL, Gradient(n_updates=1))]
    assert scales == [1, 12]


def test_the_unit_of_the_data_changes_nothing_but_rounding(X):
    one, other = (tiny(scaling="standard", data_range=None).fit(X * unit) for unit in (1.0, 1024.0))
    np.testing.assert_allclose(one.transform(X), other.transform(X * 1024), rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_training_teaches_a_curve_that_principal_components_cannot_follow():
    """One latent along half a circle: the best line leaves 0.16 of the variance."""
    angle = np.random.default_rng(0).uniform(0, np.pi, 2000)
    X = np.stack([np.cos(angle), np.sin(angle), np.zeros(2000), np.sin(2 * angle)], axis=1)
    X = X + np.random.default_rng(1).normal(scale=0.02, size=X.shape)
    model = AGEBidirectional(latent_size=1, scaling="whole", max_iter=10, random_state=0).fit(X)
    error = np.square(model.reconstruct(X) - X).mean() / X.var(axis=0).mean()
    line = 1 - PCA(1).fit(X).explained_variance_ratio_[0]
    assert error < line / 10


BAD = [
    ("n_rounds", 0), ("max_draws", 0), ("n_pairs", 1), ("n_moves", 0), ("passes", 0), ("step_size", 0.0),
    ("latent_step_size", -1.0), ("schedule", [1, 2]), ("start", 1.5), ("cycle_weight", -1.0), ("kl_weight", -1.0),
    ("input_noise", -1.0), ("input_noise", InstanceNoise(-1.0)), ("instance_noise", -1.0), ("bounded", "yes"),
    ("ema", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_parameters_out_of_range(X, name, value):
    with pytest.raises((ValueError, TypeError), match=name) as caught:
        tiny(**{f"method__{name}": value}).fit(X)
    assert isinstance(value, Option) or repr(value) in str(caught.value)


def test_every_parameter_has_an_error_test():
    assert {name for name, _ in BAD} == set(Flow().get_params(deep=False))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"objective": "hinge"}, r"method of AGEBidirectional must be 'gradient' or 'auto' .*'hinge', got Flow"),
        ({"architecture": "hierarchical"}, r"several levels of latents, got Flow.*'hierarchical'"),
    ],
)
def test_where_pairs_cannot_move(X, params, message):
    with pytest.raises(ValueError, match=message):
        tiny(**params).fit(X)


def test_moments_of_latents_against_closed_forms():
    z = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mixed = z @ torch.tensor([[2.0, 0.5], [0.0, 0.7]], dtype=torch.float64) + torch.tensor([0.3, -1.0])
    covariance = torch.tensor([[4.0, 1.0], [1.0, 0.25 + 0.49]], dtype=torch.float64)
    law = torch.distributions.MultivariateNormal(torch.tensor([0.3, -1.0], dtype=torch.float64), covariance)
    prior = torch.distributions.MultivariateNormal(torch.zeros(2, dtype=torch.float64), torch.eye(2).double())
    expected = torch.distributions.kl_divergence(law, prior).item()
    assert aggregate_kl(mixed).item() == pytest.approx(expected, rel=0.01)


def test_with_few_rows_only_the_diagonal_of_the_covariance_counts():
    z = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    turned = torch.stack([z[:, 0], -z[:, 1]], dim=1)  # the covariance changes its sign
    assert aggregate_kl(z).item() == pytest.approx(aggregate_kl(turned).item())
    var, mean = z.var(dim=0, correction=0) + 1e-4, z.mean(dim=0)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, var.sqrt()), torch.distributions.Normal(0.0, 1.0)
    )
    assert aggregate_kl(z).item() == pytest.approx(expected.sum().item(), rel=1e-4)


def test_both_methods_are_options_by_name():
    changed = AGEBidirectional().set_params(method__cycle_weight=2.0).method
    assert (type(changed), changed.cycle_weight) == (Flow, 2.0)
    assert type(AGEBidirectional(objective="vae").set_params(method__ema=0.9).method) is Gradient
