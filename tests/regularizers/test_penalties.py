"""What is asked of a critic beside its outputs."""

import pytest
import torch
from torch import nn

from fdgm.architectures import MLP
from fdgm.nets import CriticStep
from fdgm.objectives import WGAN, WGANGP, Hinge
from fdgm.regularizers import R1, R1R2, GradientPenalty, WeightClip


def stream():
    return torch.Generator().manual_seed(0)


def linear(*weights):
    """A critic of this slope everywhere."""
    layer = nn.Linear(len(weights), 1)
    layer.weight.data = torch.tensor([weights])
    return layer, lambda x: layer(x)[:, 0]


P, Q = torch.randn(2, 6, 2, generator=stream())


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (GradientPenalty(3.0), 3 * (5 - 1) ** 2),  # the slope of (3, 4) is 5
        (GradientPenalty(3.0, two_sided=False), 3 * (5 - 1) ** 2),
        (R1(4.0), 4 / 2 * 25),
        (R1R2(4.0), 4 / 2 * (25 + 25)),
        (R1R2(), 0.05 * 2 / 2 * (25 + 25)),  # two numbers in a row
    ],
)
def test_the_penalty_of_a_known_slope(regularizer, expected):
    _, critic = linear(3.0, 4.0)
    assert regularizer.penalty(critic, (P,), (Q,), stream()).item() == pytest.approx(expected, rel=1e-6)


def test_a_critic_of_pairs_has_one_slope_over_both():
    """3 in the first and 4 in the second of a pair are 5 together."""
    both = (P, P[:, :1])
    penalty = GradientPenalty(1.0).penalty(lambda x, z: 3 * x[:, 0] + 4 * z[:, 0], both, both, stream())
    assert penalty.item() == pytest.approx(16, rel=1e-6)


def test_one_side_leaves_small_slopes_alone():
    _, critic = linear(0.3, 0.4)
    assert GradientPenalty(two_sided=False).penalty(critic, (P,), (Q,), stream()) == 0
    assert GradientPenalty(two_sided=True).penalty(critic, (P,), (Q,), stream()) > 0


def test_the_penalty_reaches_the_weights():
    """Of 10(‖w‖ − 1)² at w = (3, 4): 20 · 4 · (3, 4)/5."""
    layer, critic = linear(3.0, 4.0)
    GradientPenalty().penalty(critic, (P,), (Q,), stream()).backward()
    torch.testing.assert_close(layer.weight.grad, torch.tensor([[48.0, 64.0]]))


def test_a_flat_critic_has_a_finite_penalty_and_slope():
    layer, critic = linear(0.0, 0.0)
    GradientPenalty().penalty(critic, (P,), (Q,), stream()).backward()
    assert torch.isfinite(layer.weight.grad).all()


def test_points_lie_between_the_samples():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x[:, 0]

    GradientPenalty().penalty(critic, (torch.ones(50, 1),), (torch.zeros(50, 1),), stream())
    (points,) = seen
    assert points.min() >= 0
    assert points.max() <= 1
    assert points.unique().numel() == 50


def test_chance_is_the_streams_alone():
    _, critic = linear(1.0, 2.0)
    before = torch.get_rng_state()
    GradientPenalty().penalty(critic, (P,), (Q,), stream())
    assert torch.equal(torch.get_rng_state(), before)


def test_clipping():
    layer, _ = linear(3.0, -0.005)
    WeightClip(0.01).project(layer)
    torch.testing.assert_close(layer.weight.data, torch.tensor([[0.01, -0.005]]))


@pytest.mark.parametrize("weight", [0, -1.0, float("inf"), "ten", None])
def test_weights_out_of_range(weight):
    with pytest.raises(ValueError, match=r"weight of GradientPenalty must be .*got "):
        GradientPenalty(weight).penalty(linear(1.0)[1], (P[:, :1],), (Q[:, :1],), stream())


@pytest.mark.parametrize("two_sided", ["no", 0, None])
@pytest.mark.parametrize("make", [GradientPenalty, lambda **kwargs: WGANGP(**kwargs).regularizers[0]])
def test_sides_are_told_by_a_bool(make, two_sided):
    with pytest.raises(ValueError, match=f"two_sided of GradientPenalty must be a bool, got {two_sided!r}"):
        make(two_sided=two_sided).penalty(linear(1.0)[1], (P[:, :1],), (Q[:, :1],), stream())


def test_the_step_projects_after_each_update():
    critic = MLP(width=8, depth=1).critic((2,), seed=0)
    step = CriticStep(critic, torch.optim.SGD(critic.parameters(), lr=1.0), WGAN(0.02))
    step(P, Q)
    assert max(p.abs().max() for p in critic.parameters()) <= 0.02


def test_the_step_returns_the_loss_without_penalties():
    critic = MLP(width=8, depth=1).critic((2,), seed=0)
    plain = Hinge().loss(critic(P), critic(Q)).item()
    optimizer = torch.optim.SGD(critic.parameters(), lr=1e-3)
    assert CriticStep(critic, optimizer, Hinge(), regularizers=[R1()])(P, Q).item() == pytest.approx(plain)


@pytest.mark.slow
def test_a_penalised_critic_finds_the_distance_of_two_clouds():
    """N(1, 1) and N(−1, 1) are 2 apart: of slope s, a potential gains 2s and pays 10(s − 1)², which is best at 1.1."""
    g = stream()
    critic = MLP(width=16, depth=1).critic((1,), seed=0)
    step = CriticStep(critic, torch.optim.Adam(critic.parameters(), lr=2e-2, betas=(0.5, 0.9)), WGANGP(), stream=g)
    losses = [step(torch.randn(128, 1, generator=g) + 1, torch.randn(128, 1, generator=g) - 1) for _ in range(120)]
    # The mean of 40 batches of 128 varies by 0.02.
    assert torch.stack(losses[-40:]).mean().item() == pytest.approx(-2.2, abs=0.1)
