"""KLIEP, uLSIF and RuLSIF, against brute force and the laws of their optima."""

import numpy as np
import pytest

from fdgm.ratios import KLIEP, RuLSIF, uLSIF
from fdgm.ratios._kliep import _normalized, _shares
from fdgm.ratios._loo import leave_one_out

RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(60, 2)), RNG.normal(0.0, 1.2, size=(40, 2))


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.6])
def test_the_closed_form_is_the_fits_without_each_pair(alpha):
    """Fit 40 times without the pair: the two differ by rounding of a well-conditioned system (λ ≥ 0.01)."""
    phi_p, phi_q = RNG.uniform(size=(60, 7)), RNG.uniform(size=(40, 7))
    penalties = np.array([0.01, 0.5])
    expected = np.zeros(2)
    for k, penalty in enumerate(penalties):
        for i in range(40):
            rest_p, rest_q = np.delete(phi_p, i, axis=0), np.delete(phi_q, i, axis=0)
            H = alpha * rest_p.T @ rest_p / 59 + (1 - alpha) * rest_q.T @ rest_q / 39
            theta = np.maximum(np.linalg.solve(H + penalty * np.eye(7), rest_p.mean(axis=0)), 0)
            r_p, r_q = phi_p[i] @ theta, phi_q[i] @ theta
            expected[k] += (alpha * r_p**2 / 2 + (1 - alpha) * r_q**2 / 2 - r_p) / 40
    losses = leave_one_out(
        phi_p[:40], phi_q, phi_p.T @ phi_p / 60, phi_q.T @ phi_q / 40, phi_p.mean(axis=0), (60, 40), alpha, penalties
    )
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


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
    whole._fit_weights(np.vstack([P, P[:2]]), Q, np.array([1.0]), RNG)
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
