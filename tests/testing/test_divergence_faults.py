"""Divergences that are wrong on purpose: each fault is caught by its own check, and by no other."""

import math
import re

import pytest
import torch
from torch.nn.functional import softplus

from fdgm.divergences import KL, Divergence, JensenShannon
from fdgm.testing import check_divergence


class LeCam(Divergence):
    """f(r) = (r − 1)²/(r + 1), and nothing that need not be given."""

    def f(self, l):
        return torch.expm1(l).square() / (l.exp() + 1)

    def f_prime(self, l):
        return 1 - 4 / (l.exp() + 1).square()

    def log_weight(self, l):
        return math.log(8) + l - 3 * softplus(l)


class WrongDerivative(LeCam):
    def f_prime(self, l):
        return 1 - 4.001 / (l.exp() + 1).square()


class DerivativeInTheLogRatio(LeCam):
    """r f'(r): the chain rule forgotten."""

    def f_prime(self, l):
        return l.exp() * super().f_prime(l)


class WeightIsTheSecondDerivative(LeCam):
    """f''(r) in the place of r f''(r)."""

    def log_weight(self, l):
        return super().log_weight(l) - l


class ForgottenConstant(LeCam):
    def f(self, l):
        return super().f(l) + 0.5


class Dented(LeCam):
    """A dent in f around r = 1, concave at its rims; the derivatives are those of the dented f."""

    def f(self, l):
        return super().f(l) + 2 - 2 * torch.exp(-8 * l.square())

    def f_prime(self, l):
        return super().f_prime(l) + 32 * l * torch.exp(-8 * l.square() - l)

    def weight(self, l):
        bump = 32 * torch.exp(-8 * l.square() - l) * (1 - l - 16 * l.square())
        return super().log_weight(l).exp() + torch.where(l.abs() < 4, bump, 0)

    def log_weight(self, l):
        return self.weight(l).log()


class OverflowingWeight(KL):
    """KL's weight, 1, as a quotient of exponentials: inf/inf from l = 89 on, in float32."""

    def weight(self, l):
        return l.exp() / l.exp()


class CancellingWeight(JensenShannon):
    """σ(−l) as a difference: 0 from l = 17 on, in float32."""

    def weight(self, l):
        return 1 - torch.sigmoid(l)


class DetachedSlope(LeCam):
    def f_prime(self, l):
        return super().f_prime(l.detach())


class DetachedF(LeCam):
    def f(self, l):
        return super().f(l.detach())


class Reducing(LeCam):
    def f(self, l):
        return super().f(l).sum()


class AlwaysDouble(LeCam):
    def f_prime(self, l):
        return super().f_prime(l.double())


class CentredOverTheBatch(LeCam):
    def f_prime(self, l):
        return super().f_prime(l) + 1e-2 * l.numel()


class InPlace(LeCam):
    def log_weight(self, l):
        return super().log_weight(l.clamp_(-1, 1))


class HoldsATensor(LeCam):
    def __init__(self, scale=None):
        self.scale = torch.ones(1) if scale is None else scale


class ForgetsAParameter(LeCam):
    """The scale is no parameter, so that a clone and a file lose it."""

    def __init__(self):
        self._scale = 1.0

    def scaled(self, scale):
        self._scale = scale
        return self

    def f(self, l):
        return self._scale * super().f(l)

    def f_prime(self, l):
        return self._scale * super().f_prime(l)

    def log_weight(self, l):
        return super().log_weight(l) + math.log(self._scale)


class WrongLogWeight(LeCam):
    def weight(self, l):
        return super().log_weight(l).exp()

    def log_weight(self, l):
        return super().log_weight(l) + 0.1


class DualOfAnother(LeCam):
    @property
    def dual(self):
        return KL()


class DualIsNone(LeCam):
    @property
    def dual(self):
        return None


class WrongConjugate(KL):
    def conjugate(self, t):
        return t.exp() - 1


class ConjugateTooSmallOutside(LeCam):
    """f'(r) lies in (−3, 1); the supremum past 1 is infinite."""

    def conjugate(self, t):
        inside = torch.where((t > -3) & (t < 1), t, 0)
        r = 2 / (1 - inside).sqrt() - 1
        value = r * inside - (r - 1).square() / (r + 1)
        return torch.where(t <= -3, -1.0, torch.where(t < 1, value, 0.0))


class WrongConjugateOfSlope(KL):
    def conjugate_of_slope(self, l):
        return l.exp() + l


class WrongActivation(KL):
    def output_activation(self, v):
        return v + 1


class WrongConjugateOfOutput(KL):
    def conjugate_of_output(self, v):
        return super().conjugate_of_output(v) + 0.1


class OutputFromAnotherLogRatio(KL):
    def output_from_log_ratio(self, l):
        return super().output_from_log_ratio(2 * l)


class CenteredElsewhere(LeCam):
    def f_centered(self, l):
        return self.f(l) + torch.expm1(l)


FAULTS = {
    WrongDerivative: ("f_prime_is_the_derivative_of_f", "f_prime of WrongDerivative.* must be the derivative"),
    DerivativeInTheLogRatio: ("f_prime_is_the_derivative_of_f", r"at l = .*, r = .* it is .*, not"),
    WeightIsTheSecondDerivative: ("weight_is_r_times_f_second", r"weight of .* must be r f''\(r\)"),
    ForgottenConstant: ("f_is_zero_at_one", r"f\(1\) of ForgottenConstant.* must be 0.*got 0\.5"),
    Dented: ("f_is_convex", r"f of Dented.* must be convex"),
    OverflowingWeight: ("weight_is_finite_and_precise", r"must be finite.*float32 it is \[nan"),
    CancellingWeight: ("weight_is_finite_and_precise", "must keep its precision in float32"),
    DetachedSlope: ("gradients_are_attached", "f_prime of DetachedSlope.* result is detached"),
    DetachedF: ("f_is_twice_differentiable", "f of DetachedF.* result is detached"),
    Reducing: ("is_elementwise", r"f of Reducing.*\(6,\) and torch.float32, got \(\)"),
    AlwaysDouble: ("is_elementwise", "got .* torch.float64"),
    CentredOverTheBatch: ("is_elementwise", "changes with the others"),
    InPlace: ("is_elementwise", "must not change its argument in place"),
    HoldsATensor: ("can_be_saved", "scale of HoldsATensor must be a number"),
    WrongLogWeight: ("log_weight_is_the_log_of_the_weight", "log_weight of WrongLogWeight"),
    DualOfAnother: ("dual_exchanges_the_arguments", r"of the dual of DualOfAnother.* r f\(1/r\)"),
    DualIsNone: ("dual_exchanges_the_arguments", "must be a Divergence, got None"),
    WrongConjugate: ("conjugate_is_the_supremum", "conjugate of WrongConjugate"),
    ConjugateTooSmallOutside: ("conjugate_is_the_supremum", r"but at t = .* it is 0, and r = .* gives"),
    WrongConjugateOfSlope: ("conjugate_of_slope_is_the_conjugate_at_f_prime", "must be r f' - f"),
    WrongActivation: ("output_activation_is_the_slope", "output_activation of WrongActivation"),
    WrongConjugateOfOutput: ("conjugate_of_output_is_the_conjugate_there", "conjugate_of_output of Wrong"),
    OutputFromAnotherLogRatio: ("output_from_log_ratio_is_the_inverse", "must be undone by log_ratio_from_output"),
    CenteredElsewhere: ("f_centered_is_f_without_its_slope", r"f_centered of CenteredElsewhere.* must be f\(r\)"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check_and_no_other(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_divergence(faulty))
    assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


def test_what_is_no_parameter_is_lost(failures):
    found = failures(check_divergence(ForgetsAParameter().scaled(2.0)))
    assert list(found) == ["can_be_saved"]
    assert "made by sklearn.base.clone differs" in found["can_be_saved"]


@pytest.mark.parametrize("sound", [LeCam, KL])
def test_a_sound_one_passes(failures, sound):
    assert failures(check_divergence(sound)) == {}


@pytest.mark.parametrize("wrong", [3, "kl", Divergence.f, dict])
def test_what_is_no_divergence_is_a_type_error(wrong):
    with pytest.raises(TypeError, match=f"check_divergence takes .*got {re.escape(repr(wrong))}"):
        check_divergence(wrong)
