"""Interpolations, neighbours, levels of latents, and their pictures."""

import copy

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances

import fdgm
from fdgm import AGEBidirectional, plot
from fdgm.architectures import MLP, Hierarchical
from fdgm.bidirectional import ALI, VAE, Batch, Joint
from fdgm.options import Gradient

TINY = {
    "architecture": MLP(width=16, depth=2),
    "latent_size": 2,
    "batch_size": 32,
    "max_iter": 3,
    "method": Gradient(n_warmup_steps=3, n_updates=4),
}
TINY_VAE = {**TINY, "method": Gradient(n_updates=4)}
X = np.random.default_rng(0).normal([1.0, -20.0, 3.0], [0.1, 5.0, 1.0], size=(60, 3))


@pytest.fixture(scope="module")
def model():
    return AGEBidirectional(**TINY, random_state=0).fit(X)


@pytest.fixture(scope="module")
def two_levels():
    architecture = Hierarchical(base=MLP(width=16, depth=2), top=MLP(width=8, depth=1), hidden_size=5)
    return ALI(**{**TINY, "architecture": architecture}, random_state=0).fit(X)


def test_interpolations_go_from_one_reconstruction_to_the_other(model):
    rows = model.interpolate(X[:4], X[4:8], steps=5)
    assert rows.shape == (4, 5, 3)
    np.testing.assert_allclose(rows[:, 0], model.reconstruct(X[:4]), rtol=1e-5)
    np.testing.assert_allclose(rows[:, -1], model.reconstruct(X[4:8]), rtol=1e-5)


def test_interpolations_are_straight_in_the_latent_space(model):
    middle = (model.transform(X[:4]) + model.transform(X[4:8])) / 2
    np.testing.assert_allclose(
        model.interpolate(X[:4], X[4:8], steps=3)[:, 1], model.inverse_transform(middle), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("others", "steps", "error"), [(X[:3], 5, ValueError), (X[:4], 1, ValueError), (X[:4], 2.5, TypeError)]
)
def test_interpolations_that_cannot_be(model, others, steps, error):
    with pytest.raises(error, match=r"interpolate"):
        model.interpolate(X[:4], others, steps=steps)


def test_neighbours_are_the_nearest_representations(model):
    distances, indices = model.neighbors(X[:5], k=3, among=X[5:])
    every = pairwise_distances(model.transform(X[:5]), model.transform(X[5:]))
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :3], rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(every, indices, axis=1), distances, rtol=1e-4)


def test_no_row_is_its_own_neighbour(model):
    _, indices = model.neighbors(X, k=1)
    assert (indices[:, 0] != np.arange(len(X))).all()


@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (60, ValueError), ("4", TypeError)])
def test_numbers_of_neighbours_that_cannot_be(model, k, error):
    with pytest.raises(error, match=f"k of .*neighbors .*{k}"):
        model.neighbors(X, k=k)


def both_pictures(shape):
    """Two lines each: of interpolations, and of neighbours, with the rows before them."""
    rows = np.random.default_rng(0).normal(size=(30, *shape))
    fitted = VAE(**TINY_VAE, random_state=0).fit(rows)
    way = fitted.interpolate(rows[:2], rows[2:4], steps=3)
    near = rows[fitted.neighbors(rows[:2], k=2, among=rows)[1]]
    return [
        (plot.InterpolationDisplay.from_estimator(fitted, rows[:2], rows[2:4], steps=3).figure_, way),
        (
            plot.NeighborsDisplay.from_estimator(fitted, rows[:2], k=2, among=rows).figure_,
            np.concatenate([rows[:2, None], near], axis=1),
        ),
    ]


def test_pictures_of_rows_of_two_numbers_are_paths():
    for figure, expected in both_pictures((2,)):
        for line, path in zip(figure.axes[0].lines, expected, strict=True):
            np.testing.assert_allclose(line.get_xydata(), path)


def test_pictures_of_other_rows_are_maps_of_their_values():
    for figure, expected in both_pictures((3,)):
        for axis, series in zip(figure.axes, expected, strict=False):  # the last is the colour bar's
            np.testing.assert_allclose(axis.images[0].get_array(), series.T)


def test_pictures_of_images_are_images():
    """In grey, from the least number of the figure to the greatest."""
    for figure, expected in both_pictures((1, 4, 4)):
        grey = (expected[:, :, 0] - expected.min()) / (expected.max() - expected.min())
        for axis, image in zip(figure.axes, grey.reshape(-1, 4, 4), strict=True):
            np.testing.assert_allclose(axis.images[0].get_array(), image)


def test_flat_rows_as_images():
    rows = np.random.default_rng(0).normal(size=(30, 12))
    fitted = VAE(**TINY_VAE, random_state=0).fit(rows)
    figure = plot.NeighborsDisplay.from_estimator(fitted, rows[:3], among=rows, image_shape=(3, 4)).figure_
    assert len(figure.axes) == 3 * 5
    assert figure.axes[0].images[0].get_array().shape == (3, 4)
    with pytest.raises(ValueError, match=r"image_shape of .* 12 numbers, got \(5, 5\)"):
        plot.NeighborsDisplay.from_estimator(fitted, rows, image_shape=(5, 5))


def test_the_critic_sees_both_levels():
    """(x, z1, z2) of one chain each, in the same order from either end."""
    architecture = Hierarchical(base=MLP(width=8), top=MLP(width=8), hidden_size=5)
    joint = Joint(
        architecture.conditional_encoder((3,), 2, distribution="gaussian", seed=1),
        architecture.conditional_generator((3,), 2, distribution="gaussian", seed=2),
        "float32",
    )
    source = torch.Generator().manual_seed(0)
    sizes = (3, 2, joint.encoder.noise_size, joint.generator.noise_size)
    assert sizes == (3, 2, 5 + 2, 5 + 3)
    batch = Batch(*(torch.randn(4, size, generator=source) for size in sizes))
    rows, latents = joint.encode(batch)
    below, above = joint.encoder.stages
    assert torch.equal(latents[:, :5], below(rows, batch.encoder_noise[:, :5]))
    assert torch.equal(latents[:, 5:], above(latents[:, :5], batch.encoder_noise[:, 5:]))
    rows, latents = joint.generate(batch)
    above, below = joint.generator.stages
    assert torch.equal(latents[:, 5:], batch.latents)
    assert torch.equal(latents[:, :5], above(batch.latents, batch.generator_noise[:, :5]))
    assert torch.equal(rows, below(latents[:, :5], batch.generator_noise[:, 5:]))


def test_hierarchical_ali_draws_between_the_levels_alone():
    architecture = Hierarchical(base=MLP(width=8), hidden_size=5, between="gaussian")
    model = ALI(**{**TINY, "architecture": architecture}).fit(X)
    above, below = model.net_.generator_.stages
    assert (above.noise_size, below.noise_size, model.net_.encoder_.noise_size) == (5, 0, 5 + 2)
    Z = model.transform(X)
    np.testing.assert_array_equal(model.inverse_transform(Z), model.inverse_transform(Z))
    assert not np.array_equal(model.inverse_transform(Z), model.inverse_transform(Z, stochastic=True))
    Z = model.transform(X, level=1)
    drawn = model.inverse_transform(Z, level=1, stochastic=True)
    np.testing.assert_array_equal(model.inverse_transform(Z, level=1), drawn)


def test_a_distribution_between_levels_that_there_is_not():
    with pytest.raises(ValueError, match=r"between of Hierarchical must be one of .*'gaussian'.*got 'normal'"):
        ALI(**{**TINY, "architecture": Hierarchical(between="normal")}).fit(X)


def test_levels_of_representations(two_levels):
    assert two_levels.transform(X).shape == (60, 2)
    assert two_levels.transform(X, level=1).shape == (60, 5)
    np.testing.assert_array_equal(two_levels.transform(X), two_levels.transform(X, level=2))


def test_frames_have_the_columns_of_the_last_level(two_levels):
    framed = copy.deepcopy(two_levels).set_output(transform="pandas")
    assert list(framed.transform(X, level=2).columns) == list(two_levels.get_feature_names_out())
    with pytest.raises(ValueError, match=r"level of .*transform must be the last with set_output.*got 1"):
        framed.transform(X, level=1)


@pytest.mark.parametrize("level", [1, 2])
def test_reconstructions_turn_back_at_a_level(two_levels, level):
    back = two_levels.inverse_transform(two_levels.transform(X, level=level), level=level)
    np.testing.assert_allclose(two_levels.reconstruct(X, level=level), back, rtol=1e-4)
    other = two_levels.reconstruct(X, level=3 - level)
    assert not np.allclose(two_levels.reconstruct(X, level=level), other)


@pytest.fixture(scope="module")
def line():
    """Rows within 0.05 of a line, of one number each: the mean would lose all of their variance, 2.3."""
    t = np.random.default_rng(0).normal(size=(500, 1))
    return t * [1.0, -1.0, 0.5] + 0.05 * np.random.default_rng(1).normal(size=(500, 3))


def lost(fitted, line, **level):
    return ((fitted.reconstruct(line, **level) - line) ** 2).sum() / ((line - line.mean(axis=0)) ** 2).sum()


def test_encoder_and_generator_stay_together_as_they_train(line):
    """Over three seeds 6% to 10% of the variance were lost after four loops, and 3% to 4% after 25."""
    fitted = AGEBidirectional(latent_size=1, max_iter=4, random_state=0).fit(line)
    assert lost(fitted, line) < 0.25


@pytest.mark.parametrize(("architecture", "levels"), [(None, [1]), ("hierarchical", [1, 2])])
def test_the_warm_up_makes_one_undo_the_other(line, architecture, levels):
    settings = {
        "architecture": architecture,
        "latent_size": 1,
        "max_iter": 1,
        "random_state": 0,
    }
    warm = AGEBidirectional(**settings, method=Gradient(n_updates=1)).fit(line)
    cold = AGEBidirectional(**settings, method=Gradient(n_updates=1, n_warmup_steps=0)).fit(line)
    for level in levels:
        assert lost(warm, line, level=level) < 0.5 < lost(cold, line, level=level)


def test_a_log_ratio_of_two_levels_takes_both(two_levels):
    both = np.hstack([two_levels.transform(X, level=1), two_levels.transform(X)])
    assert np.isfinite(two_levels.log_ratio(X, both)).all()
    with pytest.raises(ValueError, match=r"\(n_samples, 7\).*got \(60, 2\)"):
        two_levels.log_ratio(X, two_levels.transform(X))


@pytest.mark.parametrize("level", [0, 3, "top", True])
def test_levels_that_there_are_not(two_levels, level):
    with pytest.raises(ValueError, match=rf"level of .*reconstruct must be an int from 1 to 2, .*got {level!r}"):
        two_levels.reconstruct(X, level=level)


def test_latents_of_another_level_want_its_number(two_levels):
    with pytest.raises(ValueError, match=r"must have shape \(n_samples, 2\), got \(60, 5\); .* its level="):
        two_levels.inverse_transform(two_levels.transform(X, level=1))


def test_one_level_is_all_there_is(model):
    with pytest.raises(ValueError, match=r"from 1 to 1, .*got 2"):
        model.transform(X, level=2)


def test_likelihoods_want_one_level(two_levels):
    gaussian = ALI(**{**TINY, "architecture": Hierarchical(base=MLP(width=8))}, generator="gaussian").fit(X)
    for fitted in (two_levels, gaussian):
        with pytest.raises(ValueError, match="2 levels of latents; take an architecture with one level"):
            fitted.log_likelihood(X)


@pytest.mark.parametrize("objective", ["vae", "avb"])
def test_objectives_with_a_likelihood_want_one_level_too(objective):
    model = AGEBidirectional(**{**TINY, "architecture": "hierarchical"}, objective=objective, generator="gaussian")
    with pytest.raises(ValueError, match=rf"architecture of .*one level of latents with objective='{objective}'"):
        model.fit(X)


def test_two_levels_come_back_from_a_file(two_levels, tmp_path):
    two_levels.save(tmp_path / "m")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "m").transform(X), two_levels.transform(X))
