"""The clock and the critic step."""

import math

import pytest
import torch

from fdgm.architectures import MLP
from fdgm.nets import Clock, CriticStep, resolve_device
from fdgm.objectives import Logistic


def test_progress_by_iterations():
    clock = Clock(4, None)
    assert [clock.read() for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    assert clock.finished() == "max_iter"


def test_a_schedule_takes_the_place_of_the_clock():
    clock = Clock(5, 1e-9, [0.1, 0.2])
    assert [clock.read() for _ in range(3)] == [0.1, 0.2, 0.2]
    assert clock.readings == [0.1, 0.2, 0.2]


def test_seconds_end_it_too():
    clock = Clock(10**9, 1e-9)
    assert clock.read() == 1
    assert clock.finished() == "max_seconds"


def test_time_left_is_unknown_before_the_first_iteration():
    assert Clock(3, None).seconds_left() == math.inf


@pytest.mark.slow
def test_the_critic_learns_the_log_ratio_of_two_gaussians():
    """N(1, 1) against N(0, 1): log ratio x − 1/2. The estimate's error is some 0.1 at 128,000 rows seen."""
    g = torch.Generator().manual_seed(0)
    critic = MLP(width=32, depth=2).critic((1,), seed=0)
    step = CriticStep(critic, torch.optim.Adam(critic.parameters(), lr=2e-3), Logistic())
    for _ in range(500):
        step(torch.randn(256, 1, generator=g) + 1, torch.randn(256, 1, generator=g))
    x = torch.linspace(-1, 2, 31)[:, None]
    with torch.no_grad():
        error = step.log_ratio()(x) - (x[:, 0] - 0.5)
    assert error.square().mean().sqrt() < 0.25


def test_devices():
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") in ("cpu", "cuda")
    with pytest.raises(RuntimeError, match="nowhere"):
        resolve_device("nowhere")
