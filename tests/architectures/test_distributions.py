"""Conditional networks are the distributions that they are called."""

import math

import pytest
import torch

import fdgm
from fdgm.architectures import DISTRIBUTIONS, MLP, Gaussian, Isotropic
from fdgm.bidirectional._variational import gaussian_log_density

CASES = [(name, fdgm.registry.get("architecture", name).example_shapes[-1]) for name in fdgm.available("architecture")]
#: At their published sizes these take seconds to make.
SMALL = {"dcgan": {"width": 8}, "resnet": {"width": 8}, "sagan": {"width": 2}}
every = pytest.mark.parametrize(("name", "shape"), CASES, ids=str)
LATENT = 3
ONE_LEVEL = [
    (n, shape) for n, shape in CASES if len(fdgm.registry.make("architecture", n).level_sizes(shape, LATENT)) == 1
]
every_of_one_level = pytest.mark.parametrize(("name", "shape"), ONE_LEVEL, ids=str)
both = pytest.mark.parametrize("role", ["generator", "encoder"])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make(name, shape, role, distribution, seed=0):
    """A network in evaluation mode, inputs for it, and the shape of its outputs."""
    a = fdgm.registry.make("architecture", name, **SMALL.get(name, {}))
    net = getattr(a, f"conditional_{role}")(shape, LATENT, distribution=distribution, seed=seed).eval()
    inputs, output = ((LATENT,), shape) if role == "generator" else (shape, (LATENT,))
    return net, normal(4, *inputs), output


@every
@both
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
class TestEveryDistribution:
    def test_shape_with_noise_and_without(self, name, shape, role, distribution):
        net, rows, output = make(name, shape, role, distribution)
        assert net(rows).shape == net(rows, normal(4, net.noise_size)).shape == (4, *output)

    def test_no_noise_is_noise_of_zero(self, name, shape, role, distribution):
        net, rows, _ = make(name, shape, role, distribution)
        torch.testing.assert_close(net(rows), net(rows, torch.zeros(4, net.noise_size)))

    def test_all_chance_comes_from_the_caller(self, name, shape, role, distribution):
        net, rows, _ = make(name, shape, role, distribution)
        before, noise = torch.get_rng_state(), normal(4, net.noise_size, seed=1)
        assert torch.equal(net(rows, noise), net(rows, noise))
        assert torch.equal(before, torch.get_rng_state())

    def test_a_seed_fixes_the_weights(self, name, shape, role, distribution):
        first, again, other = (make(name, shape, role, distribution, seed)[0].state_dict() for seed in (1, 1, 2))
        assert all(torch.equal(first[k], again[k]) for k in first)
        assert not all(torch.equal(first[k], other[k]) for k in first)


@every
@both
def test_a_deterministic_network_takes_no_noise(name, shape, role):
    assert make(name, shape, role, "deterministic")[0].noise_size == 0


@every_of_one_level
@both
@pytest.mark.parametrize("distribution", ["gaussian", "isotropic"])
def test_a_gaussian_is_its_mean_and_deviation(name, shape, role, distribution):
    # With noise of one in one entry and zero elsewhere, the output is the mean but for one deviation there.
    net, rows, output = make(name, shape, role, distribution)
    noise = torch.zeros(4, net.noise_size)
    noise[:, 1 % net.noise_size] = 1.0
    mean, log_std = net.mean_and_log_std(rows)
    moved = (net(rows, noise) - mean).flatten(1)
    assert net.noise_size == math.prod(output)
    torch.testing.assert_close(moved, noise * log_std.flatten(1).exp(), atol=1e-6, rtol=1e-4)


@every_of_one_level
def test_the_deviation_of_a_generator_with_a_range_stays_within_it(name, shape):
    net, rows, _ = make(name, shape, "generator", "gaussian")
    bounds = fdgm.registry.make("architecture", name, **SMALL.get(name, {})).data_range(shape)
    if bounds is None:
        assert net.bounds is None
        return
    _, log_std = net.mean_and_log_std(1000 * rows)
    half = (bounds[1] - bounds[0]) / 2
    assert half * math.exp(-6.001) <= log_std.exp().min() <= log_std.exp().max() <= half * 1.001


@pytest.mark.parametrize(("output", "expected"), [(-1.0, -6.0), (0.0, -3.0), (1.0, 0.0)])
def test_a_bounded_output_is_stretched_over_the_log_deviations(output, expected):
    body = torch.nn.Linear(1, 2)
    torch.nn.init.zeros_(body.weight)
    torch.nn.init.constant_(body.bias, output)
    _, log_std = Gaussian(body, (1,), (-1.0, 1.0)).mean_and_log_std(torch.zeros(1, 1))
    assert log_std.item() == pytest.approx(expected)


@every_of_one_level
@both
def test_an_isotropic_gaussian_has_one_deviation_for_all(name, shape, role):
    net, rows, output = make(name, shape, role, "isotropic")
    mean, log_std = net.mean_and_log_std(rows)
    assert mean.shape == log_std.shape == (4, *output)
    (value,) = log_std.detach().unique()
    assert value == pytest.approx(math.log1p(math.exp(6)) - 6, abs=1e-6)  # a difference of two numbers near 6, float32


def test_the_likelihood_is_greatest_where_the_isotropic_deviation_is_the_residuals():
    net, rows = Isotropic(torch.nn.Identity(), (5,)), normal(1000, 5)
    data = rows + 0.2 * normal(1000, 5, seed=1)
    residual = (data - rows).square().mean().sqrt()
    with torch.no_grad():  # the inverse of the softplus that holds the deviation above exp(-6)
        net.log_std.copy_(torch.expm1(residual.log() + 6).log() - 6)
    loss = -gaussian_log_density(data, *net.mean_and_log_std(rows)).mean()
    (slope,) = torch.autograd.grad(loss, net.log_std)
    assert abs(slope) < 1e-4  # 5 (1 - 1/4) = 3.75 at a deviation twice as large


@both
def test_an_implicit_mlp_depends_on_every_number_of_its_noise(role):
    net, rows, _ = make("mlp", (2, 4, 4), role, "implicit")
    noise = normal(4, net.noise_size).requires_grad_()
    (gradient,) = torch.autograd.grad(net(rows, noise).square().sum(), noise)
    assert gradient.abs().min() > 0


@both
def test_the_noise_size_of_an_mlp_is_the_callers(role):
    net = getattr(MLP(), f"conditional_{role}")((2,), LATENT, distribution="implicit", noise_size=11, seed=0)
    assert net.noise_size == 11


@both
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"distribution": "laplace"}, "distribution of MLP must be one of .* got 'laplace'"),
        ({"distribution": "gaussian", "noise_size": 2}, "noise_size of MLP must be None for a gaussian .* got 2"),
        ({"distribution": "implicit", "noise_size": 0}, "noise_size of MLP must be .* got 0"),
    ],
)
def test_arguments_out_of_range(role, arguments, message):
    with pytest.raises(ValueError, match=message):
        getattr(MLP(), f"conditional_{role}")((2,), LATENT, seed=0, **arguments)
