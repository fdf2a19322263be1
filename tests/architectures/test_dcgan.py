"""DCGAN's layers are those of the papers' tables."""

import pytest
import torch
from torch import nn

from fdgm.architectures import DCGAN


def shapes(net, *inputs, kinds=(nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
    """Shape of each such layer's output, in order, for one row."""
    seen = []
    for module in net.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    net.eval()(*inputs)
    return seen


def kernels(net):
    return {m.kernel_size for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))}


def kinds(net, kind):
    return sum(isinstance(m, kind) for m in net.modules())


class TestAGE:
    """28 × 28, tables 8 to 10."""

    a = DCGAN()
    image = torch.zeros(1, 3, 28, 28)

    def test_generator(self):
        g = self.a.generator((3, 28, 28), 8, seed=0)
        assert shapes(g, torch.zeros(1, 8)) == [(4 * 4 * 256,), (128, 7, 7), (64, 14, 14), (3, 28, 28)]
        assert kernels(g) == {(5, 5)}
        assert kinds(g, nn.ReLU) == kinds(g, nn.BatchNorm2d) == 3

    def test_encoder(self):
        e = self.a.encoder((3, 28, 28), 8, seed=0)
        assert shapes(e, self.image) == [(64, 14, 14), (128, 7, 7), (256, 4, 4), (8,)]
        assert kernels(e) == {(5, 5)}
        assert kinds(e, nn.ReLU) == kinds(e, nn.BatchNorm2d) == 3

    def test_critic_of_pairs(self):
        c = self.a.pair_critic((3, 28, 28), 8, seed=0)
        expected = [(64, 14, 14), (128, 7, 7), (256, 4, 4), (1024,), (1,)]
        assert shapes(c, self.image, torch.zeros(1, 8)) == expected
        assert (kinds(c, nn.LeakyReLU), kinds(c, nn.BatchNorm2d)) == (4, 0)
        (joint, _) = [m for m in c.modules() if isinstance(m, nn.Linear)]
        assert joint.in_features == 4 * 4 * 256 + 8  # z is joined after flattening

    def test_critic(self):
        expected = [(64, 14, 14), (128, 7, 7), (256, 4, 4), (1024,), (1,)]
        assert shapes(self.a.critic((3, 28, 28), seed=0), self.image) == expected

    def test_noise_is_one_map_for_each_layer_but_the_last(self):
        g = self.a.conditional_generator((3, 28, 28), 8, distribution="implicit", seed=0)
        assert g.noise_size == 4**2 + 7**2 + 14**2


class TestDGflow:
    """32 × 32, table 6."""

    a = DCGAN(critic_norm="batch")

    def test_generator(self):
        g = self.a.generator((3, 32, 32), 32, seed=0)
        assert shapes(g, torch.zeros(1, 32)) == [(256 * 4 * 4,), (128, 8, 8), (64, 16, 16), (3, 32, 32)]
        assert kinds(g, nn.ReLU) == kinds(g, nn.BatchNorm2d) == 3

    def test_critic(self):
        c = self.a.critic((3, 32, 32), seed=0)
        assert shapes(c, torch.zeros(1, 3, 32, 32)) == [(64, 16, 16), (128, 8, 8), (256, 4, 4), (1,)]
        assert (kinds(c, nn.LeakyReLU), kinds(c, nn.BatchNorm2d)) == (3, 2)


def test_sixty_four_pixels_take_one_layer_more():
    g = DCGAN(width=4).generator((3, 64, 64), 32, seed=0)
    assert shapes(g, torch.zeros(1, 32)) == [(32 * 4 * 4,), (16, 8, 8), (8, 16, 16), (4, 32, 32), (3, 64, 64)]


@pytest.mark.parametrize("side", [8, 9, 17, 28, 31, 48])
def test_any_side_comes_out_as_it_went_in(side):
    a = DCGAN(width=2)
    assert a.generator((1, side, side), 3, seed=0)(torch.zeros(2, 3)).shape == (2, 1, side, side)
    assert a.critic((1, side, side), seed=0)(torch.zeros(2, 1, side, side)).shape == (2,)


def test_noise_maps_start_without_effect_and_reach_the_image_once_learned():
    g = DCGAN(width=4).conditional_generator((1, 28, 28), 3, distribution="implicit", seed=0).eval()
    z, noise = torch.ones(32, 3), torch.randn(32, g.noise_size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(g(z), g(z, noise))
    with torch.no_grad():
        for name, parameter in g.named_parameters():
            if name.endswith("factor"):
                parameter.fill_(1.0)
    (gradient,) = torch.autograd.grad(g(z, noise.requires_grad_()).square().sum(), noise)
    assert gradient.abs().amax(dim=0).min() > 0  # in some row, since a row's ReLUs may all close over a pixel


def test_spectral_normalisation_is_of_every_layer_of_the_critics():
    a = DCGAN(width=2, critic_norm="spectral")
    unary = DCGAN(width=2, critic_norm="spectral", unary=True)
    for critic in (a.critic((1, 28, 28), seed=0), *(b.pair_critic((1, 28, 28), 3, seed=0) for b in (a, unary))):
        layers = [m for m in critic.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        assert all(nn.utils.parametrize.is_parametrized(m, "weight") for m in layers)


def test_a_unary_critic_is_a_term_of_x_a_term_of_z_and_a_term_of_both():
    """Second differences across x and z come from the term of both alone."""
    critic = DCGAN.pairs(width=2).pair_critic((1, 28, 28), 3, seed=0)
    source = torch.Generator().manual_seed(0)
    x, z = torch.randn(2, 1, 28, 28, generator=source), torch.randn(2, 3, generator=source)
    assert across(critic, x, z).abs() > 0
    nn.init.zeros_(critic.heads[2][0].weight)
    torch.testing.assert_close(across(critic, x, z), torch.tensor(0.0), atol=1e-6, rtol=0)
    assert (critic(x[:1], z[:1]) - critic(x[1:], z[:1])).abs() > 0
    assert (critic(x[:1], z[:1]) - critic(x[:1], z[1:])).abs() > 0


def across(critic, x, z):
    """T(x, z) − T(x', z) − T(x, z') + T(x', z') of two images and two latents."""
    t = critic(x.repeat(2, 1, 1, 1), z.repeat_interleave(2, dim=0))
    return (t[0] - t[1] - t[2] + t[3]).detach()


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 28, 32), (1, 4, 4), (1, 1, 28, 28)])
@pytest.mark.parametrize("role", ["generator", "critic", "encoder", "pair_critic"])
def test_data_of_another_shape_are_refused(role, shape):
    args = (shape,) if role == "critic" else (shape, 3)
    with pytest.raises(ValueError, match=r"data of DCGAN must be square images .*got rows of shape") as caught:
        getattr(DCGAN(), role)(*args, seed=0)
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize(("parameter", "value"), [("width", 0), ("width", 1.5), ("critic_norm", "layer"), ("unary", 1)])
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of DCGAN .* got {value!r}"):
        DCGAN(**{parameter: value}).critic((1, 28, 28), seed=0)


def test_the_size_of_noise_maps_is_not_the_callers():
    with pytest.raises(ValueError, match=r"noise_size of a generator of DCGAN must be None.*261.*got 5"):
        DCGAN().conditional_generator((1, 28, 28), 3, distribution="implicit", noise_size=5, seed=0)
