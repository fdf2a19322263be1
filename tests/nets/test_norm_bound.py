"""The bound on the norms of layers."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from fdgm.nets import NormBound


def largest(layer):
    return torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2).item()


def scaled(layer, norm, seed=0):
    """The layer with random weights of this norm."""
    with torch.no_grad():
        layer.weight.normal_(generator=torch.Generator().manual_seed(seed))
        layer.weight.mul_(norm / largest(layer))
    return layer


@pytest.mark.parametrize("layer", [nn.Linear(7, 5), nn.Conv2d(3, 8, 4), nn.Conv1d(2, 3, 5)], ids=str)
def test_norms_above_one_become_one(layer):
    bound = NormBound(scaled(layer, 9.0), seed=0)
    for _ in range(50):
        bound()
    assert largest(layer) == pytest.approx(1.0, abs=0.01)


def test_norms_below_one_stay():
    layer = scaled(nn.Linear(7, 5), 0.9)
    before = layer.weight.detach().clone()
    NormBound(layer, seed=0)()
    assert torch.equal(layer.weight, before)


def test_a_layer_of_zeros_stays_and_can_be_bounded_later():
    layer = nn.Linear(4, 3)
    nn.init.zeros_(layer.weight)
    bound = NormBound(layer, seed=0)
    bound()
    assert not layer.weight.any()
    scaled(layer, 5.0)
    for _ in range(50):
        bound()
    assert largest(layer) == pytest.approx(1.0, abs=0.01)


def test_what_is_normalised_already_stays():
    layer = spectral_norm(nn.Linear(4, 3))
    assert NormBound(layer, seed=0).layers == []


def test_directions_are_a_part_of_the_state():
    layer = scaled(nn.Linear(7, 5), 9.0)
    bound = NormBound(layer, seed=0)
    bound()
    other = nn.Linear(7, 5)
    again = NormBound(other, seed=1)
    other.load_state_dict(layer.state_dict())
    bound()
    again()
    assert torch.equal(layer.weight, other.weight)
