"""Unrolled updates, against torch's own Adam and against finite differences."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from fdgm.objectives import FGAN, Minimax
from fdgm.options import Adam, RMSprop
from fdgm.regularizers import R1, GradientPenalty, Unrolling

X = torch.linspace(-2, 2, 10, dtype=torch.float64).view(5, 2)


def no_norm(layer):
    return layer


def batch_norm(layer):
    return nn.Sequential(layer, nn.BatchNorm1d(layer.out_features))


@pytest.mark.parametrize("n_critic_steps", [0, 3])
@pytest.mark.parametrize("penalties", [(), (R1(),)], ids=["bare", "R1"])
@pytest.mark.parametrize("norm", [no_norm, spectral_norm])
def test_the_critic_ahead_is_the_one_that_adam_makes(make_step, n_critic_steps, penalties, norm):
    step = make_step(n_critic_steps=n_critic_steps, regularizers=penalties, norm=norm)
    ahead = Unrolling(4).look_ahead(step)
    with torch.no_grad():
        found = ahead.critic_fn(X)
    state = deepcopy(step.optimizer.state_dict())
    optimizer = torch.optim.Adam(step.critic.parameters())
    optimizer.load_state_dict(state)
    for _ in range(4):
        optimizer.zero_grad()
        step.critic_loss(step.critic_fn).backward()
        optimizer.step()
    with torch.no_grad():
        expected = step.critic_fn(X)
    # Four steps of some ten float64 operations each.
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("norm", [no_norm, spectral_norm, batch_norm])
def test_the_critic_itself_stays(make_step, norm):
    step = make_step(n_critic_steps=2, norm=norm)
    before = deepcopy(step.critic.state_dict()), deepcopy(step.optimizer.state_dict())
    ahead = Unrolling().look_ahead(step)
    ahead.critic_fn(X)
    for name, weight in step.critic.state_dict().items():
        assert torch.equal(weight, before[0][name])
    for index, state in step.optimizer.state_dict()["state"].items():
        assert all(torch.equal(value, before[1]["state"][index][key]) for key, value in state.items())


@pytest.mark.parametrize("objective", [Minimax(), FGAN("kl")], ids=["minimax", "f_gan"])
@pytest.mark.parametrize("regularizers", [(), (GradientPenalty(),)], ids=["bare", "penalty"])
def test_the_gradient_goes_back_through_the_updates(make_step, objective, regularizers):
    """Central differences at h = 1e-5 have an error of h² = 1e-10, and of rounding, 1e-16/h = 1e-11."""

    def loss(shift):
        step = make_step(shift, n_critic_steps=2, objective=objective, regularizers=regularizers)
        ahead = Unrolling(3).look_ahead(step)
        return objective.generator_loss(ahead.critic_fn(*ahead.fake))

    shift = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(shift), shift)
    h = 1e-5
    differences = (loss(0.3 + h) - loss(0.3 - h)) / (2 * h)
    assert gradient.item() == pytest.approx(differences.item(), rel=1e-6)


def test_looking_ahead_changes_the_generators_gradient(make_step):
    shift = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    step = make_step(shift, n_critic_steps=2)
    gradients = [
        torch.autograd.grad(Minimax().generator_loss(s.critic_fn(*s.fake)), shift, retain_graph=True)[0].item()
        for s in (step, Unrolling(5).look_ahead(step))
    ]
    assert abs(gradients[0] - gradients[1]) > 1e-3 * abs(gradients[0])


@pytest.mark.parametrize("n_steps", [0, 1.5, True])
def test_steps_out_of_range(n_steps):
    with pytest.raises(ValueError, match=f"n_steps of Unrolling must be an int of at least 1, got {n_steps!r}"):
        Unrolling(n_steps).check(batch_size=64, optimizer=Adam())


def test_other_optimizers_are_refused():
    with pytest.raises(ValueError, match=r"critic_optimizer must be an Adam for Unrolling.*got RMSprop"):
        Unrolling().check(batch_size=64, optimizer=RMSprop())
