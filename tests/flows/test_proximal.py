"""The proximal step, against quadratics that it can be solved for by hand."""

import pytest
import torch

from fdgm.flows import proximal_step


@pytest.mark.parametrize("step_size", [0.1, 1.0])
def test_of_a_quadratic_log_ratio(step_size):
    """−T = (u − 1)²/2: u = (x + λ)/(1 + λ)."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    u = proximal_step(lambda p: -(p - 1).square().sum(1) / 2, x, step_size, n_iter=2000, lr=0.005)
    # Adam ends within a learning rate of the minimum.
    torch.testing.assert_close(u, (x + step_size) / (1 + step_size), rtol=0, atol=0.01)


def test_of_a_small_step_is_the_euler_step():
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    u = proximal_step(lambda p: torch.sin(p).sum(1), x, 0.01, n_iter=2000, lr=2e-5)
    # Backward and forward Euler differ by λ² |sin cos| ≤ 5e-5; Adam by a learning rate.
    torch.testing.assert_close(u, x + 0.01 * torch.cos(x), rtol=0, atol=7e-5)


def test_rows_do_not_know_of_each_other():
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def log_ratio(p):
        return torch.cos(p).sum(1)

    whole = proximal_step(log_ratio, x, 0.5, n_iter=20, lr=0.05)
    alone = proximal_step(log_ratio, x[2:3], 0.5, n_iter=20, lr=0.05)
    torch.testing.assert_close(whole[2:3], alone, rtol=1e-12, atol=1e-12)


def test_the_minimum_is_among_points_that_are_allowed():
    """−T = 2(u₁ + u₂ − 3/2)² from (0, 1) in the unit square: with u₂ held at 1, 4(u₁ − ½) + u₁ = 0.

    The free minimum (2/9, 11/9) has (2/9, 1) as its nearest point.
    """
    x = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    u = proximal_step(
        lambda p: -2 * (p.sum(1) - 1.5).square(), x, 1.0, n_iter=2000, lr=0.005, nearest=lambda p: p.clamp(0, 1)
    )
    torch.testing.assert_close(u, torch.tensor([[0.4, 1.0]], dtype=torch.float64), rtol=0, atol=0.01)
