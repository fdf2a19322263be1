"""Where single rows end."""

import numpy as np
import pytest
import torch

from fdgm.refiners._ends import Ends

RNG = np.random.default_rng(0)


def tensor(values):
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def test_the_ends_of_samples_have_the_law_of_held_out_rows():
    """Ranks are kept: from N(0, 1) to N(2, 9) the map is 2 + 3t."""
    ends = Ends.learned(tensor(RNG.normal(size=20_000)), tensor(RNG.normal(2, 3, size=20_000)))
    t = tensor(np.linspace(-1.5, 1.5, 7))
    # Quantiles of 20,000 draws, at a density of at least 0.13 a standard deviation: 3 · 4 · 0.5/√20000/0.13 ≈ 0.3.
    np.testing.assert_allclose(ends(t), 2 + 3 * t, atol=0.3)


def test_the_same_law_ends_where_it_is():
    t = tensor(RNG.normal(size=1000))
    np.testing.assert_allclose(Ends.learned(t, t)(t).clamp(-2, 2), t.clamp(-2, 2), atol=1e-4)


def test_outside_the_samples_the_ends_are_the_last_ones():
    ends = Ends.learned(tensor(RNG.normal(size=500)), tensor(RNG.normal(size=500)))
    low, high = ends(tensor([-99.0, 99.0]))
    assert low == ends.held_out[0]
    assert high == ends.held_out[-1]


@pytest.mark.parametrize("t", [[0.0], [0.0, 0.0, 0.0]])
def test_a_constant_log_ratio_has_finite_ends(t):
    ends = Ends.learned(tensor(t), tensor([1.0, 2.0]))
    assert torch.isfinite(ends(tensor([-1.0, 0.0, 1.0]))).all()
