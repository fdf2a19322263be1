"""AGEBidirectional: one property a test, on budgets of a few updates."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import torch
from disturb import CountsUpdates
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fdgm
from fdgm import AGEBidirectional
from fdgm.architectures import DCGAN, DISTRIBUTIONS, MLP
from fdgm.bidirectional import ALI, AVB, VAE, BiGAN
from fdgm.bidirectional._joint import Batch
from fdgm.exceptions import TrainingError, TrainingWarning
from fdgm.options import (
    Adam,
    Checkpoint,
    EarlyStopping,
    Gradient,
    ImplicitNoise,
    InstanceNoise,
    Option,
    Replay,
    RMSprop,
)

ELBO = {"objective": "vae", "encoder": "gaussian", "generator": "gaussian"}
TINY = {
    "architecture": MLP(width=16, depth=2),
    "latent_size": 2,
    "batch_size": 32,
    "max_iter": 3,
    "method": Gradient(n_warmup_steps=3, n_updates=4),
}
TINY_VAE = {**TINY, "method": Gradient(n_updates=4)}
ELBO_ONLY = {**ELBO, "method__n_warmup_steps": 0}


def tiny(**kwargs):
    """One with these parameters, those of options by nested names."""
    return clone(AGEBidirectional(**TINY, random_state=0)).set_params(**kwargs)


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0, 3.0], [0.1, 5.0, 1.0], size=(300, 3))


@pytest.fixture(scope="module")
def fitted(X):
    return tiny().fit(X)


def numbers(model, X):
    """Everything that a model says, for comparisons bit by bit."""
    parts = (model.transform(X), model.reconstruct(X), model.sample(9, random_state=0))
    return np.concatenate([part.ravel() for part in parts])


@pytest.mark.parametrize("divergence", [*fdgm.available("divergence"), "all"])
def test_every_divergence_fits(X, divergence):
    assert np.isfinite(numbers(tiny(divergence=divergence).fit(X), X)).all()


@pytest.mark.parametrize("objective", sorted(set(fdgm.available("joint_objective")) - {"vae", "avb"}))
@pytest.mark.parametrize("encoder", DISTRIBUTIONS)
@pytest.mark.parametrize("generator", DISTRIBUTIONS)
def test_every_pair_of_distributions_fits_under_every_objective(X, objective, encoder, generator):
    model = tiny(objective=objective, encoder=encoder, generator=generator, max_iter=1, method__n_updates=1).fit(X)
    assert np.isfinite(numbers(model, X)).all()


def test_the_special_cases_are_the_settings_that_define_them():
    chosen = {
        make: {
            name: make().get_params()[name]
            for name in ("objective", "divergence", "scale_clip", "encoder", "generator")
        }
        for make in (VAE, AVB, BiGAN, ALI)
    }
    assert list(chosen[VAE].values()) == ["vae", "kl", "auto", "gaussian", "isotropic"]
    assert list(chosen[AVB].values()) == ["avb", "kl", "auto", "implicit", "isotropic"]
    assert list(chosen[BiGAN].values()) == ["age", "js", None, "deterministic", "deterministic"]
    assert list(chosen[ALI].values()) == ["age", "js", None, "gaussian", "deterministic"]


@pytest.mark.parametrize("make", [VAE, AVB, BiGAN, ALI])
def test_the_special_cases_fit(X, make):
    params = TINY_VAE if make is VAE else TINY
    assert np.isfinite(numbers(make(**params, random_state=0).fit(X), X)).all()


@pytest.mark.parametrize("make", [BiGAN, ALI])
@pytest.mark.parametrize(
    ("objective", "divergence", "scale_clip"),
    [("non_saturating", "kl", "auto"), ("hinge", "kl", "auto"), ("f_gan", "js", "auto"), ("age", "js", None)],
)
def test_baselines_of_the_special_cases_have_what_their_objectives_take(X, make, objective, divergence, scale_clip):
    model = make(**TINY, objective=objective, random_state=0).fit(X)
    assert (model.divergence, model.scale_clip) == (divergence, scale_clip)


@pytest.mark.parametrize("change", [{"divergence": "js"}, {"scale_clip": 1.0}, {"objective": "hinge"}])
def test_what_is_to_be_minimised_changes_the_networks(X, fitted, change):
    assert not np.array_equal(tiny(**change).fit(X).transform(X), fitted.transform(X))


NOISY = {"method__instance_noise": InstanceNoise(0.5, schedule=())}
IMPLICIT = {"encoder": "implicit"}


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({}, {"critic_optimizer": RMSprop()}),
        ({}, {"generator_optimizer": RMSprop()}),
        ({}, {"encoder_optimizer": Adam(lr=1e-3)}),
        ({}, {"critic_optimizer": Adam(betas=(0.0, 0.999))}),
        ({}, {"generator_optimizer": Adam(betas=(0.0, 0.999))}),
        ({}, {"critic_optimizer": Adam(schedule=()), "generator_optimizer": Adam(schedule=())}),
        ({}, {"data_range": (-60.0, 60.0)}),
        ({}, {"method__instance_noise": 0.5}),
        ({}, {"method__n_critic_steps": 2}),
        ({}, {"method__n_warmup_steps": 0}),
        (NOISY, {"method__instance_noise": InstanceNoise(0.5, schedule=((0.0, 1.0), (0.5, 0.1)))}),
        (IMPLICIT, {"encoder": ImplicitNoise(7)}),
        ({"generator": "implicit"}, {"generator": ImplicitNoise(7)}),
    ],
    ids=lambda params: ", ".join(params),
)
def test_what_training_is_told_it_heeds(X, given, change):
    first, second = (tiny(**params).fit(X) for params in (given, {**given, **change}))
    assert not np.array_equal(numbers(first, X), numbers(second, X))


def test_warm_starts_go_on(X):
    model = tiny(warm_start=True, replay=Replay([0.0] * 1)).fit(X)
    once = numbers(model, X)
    assert model.fit(X).n_iter_ == 2
    assert not np.array_equal(numbers(model, X), once)
    # The seeds go on, so that it is the fit of two loops at once.
    np.testing.assert_array_equal(numbers(model, X), numbers(tiny(replay=Replay([0.0] * 2)).fit(X), X))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        AGEBidirectional(
            architecture=MLP.bidirectional(width=32),
            max_iter=15,
            method=Gradient(n_warmup_steps=0, n_critic_steps=5, n_updates=20),
            generator_optimizer=Adam(lr=5e-4),
        ),
        VAE(architecture=MLP(width=32, depth=2), max_iter=40),
    ],
    ids=["AGE", "VAE"],
)
def test_training_teaches_to_reconstruct(model):
    """A line in three dimensions: one latent is enough, and an untrained pair of networks is far off."""
    X = np.random.default_rng(0).normal(size=(500, 1)) * [1.0, 2.0, -1.0] + np.random.default_rng(1).normal(
        scale=0.05, size=(500, 3)
    )
    errors = clone(model).set_params(latent_size=1, random_state=0).fit(X).history_["reconstruction"]
    assert errors.iloc[-5:].mean() < errors.iloc[0] / 3


def test_shapes_dtypes_and_finiteness(X, fitted):
    Z = fitted.transform(X.astype(np.float32))
    assert Z.shape == (300, 2)
    assert Z.dtype == np.float64  # as at fit
    assert tiny().fit(X.astype(np.float32)).transform(X).dtype == np.float32
    assert fitted.inverse_transform(Z).shape == fitted.reconstruct(X).shape == X.shape


def test_reconstruction_is_there_and_back(X, fitted):
    back = fitted.inverse_transform(fitted.transform(X))
    np.testing.assert_allclose(fitted.reconstruct(X), back, rtol=1e-5, atol=1e-5)


def beyond_latents(model, X):
    """What the errors of reconstruction take from the score: a weighted sum of their squares for each row."""
    return -2 * model.score_samples(X) - np.square(model.transform(X)).sum(axis=1)


def test_each_column_counts_in_deviations_of_its_own_errors(X, fitted):
    """The weights that explain the scores of rows are those of columns: least squares finds them."""
    errors = np.square(fitted.reconstruct(X) - X)
    weights, *_ = np.linalg.lstsq(errors, beyond_latents(fitted, X), rcond=None)
    np.testing.assert_allclose(errors @ weights, beyond_latents(fitted, X), rtol=1e-3)
    np.testing.assert_allclose(weights * errors.mean(axis=0), 1.0, atol=0.5)


def test_columns_that_share_a_scale_count_alike(X):
    model = AGEBidirectional(**TINY, data_range=(-100.0, 100.0), random_state=0).fit(X)
    ratio = np.square(model.reconstruct(X) - X).sum(axis=1) / beyond_latents(model, X)
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)


@pytest.mark.parametrize("make", [VAE, AVB])
def test_errors_are_of_the_columns_that_vary(X, make, monkeypatch):
    """Nothing teaches a likelihood's model its constants, which every answer has from the data."""
    compared = []
    monkeypatch.setattr("fdgm.training._early_stopping.energy_distance", lambda _, rows: compared.append(rows) or 1.0)
    constant = np.column_stack([X, np.full(len(X), 99.0)])
    settings = {**TINY_VAE, "data_range": (-100.0, 100.0), "early_stopping": EarlyStopping(every=1)}
    model = make(**settings, random_state=0).fit(constant)
    ratio = np.square(model.reconstruct(constant) - constant).sum(axis=1) / beyond_latents(model, constant)
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)
    # 0.99 of the constant would be missing, 0.25 of the mean square of four columns.
    assert model.history_["reconstruction"].max() < 0.2
    np.testing.assert_allclose(compared[-1][:, 3], 0.99, rtol=1e-6)


def test_what_lies_far_out_is_abnormal(X, fitted):
    assert fitted.score_samples(X + 50 * X.std(axis=0)).max() < fitted.score_samples(X).min()


def test_one_random_state_is_other_noise_in_another_method(X):
    """Correlations of 300 independent numbers scatter by 0.06."""
    model = tiny(encoder="gaussian", generator="gaussian", latent_size=3).fit(X)
    mean = model.transform(X)
    drawn = model.transform(X, stochastic=True, random_state=0)
    back = model.inverse_transform(mean, stochastic=True, random_state=0) - model.inverse_transform(mean)
    for a, b in zip((drawn - mean).T, back.T, strict=True):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.3


def test_draws_differ_and_means_do_not(X, fitted):
    assert not np.array_equal(fitted.transform(X, stochastic=True), fitted.transform(X, stochastic=True))
    assert not np.array_equal(fitted.reconstruct(X), fitted.reconstruct(X, stochastic=True))
    np.testing.assert_array_equal(fitted.transform(X), fitted.transform(X))
    draws = [fitted.transform(X, stochastic=True, random_state=3) for _ in "12"]
    np.testing.assert_array_equal(*draws)


def test_a_rows_representation_does_not_depend_on_the_others(X, fitted):
    np.testing.assert_array_equal(fitted.transform(X)[17:18], fitted.transform(X[17:18]))
    draws = [fitted.transform(rows, stochastic=True, random_state=0) for rows in (X, X[:5])]
    np.testing.assert_array_equal(draws[0][:5], draws[1])


def test_draws_of_a_gaussian_encoder_scatter_around_its_mean(X):
    """The mean of 4,000 draws lies within five standard errors in each coordinate."""
    model = tiny().fit(X)
    row = np.repeat(X[:1], 4000, axis=0)
    draws = model.transform(row, stochastic=True, random_state=0)
    error = np.abs(draws.mean(axis=0) - model.transform(X[:1])[0])
    assert (error < 5 * draws.std(axis=0) / np.sqrt(4000)).all()


def test_rows_of_another_shape_are_refused():
    images = np.random.default_rng(0).uniform(size=(40, 1, 8, 8))
    for model, others in (
        (tiny().fit(images[:, 0, 0]), np.zeros((4, 8, 3))),
        (tiny(architecture=MLP(width=8)).fit(images), np.zeros((4, 1, 8, 4))),
    ):
        for method in (model.transform, model.reconstruct, model.score_samples, model.score, model.partial_fit):
            with pytest.raises(ValueError, match=r"X of AGEBidirectional must have rows of shape .*got \(.*[34]\)"):
                method(others)


def test_a_loaded_model_knows_the_shape_of_its_rows(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    with pytest.raises(ValueError, match=r"rows of shape \(3,\), as at fit, got \(3, 2\)"):
        fdgm.load(tmp_path / "m").transform(np.zeros((4, 3, 2)))


def test_pandas_output(X, tmp_path):
    frame = pd.DataFrame(X, columns=["a", "b", "c"], index=np.arange(300) + 7)
    model = tiny().set_output(transform="pandas").fit(frame)
    Z = model.transform(frame)
    assert list(Z.columns) == list(model.get_feature_names_out()) == ["agebidirectional0", "agebidirectional1"]
    assert list(Z.index[:2]) == [7, 8]
    for rows in (model.inverse_transform(Z), model.reconstruct(frame)):
        assert list(rows.columns) == ["a", "b", "c"]
        assert rows.index.equals(frame.index)
    model.save(tmp_path / "m")
    for again in (fdgm.load(tmp_path / "m"), pickle.loads(pickle.dumps(model))):
        pd.testing.assert_frame_equal(again.transform(frame), Z)


def test_in_a_pipeline_before_a_classifier(X):
    y = (X[:, 1] > -20).astype(int)
    pipeline = make_pipeline(StandardScaler(), tiny(), LogisticRegression())
    half = np.arange(len(X)) % 2
    scores = cross_val_score(pipeline, X, y, cv=PredefinedSplit(half))
    first = half == 1
    scaler, model, classifier = StandardScaler(), tiny(), LogisticRegression()
    classifier.fit(model.fit_transform(scaler.fit_transform(X[first])), y[first])
    assert scores[0] == classifier.score(model.transform(scaler.transform(X[~first])), y[~first])


def test_grid_search_by_its_own_score(X):
    half = np.arange(len(X)) % 2
    grid = {"divergence": ["kl", "js"], "architecture__width": [8]}
    search = GridSearchCV(tiny(), grid, cv=PredefinedSplit(half)).fit(X)
    js = tiny(divergence="js", architecture=MLP(width=8, depth=2)).fit(X[half == 1])
    assert search.cv_results_["split0_test_score"][1] == js.score(X[half == 0])


def test_images_keep_their_shape():
    images = np.random.default_rng(0).uniform(size=(40, 1, 8, 8)).astype(np.float32)
    model = tiny(architecture=DCGAN(width=4)).fit(images)
    assert model.transform(images).shape == (40, 2)
    assert model.reconstruct(images).shape == images.shape
    assert 0 <= model.sample(3).min() <= model.sample(3).max() <= 1  # the range of the data


def test_the_log_ratio_tells_pairs_apart_once_the_critic_does(X):
    """One step of the model and many of the critic: encoded pairs get the greater ratios."""
    model = tiny(
        max_iter=1,
        encoder="deterministic",
        method__n_critic_steps=200,
        method__n_updates=1,
        critic_optimizer=Adam(lr=5e-3),
    ).fit(X)
    Z = np.random.default_rng(0).normal(size=(300, 2))
    encoded, generated = model.log_ratio(X, model.transform(X)), model.log_ratio(model.inverse_transform(Z), Z)
    assert encoded.shape == (300,)
    assert encoded.mean() > generated.mean() + 1


def test_moving_leaves_no_gradient_in_the_critic_and_teaching_none_in_the_others(X):
    """Neither step computes weight gradients that it would throw away."""
    net = tiny().fit(X).net_
    rows = fdgm.nets.ResidentRows(torch.zeros(50, 3))
    for parameter in [*net.critic_.parameters(), *net.moving_]:
        parameter.grad = None
    net._move(rows)
    assert all(parameter.grad is None for parameter in net.critic_.parameters())
    for parameter in net.moving_:
        parameter.grad = None
    net._teach_critic(rows, [])
    assert all(parameter.grad is None for parameter in net.moving_)
    assert all(parameter.grad is not None for parameter in net.critic_.parameters())


def test_an_overtrained_critic_is_left_alone(X):
    counts = CountsUpdates()
    params = {"max_iter": 1, "method__n_critic_steps": 9, "method__n_updates": 1, "callbacks": [counts]}
    tiny(**params, method__min_critic_loss=100.0).fit(X)
    assert counts.n_updates["critic_"] == 0
    tiny(**params, method__min_critic_loss=0.0).fit(X)
    assert counts.n_updates["critic_"] == 9


def test_a_cycle_weight_keeps_encoder_and_generator_together(X):
    settings = {
        "encoder": "deterministic",
        "max_iter": 15,
        "method": Gradient(n_warmup_steps=0, n_updates=20),
        "generator_optimizer": Adam(lr=3e-3),
    }
    loose, tied = (tiny(**settings, method__cycle_weight=w).fit(X).history_["reconstruction"] for w in (0.0, 100.0))
    assert tied.iloc[-1] < 0.5 < loose.iloc[-1]  # two of the three columns' variance, of one each, pass through


@pytest.mark.parametrize("architecture", [TINY["architecture"], "hierarchical"])
def test_the_cycle_is_what_reconstruct_gives_through_all_levels(X, architecture):
    model = tiny(architecture=architecture, encoder="deterministic", max_iter=1).fit(X)
    rows, none = model._scaler.to_tensor(X), torch.zeros(len(X), 0)
    with torch.no_grad():
        cycle = model.net_.joint_.reconstruct(Batch(rows, none, none, none))
    levels = {} if architecture != "hierarchical" else {"level": 2}
    there_and_back = model._scaler.to_tensor(model.reconstruct(X, **levels))
    # Rounding of float32, 6e-8, at up to 13 deviations from 0, there and back, and in the networks' few layers.
    np.testing.assert_allclose(cycle, there_and_back, rtol=0, atol=1e-5)


def test_a_vae_has_no_cycle_weight(X):
    with pytest.raises(ValueError, match=r"cycle_weight of method, AGEBidirectional, .*'vae', which trains no critic"):
        clone(VAE(**TINY_VAE)).set_params(method__cycle_weight=1.0).fit(X)


def test_averages_take_the_networks_place(X):
    model = tiny(method__ema=0.9).fit(X)
    assert model.net_.encoding_module is model.net_.average_encoder_
    assert not np.array_equal(model.transform(X), tiny().fit(X).transform(X))


def test_bfloat16_is_close_to_float32(X, fitted):
    coarse = tiny(precision="bfloat16", max_iter=1).fit(X).transform(X)
    fine = tiny(max_iter=1).fit(X).transform(X)
    assert not np.array_equal(coarse, fine)
    assert np.abs(coarse - fine).max() < 0.1  # a few updates of 5e-4, on products rounded to 2^-9


def test_history(fitted):
    names = ["critic_loss", "loss", "divergence", "reconstruction", "spread", "seconds"]
    assert list(fitted.history_) == names
    assert len(fitted.history_) == fitted.n_iter_ == 3
    assert (fitted.history_["divergence"] >= 0).all()


def test_without_a_critic_there_is_no_loss_of_one(X, capsys):
    model = VAE(**TINY_VAE, random_state=0, verbose=1).fit(X)
    assert "critic_loss" not in model.history_
    assert "s left, loss" in capsys.readouterr().err


def test_early_stopping_keeps_the_best(X):
    model = tiny(
        max_iter=100, generator_optimizer=Adam(lr=5e-3), early_stopping=EarlyStopping(every=1, n_iter_no_change=1)
    ).fit(X)
    assert model.stop_reason_ == "early_stopping"
    assert model.best_iter_ == model.history_["held_out_distance"].idxmin() + 1 == model.n_iter_ - 1
    settings = {"generator_optimizer": Adam(lr=5e-3), "early_stopping": EarlyStopping(every=1)}
    again = tiny(**settings, replay=model.replay_).fit(X)
    np.testing.assert_array_equal(numbers(model, X), numbers(again, X))


def test_a_nan_at_once_is_an_error_by_name(X):
    with pytest.raises(TrainingError, match=r"iteration 1, .* became NaN.*generator_optimizer \(now Adam"):
        tiny(generator_optimizer=Adam(lr=1e30)).fit(X)


@pytest.mark.parametrize(
    ("model", "named", "unnamed"),
    [
        (
            VAE(**TINY_VAE, generator_optimizer=Adam(lr=1e30)),
            ("generator_optimizer", "objective"),
            ("critic_optimizer", "divergence", "scale_clip"),
        ),
        (
            tiny(objective="hinge", generator_optimizer=Adam(lr=1e30)),
            ("critic_optimizer", "objective"),
            ("divergence", "scale_clip"),
        ),
        (
            tiny(encoder_optimizer=Adam(lr=1e30)),
            ("critic_optimizer", "encoder_optimizer", "divergence", "scale_clip"),
            ("method",),
        ),
    ],
    ids=["VAE", "hinge", "AGE"],
)
def test_a_failure_names_parameters_that_the_objective_has(X, model, named, unnamed):
    with pytest.raises(TrainingError) as caught:
        clone(model).set_params(random_state=0).fit(X)
    advice = str(caught.value).split("). ")[1]
    assert all(f"{name} (now" in advice for name in named)
    assert not any(name in advice for name in unnamed)


def test_a_collapse_of_the_averaged_generator_alone_is_named(X, average_of_nothing):
    """From the third loop on its weights are nothing, while the networks go on."""
    average_of_nothing(2)
    with pytest.warns(TrainingWarning, match=r"iteration 5, the generator collapsed.*iteration 2"):
        model = tiny(generator="deterministic", method__ema=0.9, replay=Replay([0.0] * 9)).fit(X)
    assert (model.stop_reason_, model.n_iter_) == ("collapse", 2)


#: What the contract of all estimators does not try.
BAD = [
    ("objective", 3), ("encoder", ImplicitNoise(0)), ("generator", ImplicitNoise(0)), ("data_range", (1.0, -1.0)),
    ("method__instance_noise", InstanceNoise(1.0, schedule=[(2.0, 1.0)])), ("critic_optimizer__betas", (1.0, 0.9)),
    ("generator_optimizer__betas", (0.9,)), ("critic_optimizer__schedule", [1, 2]), ("replay", [0.0]),
    ("replay", Replay([2.0])), ("checkpoint", Checkpoint("c", seconds=-1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_parameters_out_of_range(X, name, value):
    last = name.rpartition("__")[2]
    with pytest.raises((ValueError, TypeError), match=rf"(?<!\w){last}(?!\w)") as caught:
        tiny(**{name: value}).fit(X)
    assert isinstance(value, Option) or repr(value) in str(caught.value)


IDLE = [
    ({"objective": "f_gan", "divergence": "all"}, r"divergence of .*objective='f_gan'.*'all'"),
    (ELBO, r"n_warmup_steps of .*must be 600 .*no critic, got 3"),
    ({**ELBO_ONLY, "method__n_critic_steps": 3}, r"n_critic_steps of .*must be 1 .*no critic, got 3"),
    ({**ELBO_ONLY, "method__instance_noise": 0.1}, r"instance_noise of .*must be 0\.0 .*no critic, got 0\.1"),
    ({**ELBO_ONLY, "critic_optimizer": Adam(lr=0.1)}, r"critic_optimizer of .*must be None .*no critic, got Adam"),
    ({"objective": "hinge", "divergence": "js"}, r"divergence of .*objective='hinge'.*'js'"),
    ({"objective": "f_gan", "scale_clip": 0.5}, r"scale_clip of .*objective='f_gan'.*0\.5"),
    ({**ELBO_ONLY, "encoder": "implicit"}, r"encoder of .*'isotropic'\].*'implicit'"),
    ({"objective": "avb", "encoder": "deterministic", "generator": "gaussian"}, r"encoder of .*'deterministic'"),
    ({"objective": "avb", "generator": "implicit"}, r"generator of .*'isotropic'\].*'implicit'"),
    ({"divergence": "all", "scale_clip": 0.3}, r"scale_clip must be None.*0\.3"),
]


@pytest.mark.parametrize(("params", "message"), IDLE)
def test_what_would_do_nothing_is_refused(X, params, message):
    with pytest.raises(ValueError, match=message):
        tiny(**params).fit(X)


def test_a_device_that_there_is_not_is_named(X):
    with pytest.raises(ValueError, match="device must be 'auto' or a device as torch names it, got 'nope'"):
        tiny(device="nope").fit(X)


def test_a_vae_may_be_told_that_it_does_not_warm_up(X):
    assert np.isfinite(numbers(VAE(**{**TINY, "method": Gradient(n_warmup_steps=0)}).fit(X), X)).all()


@pytest.mark.parametrize(
    ("method", "n_arguments"),
    [
        ("transform", 1), ("reconstruct", 1), ("score_samples", 1), ("score", 1), ("inverse_transform", 1),
        ("neighbors", 1), ("log_likelihood", 1), ("elbo", 1), ("cycle_consistency", 1), ("log_ratio", 2),
        ("interpolate", 2), ("sample", 0), ("save", 1),
    ],
)  # fmt: skip
def test_before_fit(X, method, n_arguments):
    with pytest.raises(NotFittedError):
        getattr(tiny(), method)(*[X] * n_arguments)


def test_whether_to_draw_is_a_bool(X, fitted):
    with pytest.raises(TypeError, match=r"stochastic of AGEBidirectional must be a bool, got 'no'"):
        fitted.transform(X, stochastic="no")


@pytest.mark.parametrize(
    ("Z", "message"),
    [
        (np.zeros((2, 3)), r"Z of AGEBidirectional.inverse_transform .* \(n_samples, 2\).*got \(2, 3\)"),
        (np.zeros(2), r"got \(2,\)"),
        (np.zeros((0, 2)), r"got \(0, 2\)"),
        ([[0.0, np.nan]], "nan at row 0, column 1"),
        ([["a", "b"]], "must hold numbers, got the string 'a'"),
        ([["1", "2"]], "must hold numbers, got the string '1'"),
        ([[1e300, 0.0]], r"finite in float32, got 1e\+300 at row 0, column 0"),
        (np.zeros((2, 2)) * 1j, "Complex"),
    ],
)
def test_latents_that_are_none(fitted, Z, message):
    with pytest.raises(ValueError, match=message):
        fitted.inverse_transform(Z)


def test_sparse_latents(fitted):
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        fitted.inverse_transform(sparse.eye_array(2).tocsr())


def test_a_log_ratio_takes_as_many_latents_as_rows(X, fitted):
    with pytest.raises(ValueError, match="as many rows as X, which has 300, got 2"):
        fitted.log_ratio(X, np.zeros((2, 2)))


@pytest.mark.parametrize("objective", ["hinge", "vae"])
def test_a_log_ratio_that_there_is_not(X, objective):
    model = VAE(**TINY_VAE, random_state=0) if objective == "vae" else tiny(objective=objective)
    model.fit(X).set_params(objective="age")  # what counts is what was fitted
    made = re.escape(repr(model.net_.settings.objective))
    with pytest.raises(ValueError, match=rf"log_ratio of AGEBidirectional .*objective={made}.*'age'"):
        model.log_ratio(X, model.transform(X))
