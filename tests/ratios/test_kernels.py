"""KLIEP, uLSIF and RuLSIF, against brute force and the distributions of their optima."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone

from fdgm.exceptions import ConstantRatioWarning
from fdgm.ratios import KLIEP, RuLSIF, TelescopingRatio, two_sample_test, uLSIF
from fdgm.ratios._kernels import folds, held_out_loss
from fdgm.ratios._kliep import _normalized, _weights
from fdgm.ratios._lsif import non_negative_weights

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)
RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(60, 2)), RNG.normal(0.0, 1.2, size=(40, 2))


@SETTINGS
@given(
    rows=arrays(np.float64, (9, 4), elements=st.floats(0, 1)),
    mean=arrays(np.float64, 4, elements=st.floats(-1, 1)),
    penalty=st.floats(0.01, 10),
)
def test_weights_meet_the_conditions_of_their_optimum(rows, mean, penalty):
    """Karush, Kuhn and Tucker: the slope is 0 where a weight is positive, and at least 0 where it is not."""
    gram = rows.T @ rows
    weights = non_negative_weights(gram, mean, penalty)
    slope = gram @ weights + penalty * weights - mean
    assert (weights >= 0).all()
    # Terms of size at most 9 · ‖mean‖/0.01 with a relative rounding of 1e-16, through a factor and its inverse.
    assert slope.min() > -1e-9
    assert np.abs(slope * weights).max() < 1e-7


@pytest.mark.parametrize("make", [KLIEP, uLSIF, RuLSIF])
def test_two_rows_are_enough(make):
    """Too few to judge by: the middle width, which is the centre's own distance, and the middle penalty."""
    ratio = make(random_state=0).fit(P[:2], Q[:2])
    assert np.isnan(ratio.losses_).all()
    assert ratio.width_ == make(random_state=0, width=[0.1, ratio.width_, 9.0]).fit(P[:2], Q[:2]).width_
    assert np.isfinite(ratio.log_ratio(Q)).all()


@pytest.mark.parametrize("n", [4, 5])
def test_the_fewest_rows_of_a_two_sample_test(n):
    assert 0 < two_sample_test(P[:n], Q[:n], n_permutations=20, random_state=0).p_value <= 1


def test_ulsif_is_rulsif_at_zero():
    np.testing.assert_array_equal(
        uLSIF(random_state=0).fit(P, Q).log_ratio(Q), RuLSIF(0.0, random_state=0).fit(P, Q).log_ratio(Q)
    )


def test_rows_in_parts_are_the_same_rows():
    """Sums over parts of the rows differ from sums over all by rounding alone."""
    settings = {"width": 1.0, "penalty": 0.1, "standardize": False, "random_state": 0, "n_centers": 60}
    parts = RuLSIF(**settings).fit(P, Q[:20]).partial_fit(P[:2], Q[20:])
    whole = RuLSIF(**settings).fit(np.vstack([P, P[:2]]), Q)
    # The centres of the whole are rows of it, so that it gets those of the parts.
    whole.centers_ = parts.centers_
    whole._learn(np.vstack([P, P[:2]]), Q)
    np.testing.assert_allclose(parts.log_ratio(P), whole.log_ratio(P), rtol=1e-9)


def test_the_relative_ratio_is_bounded_and_belongs_to_the_ratio():
    ratio = RuLSIF(0.25, random_state=0).fit(P, Q)
    relative, r = ratio.relative_ratio(P), ratio.ratio(P)
    assert (relative <= 4).all()
    np.testing.assert_allclose(relative, r / (0.25 * r + 0.75))


def test_kliep_is_normalised_under_q():
    # E_q[r] = 1 is the constraint of its optimum; what is left is rounding.
    np.testing.assert_allclose(KLIEP(random_state=0).fit(P, Q).ratio(Q).mean(), 1, rtol=1e-9)


def test_kliep_reaches_the_optimum_of_the_mixture():
    """At the optimum the slope is 0 where a fraction is positive and at least 0 elsewhere (Karush, Kuhn and Tucker)."""
    squares = RNG.uniform(0, 9, size=(200, 12))
    kernels, _ = _normalized(squares, 1.0, np.zeros(12))
    weights = _weights(kernels)
    slope = 1 - (1 / (kernels @ weights)) @ kernels / 200
    assert slope.min() > -1e-3
    assert (np.abs(slope[weights > 1e-3]) < 1e-3).all()


@pytest.mark.parametrize("estimator", [KLIEP(width=1.0), uLSIF(width=1.0, penalty=0.1)], ids=["kliep", "lsif"])
def test_one_candidate_needs_no_search(estimator):
    estimator.set_params(random_state=0).fit(P, Q)
    assert estimator.width_ == 1.0
    assert np.isnan(estimator.losses_).all()


@pytest.mark.parametrize("width", [0.0, -1.0, [1.0, np.nan], []])
def test_widths_out_of_range(width):
    with pytest.raises(ValueError, match=r"width"):
        KLIEP(width=width).fit(P, Q)


@pytest.mark.parametrize("estimator", [KLIEP(), uLSIF(), RuLSIF()], ids=lambda e: type(e).__name__)
def test_units_do_not_matter(estimator):
    """Columns are brought to one scale: their units change the rows' log-ratios by rounding, and the offset's."""
    estimator.set_params(random_state=0)
    plain = estimator.fit(P, Q).log_ratio(Q)
    units, offset = np.array([1e-3, 1e4]), np.array([5.0, -2e4])
    np.testing.assert_allclose(estimator.fit(P * units + offset, Q * units + offset).log_ratio(Q * units + offset),
                               plain, rtol=1e-5, atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("estimator", [KLIEP(), uLSIF(), RuLSIF()], ids=lambda e: type(e).__name__)
def test_a_constant_column_changes_nothing(estimator):
    estimator.set_params(random_state=0)
    plain = estimator.fit(P, Q).log_ratio(Q)
    more = [np.column_stack([X, np.full(len(X), 3.0)]) for X in (P, Q)]
    np.testing.assert_allclose(estimator.fit(*more).log_ratio(more[1]), plain, rtol=1e-9)


@pytest.mark.parametrize("estimator", [uLSIF(), RuLSIF()], ids=["ulsif", "rulsif"])
def test_the_fitted_ratio_has_mean_one_under_its_denominator(estimator):
    ratio = estimator.set_params(random_state=0).fit(P, Q)
    alpha = getattr(ratio, "alpha", 0.0)
    log_sums = [ratio._log_sum(torch.from_numpy(X)).exp().mean().item() for X in (P, Q)]
    assert alpha * log_sums[0] + (1 - alpha) * log_sums[1] == pytest.approx(1, rel=1e-9)


def test_kernels_that_reach_nothing_are_refused_with_their_width():
    with pytest.raises(ValueError, match=r"width of uLSIF .*got 0.001"):
        uLSIF(width=1e-3, penalty=1.0, random_state=0).fit(P + 9, Q)


@pytest.mark.parametrize("estimator", [KLIEP(), uLSIF(), RuLSIF()], ids=lambda e: type(e).__name__)
def test_few_rows_do_not_make_narrow_kernels(estimator):
    """N(½, 1) against N(0, 1), 200 rows each, whose log-ratio is x/2 − ⅛: the log-loss lost on new rows is small.

    A row at its own centre, and one in a gap between the other sample's, would choose the narrowest kernels, and lose
    whole nats. Of the two parameters of the truth the loss of a fit would be 1/200.
    """
    new = np.random.default_rng(99)
    p, q = new.normal(0.5, 1, (5000, 1)), new.normal(0, 1, (5000, 1))
    least = np.logaddexp(0, 1 / 8 - p / 2).mean() + np.logaddexp(0, q / 2 - 1 / 8).mean()
    lost = []
    for rng in np.random.default_rng(0).spawn(4):
        ratio = estimator.set_params(random_state=0).fit(rng.normal(0.5, 1, (200, 1)), rng.normal(0, 1, (200, 1)))
        lost.append(-ratio.score(p, q) - least)
    assert np.mean(lost) < 0.04


@pytest.mark.parametrize("estimator", [KLIEP(), uLSIF(), RuLSIF()], ids=lambda e: type(e).__name__)
def test_centres_are_at_most_half_of_the_rows(estimator):
    assert len(estimator.set_params(random_state=0).fit(P[:31], Q).centers_) == 15


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_held_out_losses_are_those_of_fits_without_the_fold(alpha):
    """Folds by hand: each is fitted without its rows by an estimator of one candidate, and scored on them."""
    search = RuLSIF(alpha, width=[0.7, 1.5], penalty=[0.01, 1.0], cv=3, standardize=False, random_state=0).fit(P, Q)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(P))
    n_centers = len(search.centers_)
    fold_p, fold_q, n_folds = folds(3, len(P), order[n_centers:], len(Q), rng)
    for i, width in enumerate([0.7, 1.5]):
        for j, penalty in enumerate([0.01, 1.0]):
            losses = []
            for part in range(n_folds):
                one = RuLSIF(alpha, width=width, penalty=penalty, standardize=False, random_state=0).fit(P, Q)
                one.centers_ = search.centers_
                one._learn(P[fold_p != part], Q[fold_q != part])
                losses.append(held_out_loss(*(one.log_ratio(X) for X in (P[fold_p == part], Q[fold_q == part]))))
            assert search.losses_[i, j] == pytest.approx(np.mean(losses), rel=1e-9)


@pytest.mark.parametrize("method", [KLIEP, uLSIF])
def test_folds_are_judged_by_rows_of_every_class(method, monkeypatch):
    """At most 1,000 rows of a fold judge it; of a sample sorted by class they are not the first."""
    rng = np.random.default_rng(0)
    X_p = rng.normal(size=(3000, 1))
    X_q = np.concatenate([rng.normal(size=(3000, 1)), rng.normal(4, 1, size=(3000, 1))])
    ratio = method(width=[0.5, 2.0], n_centers=10, cv=2, random_state=0)
    found = ratio.fit(X_p, X_q).losses_
    monkeypatch.setattr("fdgm.ratios._kernels._MAX_HELD_OUT", 10**6)
    np.testing.assert_allclose(found, ratio.fit(X_p, X_q).losses_, rtol=0.03)


KERNELS = [KLIEP(random_state=0), uLSIF(random_state=0), RuLSIF(random_state=0)]


def test_a_held_out_loss_is_the_log_loss_with_some_doubt():
    """Of probabilities between 0.01 and 0.99: at T = 0 they are ½, and a row in a gap costs no more than log 100."""
    zero = np.zeros(3)
    assert held_out_loss(zero, zero) == pytest.approx(2 * np.log(2))
    assert held_out_loss(np.full(3, -700.0), zero) == pytest.approx(np.log(100) + np.log(2))
    T = np.linspace(-2, 2, 9)
    exact = np.logaddexp(0, -T).mean() + np.logaddexp(0, T).mean()
    assert held_out_loss(T, T) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("estimator", KERNELS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("sample", ["P", "Q"])
def test_one_outlier_does_not_switch_a_kernel_off(estimator, sample):
    """N((½, 0), I) against N((−½, 0), I), 500 rows each, one of them 100 away: the log-loss on new rows is near the
    right one. What a row that no kernel reaches costs in the search must not be worth more than all others."""
    rng = np.random.default_rng(0)
    p, q = rng.normal([0.5, 0], 1, size=(500, 2)), rng.normal([-0.5, 0], 1, size=(500, 2))
    new_p, new_q = rng.normal([0.5, 0], 1, size=(2000, 2)), rng.normal([-0.5, 0], 1, size=(2000, 2))
    least = np.logaddexp(0, -new_p[:, 0]).mean() + np.logaddexp(0, new_q[:, 0]).mean()
    (p if sample == "P" else q)[7, 0] = 100.0
    # The right loss is 1.16, and that of a ratio which says nothing 1.39.
    assert -clone(estimator).fit(p, q).score(new_p, new_q) < least + 0.09


@pytest.mark.parametrize("estimator", KERNELS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("shift", [30.0, 300.0, 1e6])
@pytest.mark.parametrize("n", [4, 200])
def test_samples_that_lie_apart_are_told_apart(estimator, shift, n):
    """Kernels around P's rows that are as narrow as P reach no row of Q: wider ones are among those tried."""
    rng = np.random.default_rng(0)
    p, q = rng.normal(shift, 1, size=(n, 1)), rng.normal(0, 1, size=(n, 1))
    test = two_sample_test(p, q, ratio=estimator, n_permutations=199, random_state=0)
    assert test.statistic > 0.3
    if n > 4:
        assert test.p_value == pytest.approx(1 / 200)


def test_widths_of_near_samples_are_nine_around_the_median_distance():
    ratio = KLIEP(random_state=0).fit(P, Q)
    assert ratio.losses_.shape == (9,)


@pytest.mark.parametrize("estimator", KERNELS, ids=lambda e: type(e).__name__)
def test_a_constant_ratio_is_warned_of(estimator):
    """Kernels that are far wider than the samples say nothing."""
    params = {"width": 1e4} | ({} if isinstance(estimator, KLIEP) else {"penalty": 0.1})
    with pytest.warns(ConstantRatioWarning, match=f"{type(estimator).__name__} has found .*constant to three digits"):
        clone(estimator).set_params(**params).fit(P, Q)


def test_a_constant_ratio_of_one_part_is_no_matter():
    """Bridges of samples that are near one another may be told apart nowhere."""
    wide = KLIEP(width=1e4)
    TelescopingRatio(wide, n_bridges=1, random_state=0)._fit(P, Q)
    with pytest.warns(ConstantRatioWarning, match="TelescopingRatio has found"):
        TelescopingRatio(wide, n_bridges=1, random_state=0).fit(P, Q)
