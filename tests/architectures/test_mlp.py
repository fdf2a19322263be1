"""The MLP, and what the base class promises of any architecture."""

import pytest
import torch

import fdgm
from fdgm.architectures import MLP

every = pytest.mark.parametrize("name", fdgm.available("architecture"))


def make(name):
    return fdgm.registry.make("architecture", name)


@every
@pytest.mark.parametrize("shape", [(1,), (7,), (2, 4, 4)])
def test_shapes(name, shape):
    a = make(name)
    size = a.latent_size(shape)
    assert a.generator(shape, size, seed=0)(torch.zeros(5, size)).shape == (5, *shape)
    assert a.critic(shape, seed=0)(torch.zeros(5, *shape)).shape == (5,)


@every
def test_a_seed_fixes_the_weights_and_touches_nothing_else(name):
    a, before = make(name), torch.get_rng_state()
    first, again, other = (a.critic((3,), seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)
    assert torch.equal(before, torch.get_rng_state())


@every
def test_a_critic_judges_each_row_by_itself(name):
    critic = make(name).critic((3,), seed=0).eval()
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x)[0], x)
    assert gradient[0].abs().sum() > 0
    assert not gradient[1:].any()


def test_spectral_normalisation_bounds_the_slope():
    # Weights of norm 1 once the power iteration has converged, and activations of slope at most 1.
    critic = MLP(spectral_norm=True, width=16).critic((3,), seed=0)
    g = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(200):
            critic(torch.zeros(1, 3))
        critic.eval()
        a, b = torch.randn(500, 3, generator=g), torch.randn(500, 3, generator=g)
        slopes = (critic(a) - critic(b)).abs() / (a - b).norm(dim=1)
    assert slopes.max() <= 1.001


def test_batch_norm_is_in_the_generator_alone():
    a = MLP(batch_norm=True, depth=2)
    count = {k: sum(isinstance(m, torch.nn.BatchNorm1d) for m in n.modules()) for k, n in
             {"generator": a.generator((3,), 2, seed=0), "critic": a.critic((3,), seed=0)}.items()}  # fmt: skip
    assert count == {"generator": 2, "critic": 0}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("width", 0), ("width", 2.5), ("depth", 0), ("activation", "step"), ("batch_norm", 1), ("spectral_norm", "no")],
)
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of MLP .* got {value!r}"):
        MLP(**{parameter: value}).critic((3,), seed=0)


def test_equal_when_the_parameters_are():
    assert MLP(width=3) == MLP(width=3)
    assert MLP(width=3) != MLP(width=4)
    assert len({MLP(width=3), MLP(width=3)}) == 1
