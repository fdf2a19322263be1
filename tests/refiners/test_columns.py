"""A refiner, its generator and its ratio mean the same by a column of one name."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import AGEBidirectional, DGflowRefiner, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import Network
from fdgm.ratios import LogisticRatio
from fdgm.refiners import CorrectedRatio, DDLSRefiner, DOTRefiner, MetropolisHastingsRefiner, RejectionRefiner

MEANS = {"a": 0.0, "b": 10.0, "c": -50.0}
TURNED = ["b", "a", "c"]
SHORT = {"n_steps": 1}
REFINERS = {
    "DGflow": DGflowRefiner(step_size=0.01, stop=None, **SHORT, random_state=0),
    "DOT": DOTRefiner(n_steps=1, random_state=0),
    "DDLS": DDLSRefiner(**SHORT, random_state=0),
    "rejection": RejectionRefiner(random_state=0),
    "MH": MetropolisHastingsRefiner(n_steps=2, random_state=0),
}
# A moment of training leaves some ratios almost constant, which is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore::fdgm.exceptions.ConstantRatioWarning")
refiners = pytest.mark.parametrize("refiner", REFINERS.values(), ids=REFINERS)


@pytest.fixture(scope="module")
def D():
    rng = np.random.default_rng(0)
    return pd.DataFrame({name: rng.normal(mean, 1.0, 400) for name, mean in MEANS.items()})


@pytest.fixture(scope="module")
def sampler(D):
    network = Network(latent_size=3, n_particles=64, n_particle_steps=2, passes=1)
    params = {"batch_size": 32, "max_iter": 2, "generator": network}
    return VGrowSampler(**params, architecture=MLP(width=8, depth=2), random_state=0).fit(D)


class Turned:
    """A generator whose table has other columns first."""

    def __init__(self, names):
        self.names = names

    def sample(self, n):
        rng = np.random.default_rng(0)
        return pd.DataFrame({name: rng.normal(MEANS.get(name, 0.0), 1.0, n) for name in self.names})


def assert_by_name(rows, names):
    assert list(rows.columns) == list(names)
    for name, mean in MEANS.items():
        assert abs(rows[name].mean() - mean) < 5, f"{name} near {rows[name].mean()}"


def over(refiner, generator):
    return type(refiner)(**{**refiner.get_params(deep=False), "generator": generator})


@refiners
@pytest.mark.parametrize("kind", ["sampler", "table", "mixture", "given"])
def test_samples_have_the_columns_of_the_refiners_own_fit(refiner, kind, D, sampler):
    if kind != "sampler" and isinstance(refiner, DDLSRefiner):
        pytest.skip("DDLS moves latents alone")
    mixture = GaussianMixture(random_state=0).fit(D)
    generator = {"sampler": sampler, "table": Turned("cab"), "mixture": mixture, "given": None}[kind]
    refiner = over(refiner, generator)
    given = D[["c", "b", "a"]] if kind == "given" else None
    refiner.fit(D[TURNED], X_generated=given)
    assert_by_name(refiner.sample(60), TURNED)
    if kind == "given":
        assert_by_name(refiner.refine(D), TURNED)


@refiners
def test_the_order_of_columns_changes_nothing_but_their_order(refiner, D, sampler):
    """Of the same latents, by the sampler's own critic: the same rows."""
    plain, turned = (over(refiner, sampler).fit(X) for X in (D, D[TURNED]))
    pd.testing.assert_frame_equal(turned.sample(50)[list(D)], plain.sample(50), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(turned.log_ratio(D), plain.log_ratio(D), rtol=1e-5, atol=1e-6)
    assert turned.score(D) == pytest.approx(plain.score(D), rel=1e-3, abs=1e-6)


def test_a_table_is_put_in_order_by_every_method(D, sampler):
    refiner = DGflowRefiner(sampler, space="data", step_size=0.01, stop=None, **SHORT).fit(D)
    np.testing.assert_array_equal(refiner.log_ratio(D[TURNED]), refiner.log_ratio(D))
    pd.testing.assert_frame_equal(refiner.refine(D[TURNED]), refiner.refine(D))
    pd.testing.assert_frame_equal(refiner.transform(D[TURNED]), refiner.transform(D))
    assert refiner.score(D[TURNED]) == refiner.score(D)


def test_another_samplers_critic_reads_the_columns_by_name(D, sampler):
    """`ratio=sampler`, whose columns are in an order of their own."""
    refiner = DGflowRefiner(GaussianMixture(random_state=0), ratio=sampler, step_size=0.01, stop=None, **SHORT).fit(
        D[TURNED]
    )
    np.testing.assert_allclose(refiner.log_ratio(D), sampler.log_ratio(D), rtol=1e-3, atol=1e-3)


def test_a_critic_that_is_trained_on_reads_the_columns_by_name(D, sampler, monkeypatch):
    """The first stage begins from the sampler's critic: with no step of training, it is the critic."""
    from fdgm.refiners._critic import warm_start

    refiner = DGflowRefiner(sampler, step_size=0.01, stop=None, **SHORT).fit(D[TURNED])
    columns = tuple(TURNED)
    stage = warm_start("ratio", sampler, refiner._scaler, LogisticRatio(), columns)
    with torch.no_grad():
        t = stage.critic(refiner._scaler.to_tensor(D[TURNED].to_numpy()))
    np.testing.assert_allclose(t.numpy(), sampler.log_ratio(D), rtol=1e-4, atol=1e-4)
    monkeypatch.setattr("fdgm.refiners._base._GOING_ON", {"max_iter": 4})
    refreshed = DGflowRefiner(sampler, n_steps=2, refresh=1, random_state=0, step_size=0.01, stop=None).fit(D[TURNED])
    assert_by_name(refreshed.sample(60), TURNED)


def test_a_corrected_ratio_reads_the_columns_by_name(D, sampler):
    corrector = LogisticRatio(max_iter=1, random_state=0)
    plain, turned = (
        CorrectedRatio(sampler, corrector, random_state=0).fit(D[names], D[names] + 1) for names in (list(D), TURNED)
    )
    np.testing.assert_allclose(turned.log_ratio(D), plain.log_ratio(D), rtol=1e-3, atol=1e-3)
    refiner = DGflowRefiner(
        GaussianMixture(random_state=0), ratio=CorrectedRatio(sampler, corrector), step_size=0.01, stop=None, **SHORT
    )
    refiner.fit(D[TURNED])
    assert_by_name(refiner.sample(60), TURNED)


@pytest.mark.parametrize("generator", ["sampler", "table", "mixture", "ratio"])
def test_other_columns_are_refused_by_name(generator, D, sampler):
    made = {"sampler": sampler, "table": Turned("abd"), "mixture": GaussianMixture(random_state=0).fit(D)}.get(
        generator
    )
    ratio = sampler if generator == "ratio" else "ulsif"
    refiner = DGflowRefiner(made, ratio=ratio, step_size=0.01, stop=None, **SHORT)
    other = D.rename(columns={"c": "e"})
    if generator == "ratio":
        refiner.generator = GaussianMixture(random_state=0)
    with pytest.raises(ValueError, match=r"of DGflowRefiner must have the columns of X at fit .*got none of \['e'\]"):
        refiner.fit(other)


def test_generated_rows_of_other_columns_are_refused_by_name(D):
    with pytest.raises(ValueError, match=r"got none of \['c'\] and also \['e'\]"):
        DGflowRefiner(step_size=0.01, stop=None, **SHORT).fit(D, X_generated=D.rename(columns={"c": "e"}))


def test_the_order_survives_a_file(D, sampler, tmp_path):
    refiner = DGflowRefiner(sampler, step_size=0.01, stop=None, **SHORT, random_state=0).fit(D[TURNED])
    refiner.save(tmp_path / "r")
    loaded = fdgm.load(tmp_path / "r")
    pd.testing.assert_frame_equal(loaded.sample(20, random_state=1), refiner.sample(20, random_state=1))
    np.testing.assert_array_equal(loaded.log_ratio(D), refiner.log_ratio(D))


def test_integer_names_are_names(D, sampler):
    numbered = D.set_axis([0, 1, 2], axis=1)
    params = {"batch_size": 32, "max_iter": 1, "generator": Network(n_particles=64, n_particle_steps=2)}
    generator = VGrowSampler(architecture=MLP(width=8, depth=1), random_state=0, **params).fit(numbered)
    rows = DGflowRefiner(generator, step_size=0.01, stop=None, **SHORT).fit(numbered[[1, 0, 2]]).sample(60)
    assert_by_name(rows.rename(columns={0: "a", 1: "b", 2: "c"}), TURNED)


def test_representations_are_decoded_by_name(D):
    model = AGEBidirectional(latent_size=2, architecture=MLP(width=8, depth=1), max_iter=1, random_state=0).fit(D[:64])
    Z = model.set_output(transform="pandas").transform(D)
    turned = Z[Z.columns[::-1]]
    pd.testing.assert_frame_equal(model.inverse_transform(turned), model.inverse_transform(Z))
    numbered = pd.DataFrame(Z.to_numpy())[[1, 0]]
    pd.testing.assert_frame_equal(model.inverse_transform(numbered), model.inverse_transform(Z))
    with pytest.raises(ValueError, match=r"Z of AGEBidirectional.inverse_transform must have the columns .*also \['p'"):
        model.inverse_transform(Z.set_axis(["p", "q"], axis=1))
