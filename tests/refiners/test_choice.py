"""Plans of refinement that held-out rows choose and confirm."""

import io
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import kstest
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner
from fdgm.exceptions import TrainingWarning, UnrefinedWarning
from fdgm.flows import shortened
from fdgm.ratios import DensityRatio, LogisticRatio
from fdgm.refiners import LatentGenerator
from fdgm.refiners._paired import Distances
from fdgm.refiners._prior import Prior

MEAN, VARIANCE = 0.8, 0.25  # as in conftest
DATA = np.random.default_rng(1).normal(MEAN, VARIANCE**0.5, size=(2000, 1))
TWO = np.random.default_rng(2).choice([-2.0, 2.0], size=(1500, 1)) + np.random.default_rng(3).normal(size=(1500, 1)) / 4


class GaussianRatio(DensityRatio):
    """The log-ratio of the normal distributions of two samples of one column."""

    def _fit(self, X_p, X_q):
        self.moments_ = [float(v) for X in (X_p, X_q) for v in (X.mean(), X.var())]

    def _log_ratio_tensor(self, x):
        m, s, n, t = self.moments_
        return ((x - n).square() / (2 * t) - (x - m).square() / (2 * s)).sum(1) + np.log(t / s) / 2


@pytest.fixture(scope="module")
def generator(affine):
    return LatentGenerator(affine(), latent_size=1)


@pytest.fixture(scope="module")
def mixture():
    """One normal distribution, which is too few for two."""
    return GaussianMixture(random_state=0).fit(TWO)


@pytest.fixture(scope="module")
def refined(mixture):
    return DGflowRefiner(mixture, ratio="kliep", random_state=0).fit(TWO)


def unrefined(refiner, *args, match, **kwargs):
    """The refiner, fitted, of which a warning says that it moves nothing."""
    with pytest.warns(UnrefinedWarning, match=match):
        refiner.fit(*args, **kwargs)
    assert refiner.n_steps_ == 0
    assert not refiner.rounds_["kept"].any()
    return refiner


def test_at_the_defaults_samples_come_closer(refined, mixture):
    """A quarter of the distance is left at most, and the gap between the two modes is empty."""
    assert refined.confirmation_.accepted
    before = DGflowRefiner(mixture, ratio="kliep", n_steps=0, random_state=0).fit(TWO).score(TWO)
    assert refined.score(TWO) > before / 4
    in_gap = [
        (np.abs(model.sample(2000)[0] if model is mixture else model.sample(2000)) < 1).mean()
        for model in (mixture, refined)
    ]
    assert in_gap[1] < in_gap[0] / 4


def test_the_table_of_rounds_says_what_was_tried(refined):
    rounds = refined.rounds_
    kept = rounds[rounds["kept"]]
    assert (kept["stage"] == np.arange(1, len(kept) + 1)).all()
    assert kept["n_steps"].sum() == refined.n_steps_ == len(refined.history_) - 1
    assert rounds["smoothing"].is_monotonic_decreasing
    # KL's weight is 1, so a step is the noise's variance or a quarter of it.
    factors = rounds["step_size"] / rounds["smoothing"] ** 2
    assert (np.isclose(factors, 1.0) | np.isclose(factors, 0.25)).all()
    history = refined.history_.iloc[1:]
    assert history["leg"].value_counts(sort=False).tolist() == kept["n_steps"].tolist()
    np.testing.assert_array_equal(history["step_size"], np.repeat(kept["step_size"], kept["n_steps"]))


def test_a_chosen_plan_in_a_file(refined, mixture, tmp_path):
    refined.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r", generator=mixture)
    assert again.confirmation_ == refined.confirmation_
    assert again.n_steps_ == refined.n_steps_
    pd.testing.assert_frame_equal(again.rounds_, refined.rounds_)
    pd.testing.assert_frame_equal(again.history_, refined.history_)
    np.testing.assert_array_equal(again.sample(20, random_state=1), refined.sample(20, random_state=1))
    np.testing.assert_array_equal(again.transform(TWO[:9]), refined.transform(TWO[:9]))


def test_two_fits_with_one_seed_choose_the_same(refined, mixture):
    again = DGflowRefiner(mixture, ratio="kliep", random_state=0).fit(TWO)
    pd.testing.assert_frame_equal(again.rounds_, refined.rounds_)
    np.testing.assert_array_equal(again.sample(20, random_state=1), refined.sample(20, random_state=1))


def test_no_step_is_the_identity():
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio="kliep", n_steps=0, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(refiner.fit(DATA).refine(DATA), DATA)


class Random(torch.nn.Module):
    """A network that nobody trained."""

    def __init__(self, seed):
        super().__init__()
        source = torch.Generator().manual_seed(seed)
        self.first = torch.nn.Parameter(torch.randn(2, 32, generator=source))
        self.second = torch.nn.Parameter(torch.randn(32, generator=source))

    def forward(self, x):
        return torch.sin(2 * x @ self.first) @ self.second


@pytest.mark.parametrize(
    ("ratio", "match"),
    [
        (Random(0), "moves nothing"),
        (lambda x: -(x - 30).square().sum(1) * torch.sin(40 * x).prod(1), "moves nothing"),
        (lambda x: torch.sin(50 * x).sum(1) / 1e6, "moves nothing"),
    ],
    ids=["untrained", "steep and wild", "waves of no size"],
)
def test_a_wrong_ratio_leaves_samples_as_they_came(ratio, match):
    """Samples that are as the data are."""
    rng = np.random.default_rng(0)
    X, generated = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    refiner = unrefined(DGflowRefiner(ratio=ratio, random_state=0), X, X_generated=generated, match=match)
    np.testing.assert_array_equal(refiner.refine(generated), generated)


def test_a_ratio_of_other_data_leaves_samples_as_they_came(log_ratio):
    """The log-ratio of data far on the other side of the samples."""
    X = np.random.default_rng(0).normal(size=(600, 1))
    unrefined(
        DGflowRefiner(ratio=lambda x: -(x - 5).square().sum(1) / 2, random_state=0),
        X, X_generated=np.random.default_rng(1).normal(size=(600, 1)), match="moves nothing",
    )  # fmt: skip


def test_a_ratio_that_tells_nothing_is_not_replaced_by_another():
    """Samples are too far on in the first column, which a fresh ratio would see. The one that is named does not."""
    rng = np.random.default_rng(0)
    X, generated = rng.normal(size=(600, 2)), rng.normal([1.0, 0.0], size=(600, 2))
    refiner = DGflowRefiner(ratio=lambda x: torch.sin(3 * x[:, 1]), random_state=0)
    unrefined(refiner, X, X_generated=generated, match="the ratio does not tell held-out rows of X from samples")
    assert refiner.rounds_.empty


def test_a_critic_that_leads_closer_is_followed_by_rounds_of_fresh_ratios(monkeypatch):
    """It knows that samples are too far on in the first column, but not that they are too wide in the second."""
    from fdgm.refiners import _dgflow

    monkeypatch.setattr(_dgflow, "neural_ratio", partial(LogisticRatio, max_iter=5))
    rng = np.random.default_rng(0)
    X, generated = rng.normal(size=(800, 2)), rng.normal([1.0, 0.0], [1.0, 2.0], size=(800, 2))
    refiner = DGflowRefiner(ratio=lambda x: -x[:, 0], random_state=0).fit(X, X_generated=generated)
    kept = refiner.rounds_[refiner.rounds_["kept"]]
    assert kept["smoothing"].iloc[0] == 0
    assert (kept["smoothing"].iloc[1:] > 0).all()
    assert len(kept) > 1
    assert refiner.refine(generated)[:, 1].std() < 1.6


@pytest.mark.parametrize("scale", [1.0, -1.0, 50.0], ids=["right", "reversed", "of another scale"])
def test_a_critic_of_ones_own_is_read_by_held_out_rows(generator, log_ratio, scale):
    """By logistic regression on T: a reversed sign is warned of, and turned."""
    refiner = DGflowRefiner(generator, ratio=lambda x: scale * log_ratio(x), space="data", random_state=0)
    if scale < 0:
        with pytest.warns(TrainingWarning, match="its sign is the opposite"):
            refiner.fit(DATA)
    else:
        refiner.fit(DATA)
    assert refiner.confirmation_.accepted
    x = np.array([[0.2], [0.8], [1.4]])
    exact = log_ratio(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(np.diff(refiner.log_ratio(x)), np.diff(exact), atol=0.6)


@pytest.mark.parametrize("kind", ["column", "sigmoid", "float64"])
def test_critics_of_any_form(generator, normals, kind):
    exact = normals[2](*normals[1]((MEAN, VARIANCE**0.5), (0.0, 1.0)))

    class Critic(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = exact.double() if kind == "float64" else exact.float()

        def forward(self, x):
            t = self.body(x)
            return {"column": t[:, None], "sigmoid": torch.sigmoid(t), "float64": t}[kind]

    refiner = DGflowRefiner(generator, ratio=Critic(), refresh=None, space="data", n_steps=20, random_state=0).fit(DATA)
    assert refiner.confirmation_.accepted
    assert refiner._readings[0].squashed == (kind == "sigmoid")
    # The slope of a right critic is 1, to four standard errors on 400 rows and 2,000 samples.
    assert refiner._readings[0].slope == pytest.approx(1.0, abs=0.4)


def test_a_generator_that_is_fitted_does_not_see_held_out_rows(monkeypatch):
    sizes = []
    fit = GaussianMixture.fit
    monkeypatch.setattr(GaussianMixture, "fit", lambda self, X: (sizes.append(len(X)), fit(self, X))[1])
    frame = pd.DataFrame(DATA[:200], columns=["x"])
    for stop in (None, "auto"):
        refiner = DGflowRefiner(GaussianMixture(), ratio=GaussianRatio(), stop=stop, n_steps=2, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnrefinedWarning)  # the mixture is right
            refiner.fit(frame)
    assert sizes == [200, 120]


def test_rows_and_samples_that_confirm_had_no_part_in_the_choice(monkeypatch):
    seen = []
    measured = Distances.measured

    def watched(samples, rows):
        seen.append([set(t.flatten().tolist()) for t in (samples, rows)])
        return measured(samples, rows)

    monkeypatch.setattr(Distances, "measured", watched)
    given = np.random.default_rng(2).normal(size=(300, 1))
    refiner = DGflowRefiner(ratio=GaussianRatio(), refresh=None, n_steps=9, random_state=0)
    refiner.fit(DATA[:300], X_generated=given)
    before, confirming = seen[-2]
    as_they_came, choosing = seen[0]
    assert (len(choosing), len(confirming)) == (60, 60)
    assert (len(as_they_came), len(before)) == (60, 60)
    assert not choosing & confirming
    assert not as_they_came & before


def test_too_few_rows_to_tell():
    refiner = DGflowRefiner(ratio=GaussianRatio(), random_state=0)
    match = "40 rows of X, or as few samples, are too few"
    unrefined(refiner, DATA[:40], X_generated=DATA[:40] - 1, match=match)


def test_a_gain_that_few_rows_cannot_confirm_is_not_taken(monkeypatch):
    from fdgm.refiners import _dgflow
    from fdgm.refiners._paired import Change

    monkeypatch.setattr(_dgflow, "compare", lambda *pairs: Change(-0.1, 0.07, 60, 60))
    refiner = DGflowRefiner(ratio=GaussianRatio(), refresh=None, n_steps=5, random_state=0)
    unrefined(
        refiner, DATA[:300], X_generated=DATA[:300] - 1, match=r"60 rows of X .* too few to be sure .*-0.1 ± 0.07"
    )
    np.testing.assert_array_equal(refiner.refine(DATA), DATA)


def test_a_gain_in_scaled_units_that_is_a_loss_in_xs_own_is_not_taken(monkeypatch):
    """The second comparison is that in X's units."""
    from fdgm.refiners import _dgflow
    from fdgm.refiners._paired import Change

    found = iter([Change(-0.1, 0.01, 60, 60), Change(0.5, 0.1, 60, 60)])
    monkeypatch.setattr(_dgflow, "compare", lambda *pairs: next(found))
    refiner = DGflowRefiner(ratio=GaussianRatio(), refresh=None, n_steps=5, random_state=0)
    match = r"see a gain in scaled units .* and a loss in X's own \(0.5 ± 0.1\)"
    unrefined(refiner, DATA[:300], X_generated=DATA[:300] - 1, match=match)
    assert not refiner.confirmation_.accepted


def test_columns_that_share_a_unit_have_one_scale():
    """A margin that hardly varies would otherwise count as much as the middle, and refining it would spoil the rest."""
    rng = np.random.default_rng(0)
    X = np.clip(rng.normal(4, np.repeat([0.5, 3.0], 6), size=(200, 12)), 0, 16).round()
    X[0], X[1] = 0, 16
    refiner = DGflowRefiner(ratio=GaussianRatio(), n_steps=0).fit(X, X_generated=X)
    assert len(set(refiner._scaler.scale)) == 1
    mixed = DGflowRefiner(ratio=GaussianRatio(), n_steps=0).fit((X + 1) * np.arange(1, 13), X_generated=X)
    assert len(set(mixed._scaler.scale)) == 12


def test_where_the_search_is_over_a_warning_names_the_line_of_fit():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        DGflowRefiner(ratio=GaussianRatio(), random_state=0).fit(DATA[:40], X_generated=DATA[:40])
    assert [warning.filename for warning in caught if warning.category is UnrefinedWarning] == [__file__]


@pytest.mark.parametrize("space", ["data", "latent"])
def test_an_auto_step_moves_points_by_three_hundredths_of_their_spread(affine, log_ratio, space):
    """Also without a search. In the latent space the spread is the prior's."""
    narrow = LatentGenerator(affine(0.2, 0.8), latent_size=1)
    for scale in (1.0, 1000.0):
        refiner = DGflowRefiner(
            narrow, ratio=lambda x, s=scale: s * log_ratio(x), space=space, n_steps=1, stop=None, random_state=0
        ).fit(DATA)
        z = np.random.default_rng(0).normal(size=(4000, 1)).astype(np.float32)
        x = 0.2 * z + 0.8
        moved = refiner.refine_latents(z) - z if space == "latent" else (refiner.refine(x) - x) / 0.2
        assert np.sqrt(np.mean(moved**2)) == pytest.approx(0.03, rel=0.05)  # of 1; both are drawn, and 2,000 set it


def test_steps_are_shortened_to_the_trust_region():
    direction = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], dtype=torch.float32)
    expected = [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]
    np.testing.assert_allclose(shortened(direction, 1.0), expected, rtol=1e-6)
    assert shortened(direction, float("inf")) is direction


@pytest.mark.parametrize(("bounds", "law"), [(None, ("norm", (0, 1))), ((0.0, 3.0), ("uniform", (0, 3)))])
@pytest.mark.parametrize("time", [0.01, 0.5, 5.0])
def test_diffusion_leaves_the_prior_as_it_is(bounds, law, time):
    prior = Prior(1, bounds)
    source = torch.Generator().manual_seed(0)
    latents = prior.sample(4000, source)
    moved = prior.diffused(latents, time, source)
    assert kstest(moved[:, 0].numpy(), *law).pvalue > 0.01
    assert (moved - latents).abs().mean() > 0


def test_langevin_steps_come_to_the_prior_tilted_by_the_ratio(generator, log_ratio):
    """p_Z e^{T∘g}, which is the data's distribution here, at any small step. Four standard errors, and the step's."""
    refiner = DGflowRefiner(generator, ratio=log_ratio, n_steps=1, stop=None, step_size=0.01, random_state=0).fit(DATA)
    from fdgm.refiners._leg import Leg

    refiner._plan = [Leg(250, 0.02, space="latent", noise=1.0, keeps_prior=True)]
    rows = refiner.sample(8192)
    assert rows.mean() == pytest.approx(MEAN, abs=4 * (VARIANCE / 8192) ** 0.5 + 0.02)
    assert rows.var() == pytest.approx(VARIANCE, rel=4 * (2 / 8192) ** 0.5 + 0.06)


def test_rows_are_not_moved_by_what_was_chosen_for_latents(generator):
    refiner = DGflowRefiner(generator, ratio=GaussianRatio(), space="latent", random_state=0).fit(DATA)
    assert set(refiner.rounds_["space"]) == {"latent"}
    assert refiner.n_steps_ > 0
    np.testing.assert_array_equal(refiner.transform(DATA), DATA)
    assert refiner.score(DATA) > -0.01  # energy distance in scaled units; that of the prior is about 1


def test_latents_move_first_and_then_their_samples(generator):
    refiner = DGflowRefiner(generator, ratio=GaussianRatio(), random_state=0).fit(DATA)
    assert refiner.space_ == "latent"
    spaces = refiner.rounds_["space"].tolist()
    assert spaces == sorted(spaces, reverse=True)
    assert set(spaces) == {"latent", "data"}
    assert refiner.score(DATA) > -0.01
    z = np.random.default_rng(0).normal(size=(5, 1)).astype(np.float32)
    assert refiner.refine(z).shape == refiner.refine_latents(z).shape == (5, 1)


@pytest.mark.slow
def test_whole_fits_with_nothing_to_gain_move_samples_at_most_once_in_twenty():
    """However many plans are tried: waves at random around a model that is right. Three standard errors of 60 fits."""
    moved = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X, generated = rng.normal(size=(300, 2)), rng.normal(size=(300, 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", (UnrefinedWarning, TrainingWarning))
            fitted = DGflowRefiner(ratio=Random(seed), refresh=None, n_steps=6, random_state=seed).fit(
                X, X_generated=generated
            )
        moved += fitted.n_steps_ > 0
    assert moved / 60 <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5


def test_a_progress_bar_shows_the_time_left(capsys):
    refiner = DGflowRefiner(ratio=GaussianRatio(), n_steps=3, random_state=0)
    refiner.fit(DATA[:300], X_generated=DATA[:300] - 1)
    assert capsys.readouterr().err == ""
    refiner.set_params(verbose=1).fit(DATA[:300], X_generated=DATA[:300] - 1)
    shown = capsys.readouterr().err
    assert "DGflowRefiner" in shown
    assert " left" in shown
    assert "distance" in shown


def test_where_standard_error_is_closed_there_is_no_bar(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    refiner = DGflowRefiner(ratio=GaussianRatio(), n_steps=3, random_state=0, verbose=1)
    assert refiner.fit(DATA[:300], X_generated=DATA[:300] - 1).n_steps_ == 3
