"""How a critic's output reads as log-odds."""

import numpy as np
import pytest
import torch

from fdgm.refiners._reading import Reading

RNG = np.random.default_rng(0)
P, Q = torch.from_numpy(RNG.normal(1.0, 1.0, 4000)), torch.from_numpy(RNG.normal(0.0, 1.0, 4000))  # x − 1/2 is log p/q


@pytest.mark.parametrize(
    ("critic", "slope", "offset"),
    [
        (lambda x: x, 1.0, -0.5),
        (lambda x: -x, -1.0, -0.5),
        (lambda x: 100 * x + 7, 0.01, -0.57),
        (lambda x: x.float(), 1.0, -0.5),
    ],
    ids=["as it is", "of the other sign", "of another scale", "in float32"],
)
def test_slope_and_offset_are_found(critic, slope, offset):
    reading = Reading.learned(critic(P), critic(Q))
    # Four standard errors of a logistic slope on 8,000 rows: 4 · 0.028.
    assert reading.slope == pytest.approx(slope, rel=0.12)
    assert reading.offset == pytest.approx(offset, abs=0.12)
    assert reading.sign == np.sign(slope)
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    np.testing.assert_allclose(reading.of(critic)(x), x - 0.5, atol=0.4)


def test_probabilities_are_taken_through_the_logit():
    reading = Reading.learned(torch.sigmoid(P - 0.5), torch.sigmoid(Q - 0.5))
    assert reading.squashed
    assert reading.slope == pytest.approx(1.0, rel=0.12)
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    np.testing.assert_allclose(reading.of(lambda x: torch.sigmoid(x - 0.5))(x), x - 0.5, atol=0.4)


def test_a_critic_that_tells_nothing_has_no_sign():
    """Nineteen times in twenty; the loss is that of a coin."""
    signs = [Reading.learned(*torch.from_numpy(RNG.normal(size=(2, 300)))).sign for _ in range(200)]
    assert np.mean(np.abs(signs)) <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert Reading.learned(torch.ones(9), torch.ones(8)).sign == 0


def test_a_critic_that_separates_has_a_finite_slope():
    reading = Reading.learned(torch.full((50,), 3.0) + P[:50], torch.full((50,), -99.0) + Q[:50])
    assert 0 < reading.slope < 10
    assert reading.sign == 1
    assert reading.loss < 0.1


def test_the_loss_is_the_mean_of_both_classes():
    """With few real rows and many samples, neither class outweighs the other."""
    few = Reading.learned(P[:400], Q)
    assert few.slope == pytest.approx(1.0, rel=0.3)
    assert few.offset == pytest.approx(-0.5, abs=0.3)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_outputs_that_are_not_finite(bad):
    t = P.clone()
    t[0] = bad
    assert np.isfinite(Reading.learned(t, Q).slope)
