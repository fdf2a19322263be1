"""SAGAN's layers are those of AGE's table 11 and figures 7 and 8."""

import sys

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from fdgm.architectures import SAGAN
from fdgm.architectures._attention import SelfAttention
from fdgm.architectures._pair import ThreeHeads
from fdgm.architectures._residual import DownBlock, UpBlock, bare

FACE = torch.zeros(1, 3, 64, 64)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def ladder(net, inputs, *kinds):
    """Name, channels and side of the output of each such module, in order, for one row."""
    seen = []
    for module in net.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda m, _, out: seen.append((type(m).__name__, *out.shape[1:3])))
    with torch.no_grad():
        net.eval()(inputs)
    return seen


class TestTableEleven:
    """With ch = 4, so that the multiples of the channels show."""

    a = SAGAN(width=4)

    def test_generator(self):
        g = self.a.generator((3, 64, 64), 100, seed=0)
        assert ladder(g, torch.zeros(1, 100), nn.Unflatten, UpBlock, SelfAttention, nn.Tanh) == [
            ("Unflatten", 64, 4),
            ("UpBlock", 64, 8),
            ("UpBlock", 32, 16),
            ("UpBlock", 16, 32),
            ("SelfAttention", 16, 32),
            ("UpBlock", 8, 64),
            ("Tanh", 3, 64),
        ]

    def test_critic(self):
        c = self.a.critic((3, 64, 64), seed=0)
        assert ladder(c, FACE, DownBlock, SelfAttention) == [
            ("DownBlock", 8, 32),
            ("SelfAttention", 8, 32),
            ("DownBlock", 16, 16),
            ("DownBlock", 32, 8),
            ("DownBlock", 64, 4),
            ("DownBlock", 64, 4),
        ]

    @pytest.mark.parametrize(("width", "units"), [(32, 1024), (64, 2048)])
    def test_perceptrons(self, width, units):
        with torch.device("meta"):
            encoder = SAGAN(width=width).make_encoder((3, 64, 64), 8)
        assert [m.out_features for m in encoder.modules() if isinstance(m, nn.Linear)] == [units, units, units, 8]


def test_a_hundred_and_twenty_eight_pixels_end_at_the_width():
    g = SAGAN(width=2).generator((3, 128, 128), 3, seed=0)
    assert ladder(g, torch.zeros(1, 3), UpBlock, SelfAttention) == [
        ("UpBlock", 32, 8),
        ("UpBlock", 16, 16),
        ("UpBlock", 8, 32),
        ("SelfAttention", 8, 32),
        ("UpBlock", 4, 64),
        ("UpBlock", 2, 128),
    ]


def test_thirty_two_pixels_have_the_deepest_layers_narrower():
    g = SAGAN(width=2).generator((3, 32, 32), 3, seed=0)
    assert ladder(g, torch.zeros(1, 3), UpBlock) == [("UpBlock", 16, 8), ("UpBlock", 8, 16), ("UpBlock", 4, 32)]


def test_the_pair_critic_is_the_average_of_three_heads():
    c = SAGAN(width=2).pair_critic((3, 16, 16), 3, seed=0).eval()
    assert isinstance(c, ThreeHeads)
    x, z = normal(4, 3, 16, 16), normal(4, 3)
    total = c(x, z)
    parts = []
    for kept in range(3):  # each head alone, the others silenced by hooks
        hooks = [
            head.register_forward_hook(lambda *_: torch.zeros(4, 1)) for i, head in enumerate(c.heads) if i != kept
        ]
        parts.append(3 * c(x, z))
        for hook in hooks:
            hook.remove()
    torch.testing.assert_close(total, sum(parts) / 3)


def test_attention_starts_without_effect():
    layer, x = SelfAttention(8, bare), normal(2, 8, 6, 6)
    assert torch.equal(layer(x), x)


def test_attention_sees_the_whole_image():
    layer, x = SelfAttention(8, bare), normal(1, 8, 6, 6).requires_grad_()
    nn.init.ones_(layer.gamma)
    (gradient,) = torch.autograd.grad(layer(x)[0, :, 0, 0].sum(), x)
    seen = nn.functional.max_pool2d(gradient.abs().sum(1), 2)  # of 2 x 2 pixels only the largest count
    assert seen.min() > 0


def test_attention_is_the_softmax_over_pooled_pixels():
    # Keys of zero attend equally: the mean over pixels of the pooled values, the same for every pixel.
    layer, x = SelfAttention(8, bare), normal(1, 8, 4, 4)
    nn.init.ones_(layer.gamma)
    nn.init.zeros_(layer.key.weight)
    nn.init.zeros_(layer.key.bias)
    added = layer(x) - x
    pooled = nn.functional.max_pool2d(layer.value(x), 2).mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(added, layer.out(pooled).expand_as(added))


@pytest.mark.parametrize("role", ["generator", "critic", "pair_critic"])
def test_every_layer_of_generator_and_critics_is_spectrally_normalised(role):
    args = ((1, 8, 8),) if role == "critic" else ((1, 8, 8), 3)
    net = getattr(SAGAN(width=1), role)(*args, seed=0)
    assert all(is_parametrized(m, "weight") for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear)))


def test_the_encoder_is_batch_normalised_and_not_spectrally():
    net = SAGAN(width=1).encoder((1, 8, 8), 3, seed=0)
    assert not any(is_parametrized(m, "weight") for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear)))
    assert any(isinstance(m, nn.BatchNorm2d) for m in net.modules())


def test_noise_maps_are_of_every_convolution_but_the_last():
    g = SAGAN(width=1).conditional_generator((1, 16, 16), 3, distribution="implicit", seed=0)
    assert g.noise_size == 4**2 + 2 * 8**2 + 2 * 16**2


@pytest.mark.slow
def test_resnet50_takes_any_channels(torchvision):
    net = SAGAN(width=1, backbone="resnet50").encoder((1, 64, 64), 5, seed=0).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, 1, 64, 64)).shape == (2, 5)


def test_resnet50_is_torchvisions(torchvision):
    with torch.device("meta"):
        net = SAGAN(width=1, backbone="resnet50").make_encoder((3, 64, 64), 5)
        theirs = torchvision.models.resnet50(weights=None)
    of = lambda net: [m.weight.shape for m in net.modules() if isinstance(m, nn.Conv2d)]  # noqa: E731
    assert of(net) == of(theirs)


def test_without_torchvision_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(ImportError, match=r"backbone='resnet50' of SAGAN .*fdgm\[images\].*backbone='small'"):
        SAGAN(backbone="resnet50").encoder((3, 64, 64), 5, seed=0)


@pytest.mark.parametrize(("parameter", "value"), [("width", 0), ("backbone", "vgg")])
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of SAGAN .* got {value!r}"):
        SAGAN(**{parameter: value}).encoder((1, 8, 8), 3, seed=0)


@pytest.mark.parametrize("shape", [(8,), (1, 9, 9), (1, 8, 16)])
def test_data_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"data of SAGAN must") as caught:
        SAGAN(width=1).critic(shape, seed=0)
    assert ("got 9" if shape == (1, 9, 9) else str(shape)) in str(caught.value)
