"""The MLP's own parameters."""

import pytest
import torch

from fdgm.architectures import MLP


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


def count(net, kind):
    return sum(isinstance(module, kind) for module in net.modules())


def test_batch_norm_is_in_generator_and_encoder():
    a = MLP(batch_norm=True, depth=2, encoder_depth=3)
    networks = a.generator((3,), 2, seed=0), a.encoder((3,), 2, seed=0), a.critic((3,), seed=0)
    assert [count(net, torch.nn.BatchNorm1d) for net in networks] == [2, 3, 0]
    assert count(a.pair_critic((3,), 2, seed=0), torch.nn.BatchNorm1d) == 0


def test_ages_networks_are_those_of_appendix_e_1():
    """At a CPU's width, and with spectral normalisation, which the paper does not have."""
    a = MLP.bidirectional()
    assert a.get_params() == {
        **MLP(width=500, depth=2, encoder_depth=3, batch_norm=True, critic_activation="leaky_relu").get_params(),
        "width": 128,
        "spectral_norm": True,
    }
    published = MLP.bidirectional(width=500, critic_width=400, spectral_norm=False)
    generator, encoder = published.generator((2,), 2, seed=0), published.encoder((2,), 2, seed=0)
    critic = published.pair_critic((2,), 2, seed=0)
    for net, layers, activation in ((generator, 2, torch.nn.ReLU), (encoder, 3, torch.nn.ReLU)):
        widths = [m.out_features for m in net.modules() if isinstance(m, torch.nn.Linear)]
        assert widths == [500] * layers + [2]
        assert count(net, torch.nn.BatchNorm1d) == count(net, activation) == layers
    widths = [m.out_features for m in critic.modules() if isinstance(m, torch.nn.Linear)]
    assert widths == [400] * 6 + [1]
    assert count(critic, torch.nn.LeakyReLU) == 6


def test_depths_are_those_of_hidden_layers():
    a = MLP(width=4, depth=2, encoder_depth=3, pair_depth=1)
    linear = torch.nn.Linear
    assert count(a.generator((3,), 2, seed=0), linear) == 3
    assert count(a.critic((3,), seed=0), linear) == 3
    assert count(a.encoder((3,), 2, seed=0), linear) == 4
    assert count(a.pair_critic((3,), 2, seed=0), linear) == 4  # one for each module, and the last


def test_critics_may_have_a_width_of_their_own():
    a = MLP(width=4, critic_width=6)
    assert {m.out_features for m in a.pair_critic((3,), 2, seed=0).modules() if hasattr(m, "out_features")} == {6, 1}
    assert {m.out_features for m in a.critic((3,), seed=0).modules() if hasattr(m, "out_features")} == {6, 1}
    assert {m.out_features for m in a.encoder((3,), 2, seed=0).modules() if hasattr(m, "out_features")} == {4, 2}


def test_critics_may_have_an_activation_of_their_own():
    a = MLP(activation="relu", critic_activation="leaky_relu", depth=2, pair_depth=2)
    assert count(a.generator((3,), 2, seed=0), torch.nn.ReLU) == 2
    assert count(a.encoder((3,), 2, seed=0), torch.nn.ReLU) == 2
    assert count(a.critic((3,), seed=0), torch.nn.LeakyReLU) == 2
    assert count(a.pair_critic((3,), 2, seed=0), torch.nn.LeakyReLU) == 6


def test_spectral_normalisation_is_of_every_layer_of_the_pair_critic():
    critic = MLP(spectral_norm=True, width=4).pair_critic((3,), 2, seed=0)
    linears = [m for m in critic.modules() if isinstance(m, torch.nn.Linear)]
    assert all(torch.nn.utils.parametrize.is_parametrized(m, "weight") for m in linears)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("width", 0),
        ("width", 2.5),
        ("depth", 0),
        ("activation", "step"),
        ("batch_norm", 1),
        ("spectral_norm", "no"),
        ("encoder_depth", 0),
        ("pair_depth", True),
        ("critic_width", 0),
        ("critic_activation", "step"),
    ],
)
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of MLP .* got {value!r}"):
        MLP(**{parameter: value}).critic((3,), seed=0)


def test_equal_when_the_parameters_are():
    assert MLP(width=3) == MLP(width=3)
    assert MLP(width=3) != MLP(width=4)
    assert len({MLP(width=3), MLP(width=3)}) == 1
