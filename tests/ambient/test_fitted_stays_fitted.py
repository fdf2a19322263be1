"""Nothing that the user holds changes what was fitted, and nothing of the user's is changed by it."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture
from torch import nn

from fdgm import DGflowRefiner, GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.objectives import FGAN
from fdgm.options import Network
from fdgm.ratios import KLIEP, LogisticRatio, RuLSIF
from fdgm.refiners import CorrectedRatio, DDLSRefiner, DOTRefiner, LatentGenerator, RejectionRefiner

X = np.random.default_rng(0).normal(size=(60, 2))
TINY = {
    "architecture": MLP(width=4, depth=1),
    "batch_size": 8,
    "max_iter": 1,
    "n_generator_steps": 1,
    "n_warmup_steps": 0,
}
QUICK = {"max_iter": 1, "n_critic_steps": 1, "batch_size": 8, "random_state": 0}


def gan(objective="non_saturating", seed=0):
    return GANSampler(objective, **TINY, random_state=seed)


def refined(model):
    return [model.sample(4, random_state=1), model.log_ratio(X), model.refine(X[:8])]


def same(before, after):
    return all(map(np.array_equal, before, after))


def test_an_objective_that_two_samplers_share_is_each_ones_own():
    shared = FGAN("kl")
    one, other = gan(shared).fit(X), gan(shared).fit(X)
    before = one.log_ratio(X)
    other.set_params(objective__divergence="reverse_kl")
    np.testing.assert_array_equal(one.log_ratio(X), before)


@pytest.mark.parametrize(
    ("refiner", "change"),
    [
        (
            DGflowRefiner(n_steps=2, ratio=KLIEP(width=1.0), step_size=0.01, stop=None),
            {"step_size": 1.0, "divergence": "js", "noise": 1.0},
        ),
        (DOTRefiner(n_steps=2, ratio=KLIEP(width=1.0)), {"step_size": 9.0, "n_steps": 0, "lr": 1.0}),
        (RejectionRefiner(ratio=KLIEP(width=1.0)), {"gamma": -50.0, "epsilon": 0.5, "calibration": None}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters_that_are_set_later_wait_for_the_next_fit(refiner, change):
    fitted = refiner.set_params(generator=GaussianMixture(), random_state=0).fit(X)
    before = refined(fitted)
    assert same(refined(fitted.set_params(**change)), before)
    assert not same(refined(fitted.fit(X)), before)


def test_a_file_holds_the_parameters_of_the_fit(tmp_path):
    from fdgm import load

    refiner = DGflowRefiner(
        gan().fit(X), n_steps=2, ratio=KLIEP(width=1.0), random_state=0, step_size=0.01, stop=None
    ).fit(X)
    before = refined(refiner.set_params(space="data").fit(X))
    refiner.set_params(step_size=1.0).save(tmp_path / "r")
    assert same(refined(load(tmp_path / "r")), before)


def test_a_ratio_keeps_the_parameters_of_its_fit():
    ratio = RuLSIF(0.1, width=1.0, penalty=0.1, random_state=0).fit(X, X + 1)
    before = ratio.log_ratio(X), ratio.relative_ratio(X)
    ratio.set_params(alpha=0.9)
    assert same((ratio.log_ratio(X), ratio.relative_ratio(X)), before)


@pytest.mark.parametrize("go_on", ["fit", "partial_fit", "warm_start"])
@pytest.mark.parametrize("role", ["generator", "ratio", "source"])
def test_training_a_sampler_again_leaves_the_refiner_that_was_fitted_on_it(role, go_on):
    sampler = gan().fit(X)
    corrected = CorrectedRatio(sampler, LogisticRatio(**QUICK), random_state=0)
    params = {"generator": {"generator": sampler}, "ratio": {"ratio": sampler}, "source": {"ratio": corrected}}[role]
    refiner = DGflowRefiner(**{"generator": GaussianMixture(), "n_steps": 1, "stop": None, "random_state": 0, **params})
    refiner.set_params(space="data").fit(X)
    before = refined(refiner)
    {
        "fit": lambda: sampler.fit(5 * X + 100),
        "partial_fit": lambda: sampler.partial_fit(X),
        "warm_start": lambda: sampler.set_params(warm_start=True).fit(X),
    }[go_on]()
    assert same(refined(refiner), before)


def test_a_stranger_that_is_fitted_again_leaves_the_refiner():
    mixture = GaussianMixture(random_state=0).fit(X)
    refiner = DGflowRefiner(mixture, ratio=KLIEP(width=1.0), n_steps=1, random_state=0, step_size=0.01, stop=None).fit(
        X
    )
    before = refined(refiner)
    mixture.fit(9 * X)
    assert same(refined(refiner), before)


def test_generated_rows_are_copied():
    generated = X[::-1] + 1
    refiner = DGflowRefiner(ratio=KLIEP(width=1.0), n_steps=1, random_state=0, step_size=0.01, stop=None).fit(
        X, X_generated=generated
    )
    before = refined(refiner)
    generated[:] = 0
    assert same(refined(refiner), before)


class Doubled(nn.Module):
    """Rows of latents, or log-ratios of rows, in a given dtype; and what it has been asked in."""

    def __init__(self, out, dtype):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(2, out, dtype=dtype)
        self.dropped = nn.Dropout(0.5)

    def forward(self, rows):
        return self.dropped(self.layer(rows)).squeeze(1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("training", [True, False])
def test_a_module_stays_as_it_was(dtype, training):
    generator, critic = Doubled(2, dtype).train(training), Doubled(1, dtype).train(training)
    critic.layer.bias.requires_grad_(False)
    weights = {name: value.clone() for name, value in critic.state_dict().items()}
    refiner = DGflowRefiner(
        LatentGenerator(generator, 2), ratio=critic, n_steps=1, random_state=0, step_size=0.01, stop=None
    ).fit(X)
    assert np.isfinite(refiner.sample(3)).all()
    LogisticRatio(critic=critic, **QUICK).fit(X, X + 1)
    assert (generator.training, critic.training) == (training, training)
    assert (critic.layer.weight.requires_grad, critic.layer.bias.requires_grad) == (True, False)
    assert critic.layer.weight.dtype == dtype
    assert all(torch.equal(critic.state_dict()[name], value) for name, value in weights.items())


def test_a_module_that_is_trained_on_leaves_the_refiner():
    generator, critic = Doubled(2, torch.float32), Doubled(1, torch.float32)
    refiner = DGflowRefiner(
        LatentGenerator(generator, 2), ratio=critic, n_steps=1, random_state=0, step_size=0.01, stop=None
    ).fit(X)
    before = refiner.sample(4, random_state=1), refiner.log_ratio(X)
    for module in (generator, critic):
        nn.init.constant_(module.layer.weight, 3.0)
    assert same((refiner.sample(4, random_state=1), refiner.log_ratio(X)), before)


class Pair(nn.Linear):
    def forward(self, rows):
        return super().forward(rows)[:, 0], rows


def test_a_critic_that_gives_a_tuple_is_refused_in_the_users_words():
    with pytest.raises(ValueError, match=r"ratio of DGflowRefiner .* gives a tuple, and must give a tensor"):
        DGflowRefiner(GaussianMixture(), ratio=Pair(2, 1), step_size=0.01, stop=None).fit(X)
    with pytest.raises(ValueError, match=r"critic of LogisticRatio must give a tensor .* got a tuple"):
        LogisticRatio(critic=Pair(2, 1), **QUICK).fit(X, X + 1)


@pytest.mark.parametrize("refiner", [DGflowRefiner, DDLSRefiner])
def test_a_wrong_number_of_latents_is_refused_in_the_users_words(refiner):
    with pytest.raises(ValueError, match=r"generator of \w+ must take latents of shape \(n, 5\), as its latent_size"):
        refiner(LatentGenerator(nn.Linear(4, 2), latent_size=5)).fit(X)


def test_a_generator_of_tuples_is_refused_in_the_users_words():
    with pytest.raises(ValueError, match=r"generator of DGflowRefiner must give a tensor .* got tuple"):
        DGflowRefiner(LatentGenerator(Pair(2, 2), latent_size=2), step_size=0.01, stop=None).fit(X)


def test_a_module_that_cannot_be_copied_is_refused_in_the_users_words():
    module = nn.Linear(2, 2)
    module.kept = module.weight * 2  # a tensor of a graph
    with pytest.raises(TypeError, match=r"module of generator of DGflowRefiner must be a module that copy\.deepcopy"):
        DGflowRefiner(LatentGenerator(module, latent_size=2), step_size=0.01, stop=None).fit(X)


def test_a_ratio_in_the_critics_place_is_the_samplers_own():
    ratio = KLIEP(width=1.0)
    small = {
        "architecture": MLP(width=4, depth=1),
        "generator": Network(n_particles=8, n_particle_steps=1, n_warmup_steps=0),
    }
    sampler = VGrowSampler(ratio=ratio, max_iter=1, **small, batch_size=8, random_state=0).fit(X)
    before = sampler.log_ratio(X)
    ratio.set_params(width=0.1).fit(X, X + 5)
    np.testing.assert_array_equal(sampler.log_ratio(X), before)
