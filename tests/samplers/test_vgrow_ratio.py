"""VGrow with a density ratio in the critic's place."""

import numpy as np
import pytest
import torch
from disturb import BreaksGradients
from sklearn.base import clone
from skorch.callbacks import Callback

import fdgm
from fdgm import VGrowSampler
from fdgm.exceptions import TrainingWarning
from fdgm.metrics import energy_distance
from fdgm.options import Adam, EarlyStopping, Network, Replay, StepSize
from fdgm.ratios import KLIEP, LogisticRatio, RuLSIF

X = np.random.default_rng(0).normal([3.0, -20.0], [0.5, 5.0], size=(400, 2))
TINY = {"batch_size": 64, "random_state": 0, "generator": Network(n_particles=128, n_particle_steps=3, passes=1)}
RATIOS = ["kliep", "ulsif", "rulsif", LogisticRatio(max_iter=2, n_critic_steps=2)]


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
def test_the_particles_follow_it_and_the_file_keeps_it(ratio, tmp_path):
    sampler = VGrowSampler(ratio=ratio, max_iter=2, **TINY).fit(X)
    assert (sampler.history_["displacement"] > 0).all()
    assert not hasattr(sampler.net_, "critic_")
    sampler.save(tmp_path / "s")
    again = fdgm.load(tmp_path / "s")
    np.testing.assert_array_equal(again.log_ratio(X), sampler.log_ratio(X))
    np.testing.assert_array_equal(again.sample(5), sampler.sample(5))


@pytest.mark.parametrize("ratio", ["classifier", fdgm.ratios.ClassifierRatio()], ids=str)
def test_one_without_a_gradient_names_those_that_have_one(ratio):
    with pytest.raises(ValueError, match=r"ratio of VGrowSampler must have a gradient.*'kliep'.*got .*lassifier"):
        VGrowSampler(ratio=ratio, **TINY).fit(X)


@pytest.mark.parametrize("setting", [{"critic_optimizer": Adam(lr=0.1)}, {"critic_optimizer": Adam(betas=(0.5, 0.5))}])
def test_settings_of_the_critic_that_is_not_there_are_refused(setting):
    with pytest.raises(ValueError, match=f"{next(iter(setting))} of VGrowSampler must be .* with a ratio"):
        VGrowSampler(ratio="kliep", **setting, **TINY).fit(X)


def test_an_unknown_one_lists_the_known():
    with pytest.raises(ValueError, match=r"'kliep'.*got 'nope'"):
        VGrowSampler(ratio="nope", **TINY).fit(X)


def test_the_users_instance_is_left_unfitted_and_searchable():
    sampler = VGrowSampler(ratio=KLIEP(width=1.0), max_iter=1, **TINY).fit(X)
    assert not hasattr(sampler.ratio, "log_weights_")
    assert sampler.get_params()["ratio__width"] == 1.0
    assert clone(sampler).ratio.width == 1.0


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
def test_a_training_that_breaks_goes_back_to_the_ratio_too(ratio):
    settings = {**TINY, "step_size": StepSize(schedule=()), "replay": Replay([0.0])}
    good = VGrowSampler(ratio=ratio, **settings).fit(X)
    expected = good.log_ratio(X)
    good.set_params(callbacks=[BreaksGradients("generator_", iteration=2)])
    with pytest.warns(TrainingWarning, match="iteration 1 are kept"):
        good.partial_fit(X)
    np.testing.assert_array_equal(good.log_ratio(X), expected)


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
def test_early_stopping_keeps_the_ratio_of_the_best_generator(ratio, monkeypatch):
    distances = iter([2.0, 1.0, 3.0])
    monkeypatch.setattr("fdgm.training._early_stopping.energy_distance", lambda *rows: next(distances))
    points = torch.linspace(-1.0, 1.0, 8).reshape(4, 2)
    seen = []

    class Look(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append(net.critic_step_.log_ratio()(points).detach())

        on_train_end = on_epoch_end  # early stopping ends the third loop before this is told

    stops = {"max_iter": 9, "early_stopping": EarlyStopping(every=1, n_iter_no_change=1)}
    sampler = VGrowSampler(ratio=ratio, callbacks=[Look()], **stops, **TINY).fit(X)
    assert sampler.n_iter_ == 3
    torch.testing.assert_close(sampler.net_.critic_step_.log_ratio()(points).detach(), seen[1], rtol=0, atol=0)
    assert not torch.equal(seen[1], seen[2])


@pytest.mark.slow
def test_it_learns_to_sample():
    """An untrained generator's samples are some 1 from the data in energy distance, in standard deviations."""
    sampler = VGrowSampler(
        ratio=RuLSIF(n_centers=50), batch_size=64, max_iter=15, random_state=0, generator=Network(n_particles=256)
    )
    scale = X.std(axis=0)
    assert energy_distance(X / scale, sampler.fit(X).sample(400, random_state=0) / scale) < 0.1
