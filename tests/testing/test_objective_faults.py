"""Objectives that are wrong on purpose: each fault is caught by its own check, and by no other."""

import re
from typing import ClassVar

import pytest
import torch

from fdgm.objectives import Objective, Relativistic
from fdgm.testing import check_objective


class Exponential(Objective):
    """E_p[e^(−T/2)] + E_q[e^(T/2)], least at T = log dP/dQ."""

    def loss(self, output_p, output_q):
        return (-output_p / 2).exp().mean() + (output_q / 2).exp().mean()

    def log_ratio(self, output):
        return output


class Exchanged(Exponential):
    def loss(self, output_p, output_q):
        return super().loss(output_q, output_p)


class Pooled(Exponential):
    def loss(self, output_p, output_q):
        return torch.cat([(-output_p / 2).exp(), (output_q / 2).exp()]).mean()


class OneLossARow(Exponential):
    def loss(self, output_p, output_q):
        return super().loss(output_p, output_q).expand(2)


class InFloat64(Exponential):
    def loss(self, output_p, output_q):
        return super().loss(output_p, output_q).double()


class LogRatioInAColumn(Exponential):
    def log_ratio(self, output):
        return output[:, None]


class DetachedLoss(Exponential):
    def loss(self, output_p, output_q):
        return super().loss(output_p, output_q).detach()


class DetachedLogRatio(Exponential):
    def log_ratio(self, output):
        return output.detach()


class LooksAtOneSample(Exponential):
    def loss(self, output_p, output_q):
        return super().loss(output_p, output_q.detach())


class TwiceTheLogRatio(Exponential):
    def log_ratio(self, output):
        return 2 * output


class Overflowing(Exponential):
    """The same optimum at a third of the output, by e^(3 · 40), which float32 does not hold."""

    def loss(self, output_p, output_q):
        return (-3 * output_p).exp().mean() + (3 * output_q).exp().mean()

    def log_ratio(self, output):
        return 6 * output

    def optimum(self, log_ratio):
        return log_ratio / 6


class OptimumInAnotherScale(Exponential):
    def optimum(self, log_ratio):
        return 2 * log_ratio


class NoOptimum(Exponential):
    def optimum(self, log_ratio):
        raise NotImplementedError


class SumOverRows(Exponential):
    def generator_loss(self, output):
        return -output.sum()


class DrawnAway(Exponential):
    def generator_loss(self, output):
        return output.mean()


class DetachedRule(Exponential):
    def generator_loss(self, output):
        return -output.detach().mean()


class OverflowingRule(Exponential):
    def generator_loss(self, output):
        return -(3 * output).exp().mean()


class HoldsATensor(Exponential):
    def __init__(self, weight=None):
        self.weight = torch.ones(1) if weight is None else weight


class Sided(Exponential):
    """KL's bound, E_q[e^T] − E_p[T]: exact, but it weighs the samples differently."""

    antisymmetric: ClassVar = True

    def loss(self, output_p, output_q):
        return output_q.exp().mean() - output_p.mean()


class NoCriticSteps(Exponential):
    n_critic_steps: ClassVar = 0


class RatesBelowZero(Exponential):
    learning_rates: ClassVar = (1e-3, -1.0)


class SeesMoreThanDifferences(Exponential):
    relative: ClassVar = True


class PushedAway(Relativistic):
    def paired_generator_loss(self, output_p, output_q):
        return self.loss(output_p, output_q)


FAULTS = {
    OneLossARow: ("has_the_right_shape", r"must be one number .*got shape \(2,\)"),
    InFloat64: ("has_the_right_shape", "float32, got .*float64"),
    LogRatioInAColumn: ("has_the_right_shape", r"log_ratio of .*got \(5, 1\)"),
    DetachedLoss: ("is_differentiable", "loss of .* is detached"),
    DetachedLogRatio: ("is_differentiable", "log_ratio of .* is detached"),
    LooksAtOneSample: ("is_differentiable", "outputs on the denominator's sample, but has none"),
    Exchanged: ("numerator_comes_first", "numerator's sample first"),
    Pooled: ("sizes_of_the_samples_do_not_matter", "mean of each sample"),
    Overflowing: ("is_finite_in_range", "loss of Overflowing must be finite"),
    OptimumInAnotherScale: ("optimum_is_least", "must be the output of least loss"),
    NoOptimum: ("optimum_is_least", "must be given, for its log_ratio claims to be exact"),
    TwiceTheLogRatio: ("log_ratio_is_exact_at_the_optimum", "must be log p/q at the least loss"),
    SumOverRows: ("generator_loss_is_a_mean", "must be a mean over rows"),
    DrawnAway: ("generator_is_drawn_to_the_numerator", "must fall as the critic's outputs rise"),
    DetachedRule: ("generator_is_drawn_to_the_numerator", "but is detached"),
    OverflowingRule: ("generator_loss_is_finite_in_range", "must be finite in float32"),
    Sided: ("exchanging_the_samples_changes_the_sign", "promises to be antisymmetric"),
    NoCriticSteps: ("settings_are_in_range", "n_critic_steps of NoCriticSteps.* got 0"),
    RatesBelowZero: ("settings_are_in_range", r"learning_rates of RatesBelowZero.* got \(0\.001, -1\.0\)"),
    SeesMoreThanDifferences: ("loss_sees_differences_alone", "loss of .* must not change where 0.7 is added"),
    PushedAway: ("paired_generator_loss_pulls_towards_the_data", "must be a mean over samples and fall"),
    HoldsATensor: ("can_be_saved", "weight of HoldsATensor must be a number"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check_and_no_other(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_objective(faulty))
    assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


def test_a_sound_one_passes(failures):
    assert failures(check_objective(Exponential)) == {}


def test_what_is_no_objective_is_a_type_error():
    with pytest.raises(TypeError, match=r"check_objective takes a subclass of Objective .*got 3"):
        check_objective(3)
