"""What all that move points share: seeds, processes, NaN, ranges, records."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.mixture import GaussianMixture

from fdgm import DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP
from fdgm.exceptions import TrainingWarning
from fdgm.options import Network
from fdgm.refiners import DDLSRefiner, DOTRefiner, LatentGenerator, RejectionRefiner
from fdgm.refiners._prior import Prior

ROWS = np.random.default_rng(1).normal(size=(2500, 2))


def quadratic(x):
    return -x.square().sum(1)


@pytest.fixture(scope="module")
def refiner():
    mixture = GaussianMixture(random_state=0).fit(ROWS)
    return DGflowRefiner(mixture, ratio=quadratic, n_steps=3, noise=0.1, random_state=0, step_size=0.01, stop=None).fit(
        ROWS
    )


def test_no_step_returns_the_input(X):
    refiner = DGflowRefiner(GaussianMixture(random_state=0), n_steps=0, step_size=0.01, stop=None).fit(X)
    np.testing.assert_array_equal(refiner.refine(X), X)


def test_the_same_seed_gives_the_same_bits(refiner):
    np.testing.assert_array_equal(refiner.sample(50, random_state=3), refiner.sample(50, random_state=3))
    assert not np.array_equal(refiner.sample(50), refiner.sample(50))


def test_two_fits_with_the_same_seed_are_the_same():
    """Also what is fitted inside, from random starts and folds."""
    fits = [
        DGflowRefiner(
            GaussianMixture(3, max_iter=500, init_params="random"),
            ratio="kliep",
            n_steps=2,
            random_state=5,
            step_size=0.01,
            stop=None,
        ).fit(ROWS[:200])
        for _ in range(2)
    ]
    np.testing.assert_array_equal(fits[0].sample(20), fits[1].sample(20))


def test_a_rows_way_does_not_depend_on_how_many_there_are(refiner):
    np.testing.assert_array_equal(refiner.refine(ROWS)[:1100], refiner.refine(ROWS[:1100]))


def test_torchs_global_chance_is_left_alone(refiner):
    before = torch.get_rng_state()
    refiner.sample(10)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize("space", ["latent", "data"])
def test_processes_give_the_bits_of_one(sampler, X, space):
    serial, parallel = (
        DGflowRefiner(
            sampler, space=space, n_steps=3, noise=0.1, n_jobs=n_jobs, random_state=0, step_size=0.01, stop=None
        ).fit(X)
        for n_jobs in (None, 2)
    )
    np.testing.assert_array_equal(serial.sample(2500), parallel.sample(2500))
    points = np.random.default_rng(3).normal(size=(2500, 3 if space == "latent" else 2))
    np.testing.assert_array_equal(serial.refine(points), parallel.refine(points))


def test_the_number_of_threads_is_left_as_it_was(refiner):
    before = torch.get_num_threads()
    refiner.sample(2)
    assert torch.get_num_threads() == before


def test_rows_that_meet_a_nan_keep_their_last_good_state():
    """√x₀ has a gradient that points on until x₀ is negative: the second row is stopped at once."""
    refiner = DGflowRefiner(
        GaussianMixture(random_state=0), ratio=lambda x: (x[:, 0] + 100).sqrt(), step_size=1e-3, n_steps=2, stop=None
    ).fit(ROWS)
    X = np.array([[0.5, 0.5], [-200.0, 1.0]])
    with pytest.warns(TrainingWarning, match="1 of 2 rows met a NaN"):
        refined = refiner.refine(X)
    assert refined[0, 0] > 0.5
    np.testing.assert_allclose(refined[1], X[1], rtol=1e-6)


class Root(torch.nn.Module):
    """Rows of latents below 6 alone, of slope −1/(2√(6 − z))."""

    def forward(self, z):
        return (6 - z).sqrt()


@pytest.mark.parametrize("n_steps", [1, 4])
def test_latents_that_no_row_is_made_of_go_one_step_back(n_steps):
    """T = −20x pushes latents up, the first past 6 in the first step, the second nowhere near."""
    X = np.random.default_rng(0).uniform(2, 3, size=(50, 1))
    generator = LatentGenerator(Root(), latent_size=1)
    params = {"step_size": 0.02, "n_steps": n_steps, "random_state": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refiner = DGflowRefiner(generator, ratio=lambda x: -x[:, 0], stop=None, **params).fit(X)
    refiner.ratio_ = lambda x: -20 * x[:, 0]
    Z = np.array([[5.99], [-1.0]], dtype=np.float32)
    with pytest.warns(TrainingWarning, match="1 of 2 rows met a NaN"):
        rows = refiner.refine(Z)
    np.testing.assert_allclose(rows[0], np.sqrt(6 - Z[0]), rtol=1e-5)
    assert rows[1] < np.sqrt(6 - Z[1])
    with pytest.warns(TrainingWarning, match="1 of 2 rows met a NaN"):
        np.testing.assert_array_equal(refiner.refine_latents(Z)[0], Z[0])


def test_latents_in_any_order_of_memory(sampler, X):
    refiner = DGflowRefiner(sampler, n_steps=1, random_state=0, step_size=0.01, stop=None).fit(X)
    Z = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    there, back = refiner.refine(Z[::-1]), refiner.refine(np.ascontiguousarray(Z[::-1]))
    np.testing.assert_array_equal(there, back)
    Z.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refiner.refine(Z)


@pytest.mark.parametrize("generator", [GaussianMixture(random_state=0), None], ids=["rows", "module"])
def test_constant_columns_tell_nothing_of_what_moves(generator):
    """A generator's rows have the constant of X, whatever it makes of that column."""
    X = np.column_stack([np.random.default_rng(0).normal(size=300), np.full(300, 7.0)])
    generator = LatentGenerator(torch.nn.Linear(2, 2), latent_size=2) if generator is None else generator
    refiner = DGflowRefiner(generator, ratio="kliep", n_steps=5, random_state=0, step_size=0.01, stop=None).fit(X)
    unseen = DGflowRefiner(
        generator, ratio="kliep", n_steps=0, space="data", random_state=0, step_size=0.01, stop=None
    ).fit(X)
    assert (refiner.sample(20)[:, 1] == 7.0).all()
    made = unseen._generate(50, (0,))
    np.testing.assert_array_equal(made[:, 1], np.zeros(50, np.float32))


def test_borrowed_critics_see_rows_far_from_zero(X):
    """At a mean of 1e8, whose neighbours in float32 are eight deviations apart, T follows each row."""
    far = np.random.default_rng(0).normal(1e8, 1.0, size=(300, 2))
    params = {"batch_size": 32, "max_iter": 2, "generator": Network(n_particles=64, n_particle_steps=2, passes=1)}
    critic = VGrowSampler(architecture=MLP(width=8, depth=2), random_state=0, **params).fit(far)
    refiner = DGflowRefiner(
        GaussianMixture(random_state=0), ratio=critic, n_steps=1, random_state=0, step_size=0.01, stop=None
    ).fit(far)
    np.testing.assert_allclose(refiner.log_ratio(far), critic.log_ratio(far), rtol=1e-4, atol=1e-5)
    assert refiner.log_ratio(far).std() > 0


def test_of_samples_that_meet_a_nan_those_are_counted_that_were_asked_for():
    """1,024 are moved, whatever was asked for."""
    refiner = DGflowRefiner(
        GaussianMixture(random_state=0),
        ratio=lambda x: (x[:, 0] - 100).sqrt().nan_to_num(),
        n_steps=1,
        step_size=0.01,
        stop=None,
    ).fit(ROWS)
    with pytest.warns(TrainingWarning, match="3 of 3 rows met a NaN"):
        refiner.sample(3)


def test_what_latents_make_is_clamped_to_its_range():
    """A generator that leaves the range of images, before and after its latents move."""
    images = np.random.default_rng(0).uniform(0, 1, size=(40, 1, 1, 2))
    images[0], images[1] = 0.0, 1.0
    module = torch.nn.Unflatten(1, (1, 1, 2))
    for n_steps in (0, 2):
        refiner = DGflowRefiner(
            LatentGenerator(module, latent_size=2),
            ratio=lambda x: x.flatten(1).sum(1),
            n_steps=n_steps,
            step_size=0.01,
            stop=None,
        ).fit(images)
        rows = refiner.sample(500, random_state=0)
        assert (rows.min(), rows.max()) == pytest.approx((0.0, 1.0), abs=1e-6)


@pytest.mark.parametrize("make", [DDLSRefiner, RejectionRefiner])
def test_images_of_those_that_keep_no_range_of_their_own_are_clamped_too(make):
    images = np.random.default_rng(0).uniform(0, 1, size=(60, 1, 1, 2))
    images[0], images[1] = 0.0, 1.0
    generator = LatentGenerator(torch.nn.Unflatten(1, (1, 1, 2)), latent_size=2)
    refiner = make(generator, ratio=lambda x: x.flatten(1).sum(1), random_state=0).fit(images)
    rows = refiner.sample(300, random_state=0)
    assert (rows.min(), rows.max()) == pytest.approx((0.0, 1.0), abs=1e-6)


def test_images_are_clamped_to_their_range():
    images = np.random.default_rng(0).uniform(0, 1, size=(40, 1, 2, 2))
    images[0], images[1] = 0.0, 1.0
    refiner = DGflowRefiner(ratio=lambda x: 100 * x.flatten(1).sum(1), step_size=10.0, n_steps=3, stop=None)
    refiner.fit(images, X_generated=images)
    np.testing.assert_allclose(refiner.refine(images), 1.0, rtol=0, atol=1e-6)


def test_history_follows_the_ratio_up(refiner):
    deterministic = DGflowRefiner(
        refiner.generator_, ratio=quadratic, n_steps=4, random_state=0, step_size=0.01, stop=None
    ).fit(ROWS)
    history = deterministic.history_
    assert list(history.columns) == ["log_ratio", "displacement", "leg", "step_size", "noise"]
    assert len(history) == 5
    assert (history[["log_ratio", "displacement"]].diff().iloc[1:] > 0).all().all()
    assert history["displacement"][0] == 0
    assert history["leg"].tolist() == [0, 1, 1, 1, 1]
    assert history["step_size"].tolist() == [0.0, 0.01, 0.01, 0.01, 0.01]


def test_trajectories_end_where_they_lead(refiner):
    ways = refiner.trajectory(7)
    assert ways.shape == (4, 7, 2)
    assert not np.array_equal(ways[0], ways[-1])


def test_a_drawing_of_trajectories(refiner):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = refiner.plot_trajectory(5)
    assert len(ax.lines) == 5
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(
    ("refiner", "params"),
    [
        (DDLSRefiner, {"step_size": 0.1, "n_steps": 60, "noise_scale": 0.1}),
        (DGflowRefiner, {"step_size": 0.05, "n_steps": 60, "noise": 0.0005, "stop": None}),
        (DOTRefiner, {"lr": 0.05, "step_size": 10.0}),
    ],
    ids=["ddls", "dgflow", "dot"],
)
def test_a_bounded_prior_holds_its_latents(refiner, params):
    """T grows without end, so that every latent goes to the edge, and none past it."""
    generator = LatentGenerator(torch.nn.Identity(), latent_size=2, bounds=(-1.0, 1.0))
    fitted = refiner(generator, ratio=lambda x: 5 * x.sum(1), random_state=0, **params).fit(ROWS)
    latents = fitted.refine_latents(np.zeros((200, 2)))
    assert (np.abs(latents) <= 1).all()
    assert latents.mean() > 0.7  # a drift of 0.25 a step stops within one step of the edge
    # The generator is the identity, and units are changed in float32 on the way.
    assert (np.abs(fitted.sample(50, random_state=0)) <= 1 + 1e-6).all()
    with pytest.raises(ValueError, match=r"support \(-1.0, 1.0\).*got 1 of 2 outside"):
        fitted.refine_latents([[0.5, 0.5], [0.5, 2.0]])


def test_reflection_keeps_a_uniform_prior():
    """Noise without a gradient leaves uniform latents uniform: a clamp would heap them up at the bounds."""
    generator = LatentGenerator(torch.nn.Identity(), latent_size=1, bounds=(0.0, 3.0))
    fitted = DGflowRefiner(
        generator, ratio=lambda x: 0.0 * x.sum(1), step_size=0.5, noise=0.5, n_steps=10, random_state=0, stop=None
    ).fit(ROWS[:, :1])
    assert kstest(fitted.sample(2000, random_state=0)[:, 0], "uniform", (0, 3)).pvalue > 0.01


@settings(max_examples=50, deadline=None, derandomize=True)
@given(z=st.floats(-1e4, 1e4), low=st.floats(-5, 5), width=st.floats(0.1, 5))
def test_reflection_is_by_mirrors_at_the_bounds(z, low, width):
    """Two mirrors make a walk of period twice their distance; what is inside stays as it is, bit by bit."""
    prior = Prior(1, (low, low + width))

    def at(value):
        return prior.reflected(torch.tensor([[value]], dtype=torch.float64)).item()

    inside = at(z)
    assert low <= inside <= low + width
    assert at(inside) == inside
    assert at(2 * low - z) == pytest.approx(inside, abs=1e-9)
    assert at(z + 2 * width) == pytest.approx(inside, abs=1e-9)
