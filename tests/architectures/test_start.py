"""Where generators begin."""

import pytest
import torch
from torch import nn

from fdgm.architectures import DCGAN, MLP
from fdgm.architectures._start import spread_out


def samples(generator, latent_size):
    with torch.no_grad():
        return generator.eval()(torch.randn(4000, latent_size, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("architecture", [MLP(), MLP(depth=6), MLP(batch_norm=True, activation="tanh")], ids=repr)
@pytest.mark.parametrize("shape", [(2,), (64,), (1, 4, 4)])
def test_a_generator_begins_half_as_wide_as_standardised_data(architecture, shape):
    S = samples(architecture.generator(shape, 8, seed=0), 8)
    # 512 latents set the scale and the centre: a standard error of 0.5 / sqrt(2 * 512) = 0.016, and somewhat more for
    # the heavy tails of deep networks; 0.5 / sqrt(512) = 0.022 for each mean.
    assert S.var(dim=0).mean().sqrt().item() == pytest.approx(0.5, abs=0.1)
    assert S.mean(dim=0).abs().max() < 0.1


@pytest.mark.parametrize("side", [28, 32])
def test_images_begin_spread_over_their_range(side):
    S = samples(DCGAN(width=8).generator((1, side, side), 16, seed=0), 16)
    assert 0.3 < S.var(dim=0).mean().sqrt() < 0.6  # tanh of 0.5 around 0 spreads over 0.42


def test_batch_normalisation_begins_alike_in_training_and_evaluation():
    generator = DCGAN(width=8).generator((1, 28, 28), 16, seed=0)
    latents = torch.randn(2000, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        apart = generator.eval()(latents) - generator.train()(latents)
    assert apart.abs().mean() < 0.05  # of a spread of 0.42: two batches' statistics differ by a twentieth or so


def test_the_mode_and_the_momenta_stay():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.3), nn.Linear(4, 2))
    assert spread_out(network, 3).training
    assert not spread_out(network.eval(), 3).training
    assert network[1].momentum == 0.3
    assert network[1].num_batches_tracked == 0


def test_a_layer_with_nothing_to_say_stays_as_it_is():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.zeros_(network[-1].weight)
    nn.init.ones_(network[-1].bias)
    spread_out(network, 3)
    assert not network[-1].weight.any()
    assert (network[-1].bias == 1).all()


def test_a_spectral_norm_stays():
    network = nn.Sequential(nn.Linear(3, 4), nn.utils.parametrizations.spectral_norm(nn.Linear(4, 2)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    spread_out(network, 3)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
