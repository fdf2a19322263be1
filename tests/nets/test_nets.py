"""The clock and the critic step."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from fdgm.architectures import MLP
from fdgm.nets import (
    Average,
    Clock,
    CriticStep,
    MemmapRows,
    Mode,
    PrincipalComponents,
    ResidentRows,
    forward,
    resolve_device,
)
from fdgm.objectives import Logistic
from fdgm.options import Schedule


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


@pytest.mark.parametrize("shape", [(6,), (1, 2, 3)])
def test_principal_components_are_those_of_scikit_learn(shape):
    rows = np.random.default_rng(0).normal(size=(200, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    found = PrincipalComponents.of(torch.from_numpy(rows).reshape(-1, *shape), 4)
    theirs = PCA(4, whiten=True).fit(rows)
    scores = found.scores(torch.from_numpy(rows).reshape(-1, *shape)).numpy()
    # Theirs have a variance of 1 with n - 1 in the denominator, ours with n, and a direction has no sign.
    np.testing.assert_allclose(np.abs(scores), np.abs(theirs.transform(rows)) * np.sqrt(200 / 199), rtol=1e-8)
    assert found.mean.shape == shape


def test_there_are_no_more_components_than_dimensions_that_vary():
    line = torch.linspace(-1, 1, 50)[:, None] * torch.tensor([[1.0, 2.0, 0.0]])
    assert PrincipalComponents.of(line, 3).deviations.shape == (1,)


def test_devices():
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") in ("cpu", "cuda")
    with pytest.raises(ValueError, match=r"device must be .*nowhere"):
        resolve_device("nowhere")


def test_a_schedule_of_shares_runs_in_straight_lines():
    schedule = Schedule.make("S", "s", [(0.5, 1.0), (1.0, 0.0)])
    assert [schedule(at, 1) for at in (0.0, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]


def test_a_schedule_of_loops_has_steps():
    schedule = Schedule.make("S", "s", [(3, 0.5), (5, 0.25)])
    assert [schedule(0.0, loop) for loop in (1, 2, 3, 4, 5, 99)] == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


def test_no_schedule_is_one():
    assert Schedule.make("S", "s", ())(0.3, 7) == 1.0


@pytest.mark.parametrize("bad", [[(0.5, 1.0), (0.5, 2.0)], [(0, 1.0)], [(1.5, 1.0)], [(1, 1.0), (0.5, 1.0)], "ab", 3])
def test_what_is_no_schedule(bad):
    with pytest.raises(ValueError, match="s of S must be a sequence of") as caught:
        Schedule.make("S", "s", bad)
    assert repr(bad) in str(caught.value)


def test_an_average_follows_a_module_that_stands_still():
    """At the t-th update a fraction of min(decay, (1+t)/(10+t)) of the gap stays, whatever the weights."""
    module = torch.nn.Linear(2, 2)
    average = Average(module, 0.5)
    gap = 1.0
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(1.0)
    for t in range(20):
        average.update(t)
        gap *= min(0.5, (1 + t) / (10 + t))
    for follower, leader in zip(average.module.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(leader - follower, torch.full_like(leader, gap), atol=1e-6, rtol=0)


def test_mapped_and_resident_rows_are_the_same(tmp_path):
    array = np.memmap(tmp_path / "x", dtype=np.float32, mode="w+", shape=(50, 3))
    array[:] = np.random.default_rng(0).normal(size=(50, 3))
    resident = ResidentRows(torch.from_numpy(np.array(array)))
    mapped = MemmapRows(array, lambda rows: torch.from_numpy(np.array(rows)))
    draws = [rows.sample(20, torch.Generator().manual_seed(3)) for rows in (resident, mapped)]
    assert torch.equal(*draws)
    assert len(mapped) == 50


def test_the_precision_is_that_of_the_products():
    module = torch.nn.Linear(64, 1)
    x = torch.randn(8, 64, generator=torch.Generator().manual_seed(0))
    exact, rounded = forward(module, "float32", x), forward(module, "bfloat16", x)
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    torch.testing.assert_close(rounded, exact, atol=0.05, rtol=0)  # 64 products of order 1/8, rounded to 2^-9


@pytest.mark.parametrize("own", [False, True])
def test_modes_reach_every_part(own):
    class Frozen(torch.nn.BatchNorm1d):
        """Stays in evaluation mode, by a `train` of its own."""

        def train(self, mode=True):
            return super().train(False)

    norm = Frozen(2).eval() if own else torch.nn.BatchNorm1d(2)
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(norm))
    mode = Mode(module)
    mode(training=False)
    assert not any(part.training for part in module.modules())
    mode(training=True)
    assert [part.training for part in module.modules()] == [True, True, True, not own]
