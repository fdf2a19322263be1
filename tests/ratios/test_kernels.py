"""KLIEP, uLSIF and RuLSIF, against brute force and the laws of their optima."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from fdgm.ratios import KLIEP, RuLSIF, uLSIF
from fdgm.ratios._kliep import _normalized, _shares
from fdgm.ratios._loo import leave_one_out, non_negative_weights

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)
RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(60, 2)), RNG.normal(0.0, 1.2, size=(40, 2))


def _bounded_minimum(matrix, linear):
    """arg min over θ ≥ 0 of θᵀMθ/2 − hᵀθ by another method than the one under test."""
    found = minimize(
        lambda t: (t @ matrix @ t / 2 - linear @ t, matrix @ t - linear), np.ones(len(linear)), jac=True,
        bounds=[(0, None)] * len(linear), options={"ftol": 1e-15, "gtol": 1e-12},
    )  # fmt: skip
    return found.x


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.6])
def test_the_closed_form_is_the_fits_without_each_pair(alpha):
    """Fit 40 times without the pair: the two differ by rounding of well-conditioned systems (λ ≥ 0.01)."""
    rng = np.random.default_rng(3)
    # Four kernels; P has no rows at the third, so that three weights are clearly positive and one clearly is not.
    phi_p = np.eye(4)[rng.choice([0, 1, 3], 60)] + rng.uniform(0, 0.3, size=(60, 4))
    phi_q = np.eye(4)[rng.choice(4, 40)] + rng.uniform(0, 0.3, size=(40, 4))
    phi_p[:, 2] *= 0.1
    means, grams = [[f(phi) for phi in (phi_p, phi_q)] for f in (lambda x: x.mean(axis=0), lambda x: x.T @ x / len(x))]
    penalties = np.array([0.01, 0.5])
    expected = np.zeros(2)
    for k, penalty in enumerate(penalties):
        H = alpha * grams[0] + (1 - alpha) * grams[1]
        whole = non_negative_weights(H, means[0], penalty)
        total = whole @ (alpha * means[0] + (1 - alpha) * means[1])
        for i in range(40):
            rest_p, rest_q = np.delete(phi_p, i, axis=0), np.delete(phi_q, i, axis=0)
            H = alpha * rest_p.T @ rest_p / 59 + (1 - alpha) * rest_q.T @ rest_q / 39
            theta = _bounded_minimum(H + penalty * np.eye(4), rest_p.mean(axis=0))
            assert ((theta > 1e-9) == (whole > 0)).all()  # or else the closed form is not exact
            r_p, r_q = phi_p[i] @ theta / total, phi_q[i] @ theta / total
            expected[k] += (alpha * r_p**2 / 2 + (1 - alpha) * r_q**2 / 2 - r_p) / 40
    losses = leave_one_out((phi_p[:40], phi_q), grams, means, (60, 40), alpha, penalties)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)  # the bounded minimiser's tolerance


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
    """At the optimum the slope is 0 where a share is positive and at least 0 elsewhere (Karush, Kuhn and Tucker)."""
    squares = RNG.uniform(0, 9, size=(200, 12))
    kernels, _ = _normalized(squares, 1.0, np.zeros(12))
    shares = _shares(kernels)
    slope = 1 - (1 / (kernels @ shares)) @ kernels / 200
    assert slope.min() > -1e-3
    assert (np.abs(slope[shares > 1e-3]) < 1e-3).all()


@pytest.mark.parametrize("estimator", [KLIEP(width=1.0), uLSIF(width=1.0, penalty=0.1)], ids=["kliep", "lsif"])
def test_one_candidate_needs_no_search(estimator):
    estimator.set_params(random_state=0).fit(P, Q)
    assert estimator.width_ == 1.0
    scores = estimator.likelihoods_ if isinstance(estimator, KLIEP) else estimator.losses_
    assert np.isnan(scores).all()


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
