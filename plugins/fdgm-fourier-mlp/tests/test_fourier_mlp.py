"""The contract; the kernel that the features stand for; and parameters out of range."""

import math

import pytest
import torch
from fdgm_fourier_mlp import FourierFeatures, FourierMLP

import fdgm
from fdgm.testing import check_architecture


@pytest.mark.parametrize("check", check_architecture(FourierMLP))
def test_contract(check):
    check()


def test_fdgm_knows_it_by_name():
    assert type(fdgm.registry.make("architecture", "fourier_mlp")) is FourierMLP


def test_their_products_are_a_gaussian_kernel():
    """E[cos B(x − y)] = exp(−bandwidth² |x − y|²/2), the mean of n cosines, whose deviation is at most 1/√(2n)."""
    n = 20_000
    with torch.random.fork_rng():
        torch.manual_seed(0)
        features = FourierFeatures(2, n, 0.7)
    x, y = torch.tensor([[0.3, -1.0]]), torch.tensor([[1.0, 0.2]])
    product = (features(x)[:, 2:] * features(y)[:, 2:]).sum() / n
    expected = math.exp(-(0.7**2) * (x - y).square().sum() / 2)
    assert abs(product.item() - expected) < 5 / math.sqrt(2 * n)


def test_frequencies_are_not_trained():
    critic = FourierMLP().critic((2,), seed=0)
    assert "1.frequencies" in critic.state_dict()
    assert "1.frequencies" not in dict(critic.named_parameters())


@pytest.mark.parametrize(
    ("name", "value"), [("n_frequencies", 0), ("n_frequencies", 1.5), ("bandwidth", 0.0), ("bandwidth", "wide")]
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"{name} of FourierMLP must be .* got {value!r}"):
        FourierMLP(**{name: value}).critic((2,), seed=0)
