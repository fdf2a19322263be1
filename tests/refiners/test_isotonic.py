"""The growing curve from a score to a log-ratio."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fdgm.refiners._isotonic import isotonic_log_ratio


@pytest.mark.parametrize(("n_p", "n_q"), [(3000, 3000), (3000, 600), (600, 3000), (600, 5000)])
def test_a_perfect_ratio_stays_whatever_the_sizes(n_p, n_q):
    """N(½, 1) against N(−½, 1), whose log-ratio is the score itself.

    Within a step of a hundred rows of either sample the level has an error of some 0.14. A level of single rows at an
    end, which all others are raised to, shows as 0.3 and more in one of these pairs.
    """
    errors = []
    for rng in np.random.default_rng(0).spawn(24):
        t, level = isotonic_log_ratio(rng.normal(0.5, 1, n_p), rng.normal(-0.5, 1, n_q))
        at = np.linspace(-1.5, 1.5, 31)
        errors.append(np.abs(np.interp(at, t, level) - at).mean())
    assert max(errors) < 0.25


def test_one_row_at_an_end_does_not_level_the_rest():
    """A row of Q, one of P, and then Q alone: one of 600 rows of P is all that says otherwise."""
    t_q = np.concatenate([[-9.0], np.linspace(-8, 0, 3000)])
    t_p = np.concatenate([[-8.5], np.linspace(0, 1, 599)])
    t, level = isotonic_log_ratio(t_p, t_q)
    assert level[t < -1].max() < -3


samples = arrays(np.float64, st.integers(1, 30), elements=st.floats(-5, 5).map(lambda x: round(x, 1)))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(t_p=samples, t_q=samples)
def test_it_grows_and_is_antisymmetric(t_p, t_q):
    t, level = isotonic_log_ratio(t_p, t_q)
    assert (np.diff(t) >= 0).all()
    assert (np.diff(level) >= -1e-12).all()
    assert np.isfinite(level).all()
    back, mirrored = isotonic_log_ratio(-t_q, -t_p)
    np.testing.assert_allclose(np.interp(np.unique(t), t, level), -np.interp(-np.unique(t), back, mirrored), atol=1e-9)
