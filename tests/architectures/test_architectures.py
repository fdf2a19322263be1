"""What every registered architecture promises, at the shapes that it names."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.base import clone

import fdgm
from fdgm.architectures import Architecture
from fdgm.persistence import decode, encode

CASES = [
    (name, shape)
    for name in fdgm.available("architecture")
    for shape in fdgm.registry.get("architecture", name).example_shapes
]
every = pytest.mark.parametrize("name", fdgm.available("architecture"))
every_shape = pytest.mark.parametrize(("name", "shape"), CASES, ids=str)
LATENT = 3


def make(name):
    return fdgm.registry.make("architecture", name)


def first_shape(name):
    return make(name).example_shapes[0]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@every_shape
def test_a_generator_makes_rows_of_the_shape(name, shape):
    a = make(name)
    size = a.latent_size(shape)
    assert a.generator(shape, size, seed=0)(torch.zeros(2, size)).shape == (2, *shape)


@every_shape
def test_a_critic_gives_one_number_a_row(name, shape):
    assert make(name).critic(shape, seed=0)(torch.zeros(2, *shape)).shape == (2,)


@every_shape
def test_an_encoder_gives_latents(name, shape):
    assert make(name).encoder(shape, LATENT, seed=0)(torch.zeros(2, *shape)).shape == (2, LATENT)


@every_shape
def test_a_pair_critic_gives_one_number_a_pair(name, shape):
    critic = make(name).pair_critic(shape, LATENT, seed=0)
    assert critic(torch.zeros(2, *shape), torch.zeros(2, LATENT)).shape == (2,)


@every
def test_one_row_is_one_row(name):
    shape = first_shape(name)
    a = make(name)
    with torch.no_grad():
        assert a.generator(shape, LATENT, seed=0).eval()(torch.zeros(1, LATENT)).shape == (1, *shape)
        assert a.critic(shape, seed=0).eval()(torch.zeros(1, *shape)).shape == (1,)
        assert a.pair_critic(shape, LATENT, seed=0).eval()(torch.zeros(1, *shape), torch.zeros(1, LATENT)).shape == (1,)


@every
@pytest.mark.parametrize("role", ["critic", "generator", "encoder", "pair_critic"])
def test_a_seed_fixes_the_weights_and_touches_nothing_else(name, role):
    a, before = make(name), torch.get_rng_state()
    args = (first_shape(name),) if role == "critic" else (first_shape(name), LATENT)
    first, again, other = (getattr(a, role)(*args, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not all(torch.equal(first[k], other[k]) for k in first)
    assert torch.equal(before, torch.get_rng_state())


@every
def test_a_critic_judges_each_row_by_itself(name):
    shape = first_shape(name)
    critic = make(name).critic(shape, seed=0).eval()
    x = normal(3, *shape).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x)[0], x)
    assert gradient[0].abs().sum() > 0
    assert not gradient[1:].any()


@every
def test_a_pair_critic_sees_both_arguments(name):
    shape = first_shape(name)
    critic = make(name).pair_critic(shape, LATENT, seed=0).eval()
    x, z = normal(2, *shape).requires_grad_(), normal(2, LATENT).requires_grad_()
    gradients = torch.autograd.grad(critic(x, z).sum(), (x, z))
    assert all(g.abs().sum() > 0 for g in gradients)


@every
def test_a_generator_depends_on_every_latent(name):
    generator = make(name).generator(first_shape(name), LATENT, seed=0).eval()
    z = normal(1, LATENT).requires_grad_()
    (gradient,) = torch.autograd.grad(generator(z).square().sum(), z)
    assert gradient.abs().min() > 0


@every_shape
def test_generated_rows_lie_in_the_range(name, shape):
    a = make(name)
    bounds = a.data_range(shape)
    rows = a.generator(shape, LATENT, seed=0)(50 * normal(8, LATENT))
    low, high = bounds or (-np.inf, np.inf)
    assert low <= rows.min()
    assert rows.max() <= high


@every
def test_networks_run_in_training_and_evaluation_mode_without_touching_the_global_stream(name):
    shape = first_shape(name)
    a = make(name)
    generator, critic = a.generator(shape, LATENT, seed=0), a.critic(shape, seed=0)
    before = torch.get_rng_state()
    for mode in (True, False):
        critic.train(mode)(generator.train(mode)(normal(2, LATENT)))
    assert torch.equal(before, torch.get_rng_state())


@every
def test_it_is_cloned_and_stored_by_its_parameters(name):
    a = make(name)
    assert clone(a) == a
    assert decode(encode("Test", "architecture", a)) == a


@every
@pytest.mark.parametrize("role", ["generator", "critic"])
def test_weights_are_restored_from_a_state_dict(name, role):
    shape = first_shape(name)
    a = make(name)
    args = (shape,) if role == "critic" else (shape, LATENT)
    first, other = getattr(a, role)(*args, seed=1), getattr(a, role)(*args, seed=2)
    other.load_state_dict(first.state_dict())
    rows = normal(3, *(shape if role == "critic" else (LATENT,)))
    assert torch.equal(first.eval()(rows), other.eval()(rows))


class Bare(Architecture):
    """What a plugin must write, and no more."""

    example_shapes: ClassVar = ((2,),)

    def make_generator(self, data_shape, latent_size):
        return torch.nn.Linear(latent_size, data_shape[0])

    def make_critic(self, data_shape):
        return torch.nn.Sequential(torch.nn.Linear(data_shape[0], 1), torch.nn.Flatten(0))


@pytest.mark.parametrize(
    ("method", "what"),
    [("encoder", "an encoder"), ("pair_critic", "a critic of pairs"), ("conditional_encoder", "an encoder")],
)
def test_what_an_architecture_lacks_is_an_error_that_names_those_that_have_it(method, what):
    with pytest.raises(ValueError, match=rf"makes {what}, of which there are \[.*'mlp'.*\], got Bare"):
        getattr(Bare(), method)((2,), 2, seed=0)


@pytest.mark.parametrize("distribution", ["deterministic", "gaussian", "implicit"])
def test_generators_need_no_more_than_a_plugin_must_write(distribution):
    generator = Bare().conditional_generator((2,), 3, distribution=distribution, seed=0)
    assert generator(torch.zeros(4, 3), torch.zeros(4, generator.noise_size)).shape == (4, 2)
