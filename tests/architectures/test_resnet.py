"""The residual networks are VGrow's."""

import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate
from torch.nn.utils.parametrize import is_parametrized

from fdgm.architectures import ResNet
from fdgm.architectures._residual import DownBlock, UpBlock, bare

WITH_WEIGHTS = (nn.Conv2d, nn.Linear)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sides(net, *inputs, kind):
    """Sides of the outputs of each block, in order."""
    seen = []
    for module in net.modules():
        if isinstance(module, kind):
            module.register_forward_hook(lambda _, __, out: seen.append(out.shape[-1]))
    net.eval()(*inputs)
    return seen


@pytest.mark.parametrize(("side", "expected"), [(32, [8, 16, 32]), (28, [14, 28]), (64, [8, 16, 32, 64]), (8, [8])])
def test_blocks_of_the_generator_double_the_side(side, expected):
    g = ResNet(width=2).generator((1, side, side), 3, seed=0)
    assert sides(g, torch.zeros(1, 3), kind=UpBlock) == expected


@pytest.mark.parametrize(
    ("side", "expected"), [(32, [16, 8, 8, 8]), (28, [14, 7, 7, 7]), (64, [32, 16, 8, 8, 8]), (8, [4, 4, 4])]
)
def test_blocks_of_the_critic_halve_it_and_two_do_not(side, expected):
    c = ResNet(width=2).critic((1, side, side), seed=0)
    assert sides(c, torch.zeros(1, 1, side, side), kind=DownBlock) == expected


def test_the_published_size_is_the_default():
    # Weights of the published networks for 3 x 32 x 32 and 128 latents, counted by hand from their layers. Blocks of
    # the generator: two 3 x 3, one 1 x 1, batch norm. The critic's shortcut is a convolution only where it halves.
    w, c = 128, 3
    three, one = 9 * w * w, w * w
    generator = (128 * 16 * w + 16 * w) + 3 * (2 * three + one + 2 * w) + 9 * w * c
    critic = (9 * c * w + three + c * w) + (2 * three + one) + 2 * (2 * three) + (w + 1)
    a = ResNet()
    count = lambda net: sum(p.numel() for p in net.parameters())  # noqa: E731
    assert count(a.generator((c, 32, 32), 128, seed=0)) == generator
    assert count(a.critic((c, 32, 32), seed=0)) == critic


@pytest.mark.parametrize("role", ["generator", "critic", "pair_critic"])
@pytest.mark.parametrize("on", [True, False])
def test_spectral_normalisation_is_of_every_layer_or_none(role, on):
    args = ((1, 8, 8),) if role == "critic" else ((1, 8, 8), 3)
    net = getattr(ResNet(width=2, spectral_norm=on), role)(*args, seed=0)
    assert {is_parametrized(m, "weight") for m in net.modules() if isinstance(m, WITH_WEIGHTS)} == {on}


def test_shortcuts_are_those_of_convolution_after_resizing():
    up = UpBlock(3, 5, 8, norm=bare, first_norm=False, bias=True, noisy=False).eval()
    down = DownBlock(3, 5, norm=bare, bias=True).eval()
    x = normal(2, 3, 4, 4)
    for block in (up.convolution2, down.path[-1]):  # the long way, silenced
        nn.init.zeros_(block.weight)
        nn.init.zeros_(block.bias)
    torch.testing.assert_close(up(x), up.shortcut(interpolate(x, scale_factor=2)))
    torch.testing.assert_close(down(x), avg_pool2d(down.shortcut(x), 2))


def test_the_critic_sums_over_pixels():
    c = ResNet(width=2, spectral_norm=False).critic((1, 16, 16), seed=0).eval()
    features, last = c[:-2], c[-2]
    constant = torch.full((1, 1, 16, 16), 0.3)
    seen = []
    c[-4].register_forward_hook(lambda _, __, out: seen.append(out))
    torch.testing.assert_close(last(features(constant))[:, 0], c(constant))
    torch.testing.assert_close(features(constant), seen[0].sum((2, 3)))


def test_noise_maps_reach_the_image_once_learned():
    g = ResNet(width=4).conditional_generator((1, 8, 8), 3, distribution="implicit", seed=0).eval()
    assert g.noise_size == 4**2 + 2 * 8**2
    z, noise = torch.ones(32, 3), normal(32, g.noise_size)
    assert torch.equal(g(z), g(z, noise))
    with torch.no_grad():
        for name, parameter in g.named_parameters():
            if name.endswith("factor"):
                parameter.fill_(1.0)
    (gradient,) = torch.autograd.grad(g(z, noise.requires_grad_()).square().sum(), noise)
    assert gradient.abs().amax(dim=0).min() > 0  # in some row, since a row's ReLUs may all close over a pixel


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 9, 9), "a side of 4, 5, 6 or 7 times a power of two, got 9"),
        ((1, 4, 4), "got rows of shape"),
        ((8,), "got"),
    ],
)
def test_data_of_another_shape_are_refused(shape, message):
    with pytest.raises(ValueError, match=rf"data of ResNet must .*{message}"):
        ResNet(width=2).critic(shape, seed=0)


@pytest.mark.parametrize(("parameter", "value"), [("width", 0), ("spectral_norm", 1)])
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of ResNet .* got {value!r}"):
        ResNet(**{parameter: value}).critic((1, 8, 8), seed=0)


def test_the_size_of_noise_maps_is_not_the_callers():
    with pytest.raises(ValueError, match=r"noise_size of a generator of ResNet must be None.*got 5"):
        ResNet(width=2).conditional_generator((1, 8, 8), 3, distribution="implicit", noise_size=5, seed=0)
