"""Regularizers that are wrong on purpose: each fault is caught by its own check, and by no other."""

import re

import pytest
import torch
from torch import nn

from fdgm.regularizers import CriticRegularizer, Regularizer, Stabilizer
from fdgm.testing import check_regularizer


class SmallOutputs(CriticRegularizer):
    """E[D²] over both samples."""

    def penalty(self, critic, batch_p, batch_q, stream):
        return critic(*batch_p).square().mean() + critic(*batch_q).square().mean()


class OnePenaltyARow(SmallOutputs):
    def penalty(self, critic, batch_p, batch_q, stream):
        return critic(*batch_p).square()


class Detached(SmallOutputs):
    def penalty(self, critic, batch_p, batch_q, stream):
        return super().penalty(critic, batch_p, batch_q, stream).detach()


class Nothing(CriticRegularizer):
    pass


class GlobalNoise(SmallOutputs):
    def penalty(self, critic, batch_p, batch_q, stream):
        return super().penalty(critic, batch_p, batch_q, stream) * torch.rand(())


class FreshNoise(SmallOutputs):
    """Leaves the global states alone, and goes on in a stream of its own."""

    stream = torch.Generator().manual_seed(0)

    def penalty(self, critic, batch_p, batch_q, stream):
        return super().penalty(critic, batch_p, batch_q, stream) * torch.rand((), generator=self.stream)


class Breaks(CriticRegularizer):
    @torch.no_grad()
    def project(self, critic):
        for parameter in critic.parameters():
            parameter.div_(0)


class HoldsATensor(SmallOutputs):
    def __init__(self, weight=None):
        self.weight = torch.ones(1) if weight is None else weight


class Halved(Stabilizer):
    """The generator follows half of what the critic says."""

    def look_ahead(self, step):
        critic_fn = step.critic_fn
        return type(step)(**{**vars(step), "critic_fn": lambda *points: critic_fn(*points) / 2})


class OutputsInAColumn(Halved):
    def make_critic(self, make, data_shape, latent_size):
        return nn.Sequential(make(data_shape, latent_size), nn.Unflatten(0, (-1, 1)))


class NotAStep(Halved):
    def look_ahead(self, step):
        return step.critic_fn


class NoRule(Halved):
    replaces_rule = True


class OneLossARow(Halved):
    def generator_loss(self, step):
        return step.rows.square().sum(dim=1)


class DoesNothing(Stabilizer):
    pass


class UnusedWeight(Halved):
    def make_critic(self, make, data_shape, latent_size):
        critic = make(data_shape, latent_size)
        critic.register_parameter("spare", nn.Parameter(torch.zeros(1)))
        return critic


class Centred(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, points):
        output = self.body(points)
        return output + output.mean()


class NotSingle(Stabilizer):
    """Outputs with their mean over the batch added, which it does not say."""

    def make_critic(self, make, data_shape, latent_size):
        return Centred(make(data_shape, latent_size))


class CutsOff(Stabilizer):
    def look_ahead(self, step):
        return type(step)(**{**vars(step), "fake": tuple(part.detach().requires_grad_() for part in step.fake)})


class ChangesTheCritic(Halved):
    @torch.no_grad()
    def look_ahead(self, step):
        for parameter in step.critic.parameters():
            parameter.add_(0.1)
        return super().look_ahead(step)


class ConsumesChance(Halved):
    def look_ahead(self, step):
        torch.rand(())
        return super().look_ahead(step)


class StabilizerHoldsATensor(Halved):
    def __init__(self, weight=None):
        self.weight = torch.ones(1) if weight is None else weight


FAULTS = {
    OnePenaltyARow: ("penalty_is_one_number", "one finite number or None"),
    Detached: ("does_something_to_a_critic", "but has neither"),
    Nothing: ("does_something_to_a_critic", "but has neither"),
    GlobalNoise: ("chance_is_the_streams_alone", "from its stream alone"),
    FreshNoise: ("chance_is_the_streams_alone", "from its stream alone"),
    Breaks: ("projection_keeps_the_shapes", "finite weights"),
    HoldsATensor: ("can_be_saved", "weight of HoldsATensor"),
    OutputsInAColumn: ("critic_has_one_output_a_pack", r"got \(64, 1\) for 64"),
    NotAStep: ("generator_loss_is_one_number", "must return a GeneratorStep"),
    NoRule: ("generator_loss_is_one_number", "takes no rule's place, got None"),
    OneLossARow: ("generator_loss_is_one_number", "must be one finite number"),
    DoesNothing: ("does_something_to_a_gan", "but changes neither"),
    UnusedWeight: ("every_weight_of_the_critic_is_used", r"but not \['spare'\]"),
    NotSingle: ("single_tells_what_the_critic_judges", "which is False, got True"),
    CutsOff: ("generator_is_reached", "cuts it off"),
    ChangesTheCritic: ("critic_stays_in_the_generators_step", "must not change the critic's weights"),
    ConsumesChance: ("global_state_is_untouched", "global random states"),
    StabilizerHoldsATensor: ("can_be_saved", "weight of StabilizerHoldsATensor"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check_and_no_other(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_regularizer(faulty))
    assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


@pytest.mark.parametrize("sound", [SmallOutputs, Halved])
def test_a_sound_one_passes(failures, sound):
    assert failures(check_regularizer(sound)) == {}


@pytest.mark.parametrize("other", [3, Regularizer])
def test_what_is_no_regularizer_is_a_type_error(other):
    with pytest.raises(TypeError, match="check_regularizer takes"):
        check_regularizer(other)
