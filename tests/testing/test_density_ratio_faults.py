"""Density ratios that are wrong on purpose: each fault is caught by its own check, and by no other."""

import math
import re

import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state

from fdgm.ratios import DensityRatio
from fdgm.testing import check_density_ratio


class Linear(DensityRatio):
    """Two Gaussians of one diagonal covariance, each fitted to nine tenths of its rows; the log-ratio is linear."""

    def __init__(self, *, random_state=None):
        self.random_state = random_state

    def _fit(self, X_p, X_q):
        rng = self._rng()
        p, q = (X[rng.permutation(len(X))[len(X) // 10 :]] for X in (X_p, X_q))
        self.slope_ = 2 * (p.mean(axis=0) - q.mean(axis=0)) / (p.var(axis=0) + q.var(axis=0))
        self.middle_ = (p.mean(axis=0) + q.mean(axis=0)) / 2

    def _rng(self):
        return check_random_state(self.random_state)

    def _log_ratio_tensor(self, x):
        return (x - torch.from_numpy(self.middle_).to(x)) @ torch.from_numpy(self.slope_).to(x)


class Exchanged(Linear):
    def _fit(self, X_p, X_q):
        super()._fit(X_q, X_p)


class InAColumn(Linear):
    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x)[:, None]


class AlwaysDouble(Linear):
    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x.double())


class LogOfAQuotient(Linear):
    """log(p/q) of densities that both vanish far out."""

    def _log_ratio_tensor(self, x):
        q = torch.exp(-x.square().sum(dim=1))
        return torch.log(q * super()._log_ratio_tensor(x).exp() / q)


class TheRatio(Linear):
    """The ratio in the place of its log."""

    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x).clamp(max=30).exp()


class InBits(Linear):
    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x) / math.log(2)


class InDecades(Linear):
    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x) / math.log(10)


class OfMeanTwo(Linear):
    """Not normalised: of the ratio, twice."""

    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x) + math.log(2)


class CountsRows(Linear):
    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.prior_ = float(np.log(len(X_p) / len(X_q)))

    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x) + self.prior_


class CountsHalfTheRows(CountsRows):
    """As a classifier that is fitted to one sample and tested on both would."""

    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.prior_ = self.prior_ / 2


class ReversedWhereTheFirstIsLarger(Linear):
    """As a classifier's second column would be where classes come by their size."""

    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        if len(X_p) > len(X_q):
            self.slope_ = -self.slope_


class ToAnAbsoluteTolerance(Linear):
    """A variance with a number added that is small only in the units it was written for."""

    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.slope_ = 1 / (1 / self.slope_ + 1e-4)


class CentredOverTheRows(Linear):
    def _log_ratio_tensor(self, x):
        l = super()._log_ratio_tensor(x)
        return l - 0.1 * l.mean()


class IgnoresTheSeed(Linear):
    def _rng(self):
        return np.random.default_rng()


class DrawsGlobally(Linear):
    def _fit(self, X_p, X_q):
        np.random.normal()
        super()._fit(X_p, X_q)


class SetsAParameter(Linear):
    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.random_state = 1


class HoldsAFunction(Linear):
    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.function_ = lambda x: x


class SavesTooLittle(Linear):
    def to_state(self):
        state = super().to_state()
        state.parts["learned"].tensors["slope_"] = torch.ones(2, dtype=torch.float64)
        return state


class Sided(Linear):
    """Only the numerator's mean counts for the threshold, so that an exchange is more than a sign."""

    @property
    def antisymmetric(self):
        return True

    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        self.middle_ = self.middle_ + 1e-3 * X_p.std()


class LargerWhereExchanged(Linear):
    """Twice as large when the numerator's mean is the lower one."""

    def _fit(self, X_p, X_q):
        super()._fit(X_p, X_q)
        if X_p.mean() < X_q.mean():
            self.slope_ = 2 * self.slope_


class Gathers(Linear):
    """More rows are added to those before."""

    def _partial_fit(self, X_p, X_q):
        if "rows_p_" in vars(self):
            X_p, X_q = np.concatenate([self.rows_p_, X_p]), np.concatenate([self.rows_q_, X_q])
        self.rows_p_, self.rows_q_ = X_p, X_q
        self._fit(X_p, X_q)


class ExchangesMoreRows(Gathers):
    def _partial_fit(self, X_p, X_q):
        super()._partial_fit(X_q, X_p)


class ForgetsEarlierRows(Linear):
    def _partial_fit(self, X_p, X_q):
        self._fit(X_p, X_q)


class IgnoresLaterRows(Linear):
    def _partial_fit(self, X_p, X_q):
        if "slope_" not in vars(self):
            self._fit(X_p, X_q)


class UpdatesNothing(Linear):
    def _update(self, X_p, X_q):
        pass


class UpdatesTheOtherWay(Linear):
    def _update(self, X_p, X_q):
        self._fit(X_q, X_p)


class CannotUpdate(Linear):
    def _update(self, X_p, X_q):
        raise ValueError("never twice")


class InThePlaneAlone(Linear):
    def _log_ratio_tensor(self, x):
        a, b = self.slope_
        return (x[:, 0] - self.middle_[0]) * a + (x[:, 1] - self.middle_[1]) * b


class DetachedInFloat32(Linear):
    def _log_ratio_tensor(self, x):
        l = super()._log_ratio_tensor(x)
        return l if x.dtype == torch.float64 else l.detach()


class OffInFloat32(Linear):
    def _log_ratio_tensor(self, x):
        l = super()._log_ratio_tensor(x)
        return l if x.dtype == torch.float64 else l + 0.1


class ArrayOfAnother(Linear):
    def _log_ratio(self, X):
        return super()._log_ratio(X) + 0.1


class Detached(Linear):
    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x.detach())


class Flat(Linear):
    """Steps: attached, but of gradient zero."""

    def _log_ratio_tensor(self, x):
        return torch.round(super()._log_ratio_tensor(x) * 8) / 8


class WeakensWithMoreRows(Gathers):
    """Each sample takes its turn at a step that is too small, as if the steps were never added up."""

    def _partial_fit(self, X_p, X_q):
        super()._partial_fit(X_p, X_q)
        self.slope_ = 0.4 * self.slope_


class HalfTheGradient(Linear):
    def _log_ratio_tensor(self, x):
        l = super()._log_ratio_tensor(x)
        return (l + l.detach()) / 2


class GradientAlongTheOther(Linear):
    """Right along x₁, where the values are of size 1, and invented along the last."""

    def _log_ratio_tensor(self, x):
        return super()._log_ratio_tensor(x) + x[:, -1] - x[:, -1].detach()


class GradientBackwards(Linear):
    def _log_ratio_tensor(self, x):
        l = super()._log_ratio_tensor(x)
        return 2 * l.detach() - l


FAULTS = {
    InAColumn: ("has_the_right_shape", r"one number a row.*\(1000, 1\)"),
    AlwaysDouble: ("has_the_right_shape", "torch.float32 for 60 rows of that dtype, got .*float64"),
    LogOfAQuotient: ("is_finite", "must be finite everywhere, but is .*nan"),
    Exchanged: ("numerator_comes_first", "are they exchanged?"),
    TheRatio: ("log_ratio_is_near_the_true_one", "must be the natural logarithm"),
    InBits: ("log_ratio_is_near_the_true_one", r"has slope 1\.[45]"),
    InDecades: ("log_ratio_is_near_the_true_one", r"has slope 0\.[34]"),
    OfMeanTwo: ("log_ratio_is_near_the_true_one", r"is off by 0\.[67]"),
    CountsRows: ("sizes_of_the_samples_do_not_matter", r"changes by 1\.\d+ with 1000 rows against 250"),
    CountsHalfTheRows: ("sizes_of_the_samples_do_not_matter", r"changes by 0\.\d+ with 1000 rows against 250"),
    ReversedWhereTheFirstIsLarger: (
        "sizes_of_the_samples_do_not_matter",
        r"slope goes from 0\.9\d* to -.* against 250",
    ),
    ToAnAbsoluteTolerance: ("units_do_not_matter", r"times 1e-08 its log_ratio differs by up to 1\."),
    CentredOverTheRows: ("rows_are_judged_one_by_one", "changes with the other rows"),
    IgnoresTheSeed: ("seed_is_obeyed", "the same random_state must give the same bits"),
    DrawsGlobally: ("global_state_is_untouched", "the global state of numpy"),
    SetsAParameter: ("parameters_are_left_alone", "from {'random_state': 0} to {'random_state': 1}"),
    HoldsAFunction: ("can_be_saved", "function_ of HoldsAFunction must be an array"),
    SavesTooLittle: ("can_be_saved", "differs after saving and loading"),
    Sided: ("exchanging_the_samples_changes_the_sign", "promises to be antisymmetric"),
    LargerWhereExchanged: ("exchanging_the_samples_changes_the_sign", "its slopes are"),
    InThePlaneAlone: ("has_the_right_shape", "must take rows of 1 columns, but raised"),
    UpdatesNothing: ("update_follows_samples_that_move", r"slope went from (\S+) to \1"),
    UpdatesTheOtherWay: ("update_follows_samples_that_move", r"slope went from 0\.\d+ to -"),
    CannotUpdate: ("update_follows_samples_that_move", "raised: never twice"),
    ForgetsEarlierRows: ("partial_fit_heeds_every_batch", "must not forget earlier rows"),
    IgnoresLaterRows: ("partial_fit_heeds_every_batch", "must learn from later rows too"),
    ExchangesMoreRows: ("partial_fit_goes_on", "has slope -"),
    WeakensWithMoreRows: ("partial_fit_goes_on", r"has slope 0\.3\d*, after fit 0\.9"),
    ArrayOfAnother: ("tensor_agrees_with_the_array", r"differ by up to 0\.1"),
    Detached: ("gradient_is_attached", "is detached, zero"),
    DetachedInFloat32: ("gradient_is_attached", "finite, in torch.float32"),
    OffInFloat32: ("tensor_agrees_with_the_array", r"in torch.float32 they differ by up to 0\.1"),
    Flat: ("gradient_is_attached", "is detached, zero"),
    HalfTheGradient: ("gradient_follows_the_log_ratio", r"its mean is 0\.4"),
    GradientAlongTheOther: ("gradient_follows_the_log_ratio", "between x2 = -1 and 1 its mean is"),
    GradientBackwards: ("gradient_follows_the_log_ratio", "its mean is -"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check_and_no_other(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_density_ratio(faulty))
    assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


@pytest.mark.parametrize("sound", [Linear, Gathers])
def test_a_sound_one_passes(failures, sound):
    assert failures(check_density_ratio(sound)) == {}


def test_units_are_no_matter_where_nothing_is_promised_of_them(failures):
    class InItsUnits(ToAnAbsoluteTolerance):
        @property
        def scale_invariant(self):
            return False

    assert failures(check_density_ratio(InItsUnits)) == {}


def test_what_is_no_density_ratio_is_a_type_error():
    with pytest.raises(TypeError, match=r"check_density_ratio takes a subclass of DensityRatio .*got <class 'dict'>"):
        check_density_ratio(dict)
