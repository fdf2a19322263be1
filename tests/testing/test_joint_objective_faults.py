"""Joint objectives that are wrong on purpose: each fault is caught by its own check, and by no other."""

import re

import pytest
import torch
from torch.nn.functional import softplus

from fdgm.bidirectional import JointObjective
from fdgm.objectives import Hinge, Logistic
from fdgm.testing import check_joint_objective


class Sound(JointObjective):
    """The logD trick."""

    gives_log_ratio = True

    def critic(self, scaling):
        return Logistic()

    def loss(self, joint, batch, critic, scaling):
        return softplus(critic(*joint.encode(batch))).mean() + softplus(-critic(*joint.generate(batch))).mean()


class CriticByName(Sound):
    def critic(self, scaling):
        return "logistic"


class OneLossARow(Sound):
    def loss(self, *args):
        return super().loss(*args).expand(3)


class NaN(Sound):
    def loss(self, *args):
        return super().loss(*args) * float("nan")


class MovesOneAlone(Sound):
    def loss(self, joint, batch, critic, scaling):
        return softplus(-critic(*joint.generate(batch))).mean()


class Detached(Sound):
    def loss(self, *args):
        return super().loss(*args).detach()


class PairsTheWrongWay(Sound):
    def critic_pairs(self, joint, batch):
        return joint.encode(batch)[::-1], joint.generate(batch)[::-1]


class DrawsByItself(Sound):
    def loss(self, joint, batch, critic, scaling):
        return super().loss(joint, batch, critic, scaling) * (1 + torch.rand(()))


class HeedsTheDivergence(Sound):
    def loss(self, joint, batch, critic, scaling):
        t = critic(*joint.encode(batch)) - critic(*joint.generate(batch))
        return (scaling.divergence.weight(t.detach()) * t).mean()


class HeedsTheClip(Sound):
    def loss(self, joint, batch, critic, scaling):
        return super().loss(joint, batch, critic, scaling) * (1.0 if scaling.scale_clip is None else 2.0)


class ClaimsALogRatio(Sound):
    def critic(self, scaling):
        return Hinge()


class HoldsATensor(Sound):
    def __init__(self, weight=None):
        self.weight = torch.ones(1) if weight is None else weight


FAULTS = {
    CriticByName: ("critic_has_an_objective_or_there_is_none", "must return an Objective.*'logistic'"),
    OneLossARow: ("loss_is_one_number", "one finite number"),
    NaN: ("loss_is_one_number", "nan"),
    MovesOneAlone: ("encoder_and_generator_get_gradients", "must move the encoder"),
    Detached: ("encoder_and_generator_get_gradients", "must move the encoder"),
    PairsTheWrongWay: ("critic_is_given_pairs", r"got \(6, 2\) and \(6, 3\)"),
    DrawsByItself: ("chance_is_the_callers", "the same for the same batch"),
    HeedsTheDivergence: ("what_it_does_not_take_does_not_matter", "takes_divergence of .* is False"),
    HeedsTheClip: ("what_it_does_not_take_does_not_matter", "takes_scale_clip of .* is False"),
    ClaimsALogRatio: ("log_ratio_is_the_critics", "must be exact, got Hinge"),
    HoldsATensor: ("can_be_saved", "weight of HoldsATensor must be a number"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_joint_objective(faulty))
    if faulty is DrawsByItself:  # then a copy, or another divergence, does not give the same number either
        assert name in found
    else:
        assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


def test_a_sound_one_passes(failures):
    assert failures(check_joint_objective(Sound)) == {}


def test_what_is_no_joint_objective_is_a_type_error():
    with pytest.raises(TypeError, match=r"check_joint_objective takes a subclass of JointObjective .*got 3"):
        check_joint_objective(3)
