"""A perceptron by hand gives what autograd gives."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from fdgm.architectures import MLP
from fdgm.nets import CriticStep, FusedPerceptron
from fdgm.objectives import Logistic, LSIFObjective, Relativistic
from fdgm.regularizers import R1, R1R2, GradientPenalty

# Sums of some hundred products in float32, in another order: relative errors of a few times 2⁻²³ · √200.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}


@given(
    n=st.integers(1, 40),
    d=st.integers(1, 9),
    width=st.integers(1, 30),
    depth=st.integers(1, 4),
    activation=st.sampled_from(["relu", "leaky_relu"]),
    seed=st.integers(0, 1000),
)
def test_outputs_and_all_gradients_agree_with_autograd(n, d, width, depth, activation, seed):
    critic = MLP(width=width, depth=depth, activation=activation).critic((d,), seed=seed)
    source = torch.Generator().manual_seed(seed)
    x, upstream = torch.randn(n, d, generator=source), torch.randn(n, generator=source)
    leaf = x.clone().requires_grad_()
    expected = critic(leaf)
    of_x, *of_weights = torch.autograd.grad((expected * upstream).sum(), [leaf, *critic.parameters()])
    (slopes,) = torch.autograd.grad(critic(leaf).sum(), leaf)

    fused = FusedPerceptron.of(critic)
    torch.testing.assert_close(fused.outputs(x), expected.detach(), **TOLERANCE)
    fused.backward(upstream)
    for weight, gradient in zip(critic.parameters(), of_weights, strict=True):
        torch.testing.assert_close(weight.grad, gradient, **TOLERANCE)
    values, gradients = fused.value_and_gradient(x)
    torch.testing.assert_close(values, expected.detach(), **TOLERANCE)
    torch.testing.assert_close(gradients, slopes, **TOLERANCE)
    torch.testing.assert_close(gradients * upstream[:, None], of_x, **TOLERANCE)


@given(
    n=st.integers(1, 40),
    d=st.integers(1, 9),
    width=st.integers(1, 30),
    depth=st.integers(1, 4),
    activation=st.sampled_from(["relu", "leaky_relu"]),
    seed=st.integers(0, 1000),
)
def test_a_penalty_of_the_slopes_agrees_with_a_second_derivative(n, d, width, depth, activation, seed):
    critic = MLP(width=width, depth=depth, activation=activation).critic((d,), seed=seed)
    source = torch.Generator().manual_seed(seed)
    x, upstream = torch.randn(n, d, generator=source), torch.randn(n, generator=source)
    weights = torch.rand(n, generator=source)
    leaf = x.clone().requires_grad_()
    output = critic(leaf)
    (slopes,) = torch.autograd.grad(output.sum(), leaf, create_graph=True)
    total = (output * upstream).sum() + (weights / 2 * slopes.square().sum(dim=1)).sum()
    expected = torch.autograd.grad(total, list(critic.parameters()))

    fused = FusedPerceptron.of(critic)
    fused.outputs(x)
    fused.penalised_backward(upstream, weights)
    for weight, gradient in zip(critic.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient, **TOLERANCE)


def test_rows_of_a_shape_and_more_than_one_block():
    critic = MLP(width=8, depth=2).critic((2, 3, 1), seed=0)
    x = torch.randn(2500, 2, 3, 1, generator=torch.Generator().manual_seed(0))
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(critic(leaf).sum(), leaf)
    values, gradients = FusedPerceptron.of(critic).value_and_gradient(x)
    torch.testing.assert_close(gradients, expected, **TOLERANCE)
    assert values.shape == (2500,)


@pytest.mark.parametrize(
    "module",
    [
        nn.Linear(2, 1),
        nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Flatten(0)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 1), nn.Flatten(0)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), nn.Flatten(0)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1), nn.Flatten(0)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Flatten(0)).double(),
        nn.Sequential(spectral_norm(nn.Linear(2, 3)), nn.ReLU(), nn.Linear(3, 1), nn.Flatten(0)),
    ],
    ids=["linear", "tanh", "batch norm", "two outputs", "unflattened", "no bias", "float64", "parametrised"],
)
def test_other_networks_are_left_to_autograd(module):
    assert FusedPerceptron.of(module) is None


def test_a_hook_is_not_passed_over():
    critic = MLP(width=8, depth=2).critic((2,), seed=0)
    step = CriticStep(critic, torch.optim.SGD(critic.parameters(), lr=0.1), Logistic())
    seen = []
    critic[0].register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    step(torch.ones(4, 2), torch.zeros(4, 2))
    step.value_and_gradient()(torch.zeros(3, 2))
    assert seen == [8, 3]


class Doubled(R1):
    """A plugin's penalty with a value of its own."""

    def penalty(self, *args):
        return 2 * super().penalty(*args)


@pytest.mark.parametrize(
    ("objective", "regularizers"),
    [
        (Logistic(), []),
        (LSIFObjective(), []),
        (Logistic(), [R1(3.0)]),
        (Logistic(), [Doubled(3.0)]),
        (Relativistic(), []),
        (Relativistic(3.0), [GradientPenalty()]),
    ],
    ids=str,
)
def test_a_critic_step_takes_the_same_path_by_hand_and_by_autograd(objective, regularizers):
    """The general path is that of a critic in which an identity stands, which no other output depends on."""
    plain = MLP(width=16, depth=2).critic((3,), seed=0)
    by_autograd = nn.Sequential(*MLP(width=16, depth=2).critic((3,), seed=0), nn.Identity())
    steps = [
        CriticStep(module, torch.optim.SGD(module.parameters(), lr=0.1), objective, regularizers=regularizers)
        for module in (plain, by_autograd)
    ]
    source = torch.Generator().manual_seed(0)
    for _ in range(5):
        p, q = torch.randn(32, 3, generator=source) + 1, torch.randn(32, 3, generator=source)
        losses = [step(p, q) for step in steps]
        torch.testing.assert_close(*losses, **TOLERANCE)
    torch.testing.assert_close(*(list(step.critic.parameters()) for step in steps), rtol=1e-3, atol=1e-5)
    (t, slope), (t_, slope_) = (step.value_and_gradient()(q) for step in steps)
    torch.testing.assert_close((t, slope), (t_, slope_), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(t, steps[0].log_ratio()(q).detach())


def test_a_penalty_has_its_second_derivative():
    critic = MLP(width=8, depth=2).critic((2,), seed=0)
    step = CriticStep(
        critic, torch.optim.SGD(critic.parameters(), lr=0.1), Logistic(), regularizers=[GradientPenalty()]
    )
    before = [weight.clone() for weight in critic.parameters()]
    step(torch.ones(4, 2), torch.zeros(4, 2))
    assert any(not torch.equal(a, b) for a, b in zip(before, critic.parameters(), strict=True))


@pytest.mark.parametrize(
    ("regularizer", "by_hand"),
    [(R1(), True), (R1R2(), True), (Doubled(), False), (GradientPenalty(), False)],
    ids=repr,
)
def test_penalties_of_slopes_alone_are_taken_by_hand(regularizer, by_hand):
    critic = MLP(width=8, depth=2).critic((2,), seed=0)
    step = CriticStep(critic, torch.optim.SGD(critic.parameters(), lr=0.1), Logistic(), regularizers=[regularizer])
    assert (step.fused() is not None) == by_hand
