"""FlowMatchingSampler: its pairs, its field and flow, and what it learns."""

from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from fdgm import DGflowRefiner, FlowMatchingSampler
from fdgm.architectures import DCGAN, MLP
from fdgm.metrics import energy_units
from fdgm.ratios import KLIEP
from fdgm.samplers._field import N_TIMES, Field, Flow, time_features
from fdgm.samplers._flow_matching_net import paired

TINY = {"architecture": MLP(width=16, depth=2, activation="silu"), "n_updates": 2, "n_steps": 4, "batch_size": 32}


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


class Constant(nn.Module):
    """Predicts the same row everywhere."""

    def __init__(self, *row):
        super().__init__()
        self.row = torch.tensor(row)

    def forward(self, inputs):
        return self.row.expand(len(inputs), -1)


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(2,), (3, 1, 2)])
def test_pairs_have_the_least_sum_of_squares_of_all_orders(shape):
    start, end = noise(2, 5, *shape)
    found = paired(start, end)
    least = min((start[list(order)] - end).square().sum() for order in permutations(range(5)))
    torch.testing.assert_close((found - end).square().sum(), least)
    assert {tuple(row.flatten().tolist()) for row in found} == {tuple(row.flatten().tolist()) for row in start}


def test_times_have_different_features_from_first_to_last():
    features = time_features(torch.linspace(0, 1, 200))
    assert features.shape == (200, N_TIMES)
    assert torch.pdist(features).min() > 0.01


def test_a_constant_velocity_moves_by_itself():
    flow = Flow(Field(Constant(1.0, -2.0), of_ends=False), (2,), n_steps=3)
    latents = noise(6, 2)
    torch.testing.assert_close(flow(latents), latents + torch.tensor([1.0, -2.0]))


@pytest.mark.parametrize("n_steps", [1, 7])
def test_paths_to_one_end_nearly_reach_it(n_steps):
    """Towards c the velocity is (c − x)/(1 − t), of which the midpoint rule's last step covers all but 0.

    x + h (c − x_m)/(1 − t_m) with x_m = x + (c − x)/2 and 1 − t_m = h/2 is x + 2 (c − x)/2 = c.
    """
    flow = Flow(Field(Constant(3.0, 0.5), of_ends=True), (2,), n_steps)
    torch.testing.assert_close(flow(noise(6, 2)), torch.tensor([3.0, 0.5]).expand(6, 2))


def test_the_flow_is_of_second_order():
    """Of v(x, t) = x from t = 0 to 1, which is e x: halving the step divides the error by four."""

    class Itself(nn.Module):
        def forward(self, inputs):
            return inputs[:, :2]

    x = torch.ones(1, 2, dtype=torch.float64)
    errors = [(Flow(Field(Itself(), of_ends=False), (2,), n)(x) - np.e).abs().max().item() for n in (20, 40)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_the_field_and_its_target_agree_on_a_straight_path():
    """What leads from x on the path to the end is the end minus the start, whichever is predicted."""
    start, end = noise(2, 4, 2)
    t = torch.tensor([0.0, 0.3, 0.6, 0.9])
    x = torch.lerp(start, end, t[:, None])

    class End(nn.Module):
        def forward(self, inputs):
            return end

    field = Field(End(), of_ends=True)
    torch.testing.assert_close(field(x, t), end - start, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(field.target(start, end), end)
    torch.testing.assert_close(Field(End(), of_ends=False).target(start, end), end - start)


def test_transport_leaves_less_to_guess(X):
    """The least loss is the variance of velocities given a point and a time, which straighter pairs lower."""
    losses = [
        FlowMatchingSampler(transport=transport, max_iter=3, random_state=0).fit(X).history_["loss"].iloc[-1]
        for transport in (True, False)
    ]
    assert losses[0] < losses[1] / 2


def test_it_learns_a_gaussian():
    """Mean and deviations, to three standard errors of 2,000 samples and a tenth for what is not yet learned."""
    X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(2000, 2))
    S = FlowMatchingSampler(max_iter=4, n_steps=10, random_state=0).fit(X).sample(2000, random_state=0)
    np.testing.assert_allclose((S.mean(axis=0) - X.mean(axis=0)) / X.std(axis=0), 0, atol=0.07 + 0.1)
    np.testing.assert_allclose(S.std(axis=0) / X.std(axis=0), 1, atol=0.05 + 0.1)


@pytest.mark.slow
def test_training_brings_samples_to_the_data():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, (2, 2000))
    X, held_out = (np.column_stack([np.cos(a), np.sin(a)]) for a in angle)
    units = [
        energy_units(held_out, FlowMatchingSampler(max_iter=n, random_state=0).fit(X).sample(2000, random_state=0))
        for n in (1, 20)
    ]
    assert units[1] < units[0] / 3


def test_images_end_inside_their_range():
    images = np.random.default_rng(0).uniform(-1, 1, size=(20, 1, 8, 8))
    model = FlowMatchingSampler(architecture=DCGAN(width=4), n_updates=2, n_steps=2, max_iter=1, random_state=0)
    S = model.fit(images).sample(3)
    assert model.net_.field_.of_ends
    assert S.shape == (3, 1, 8, 8)
    assert np.abs(S).max() <= np.abs(images).max()


def test_another_number_of_steps_is_another_flow(X):
    few, many = (FlowMatchingSampler(**{**TINY, "n_steps": n}, max_iter=2, random_state=0).fit(X) for n in (1, 8))
    assert not np.array_equal(few.sample(5, random_state=0), many.sample(5, random_state=0))
    for one, other in zip(few.net_.field_.parameters(), many.net_.field_.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_has_no_critic_and_a_refiner_moves_its_latents_by_another_ratio(X):
    model = FlowMatchingSampler(**TINY, max_iter=2, random_state=0).fit(X)
    assert not hasattr(model, "log_ratio")
    ratio = KLIEP(width=1.0, n_centers=20)
    refiner = DGflowRefiner(model, ratio=ratio, n_steps=1, step_size=0.01, stop=None, random_state=0).fit(X)
    assert refiner.space_ == "latent"
    assert np.isfinite(refiner.sample(5)).all()


def test_latents_lead_to_samples_with_a_gradient(X):
    model = FlowMatchingSampler(**TINY, max_iter=1, random_state=0).fit(X)
    size, generator = model._scaled_generator()
    latents = noise(3, size).requires_grad_()
    (gradient,) = torch.autograd.grad(generator(latents).sum(), latents)
    assert gradient.shape == (3, 2)
    assert gradient.any()
