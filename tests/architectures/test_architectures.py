"""What an architecture need not give, and what is said where it does not."""

from typing import ClassVar

import pytest
import torch

from fdgm.architectures import Architecture


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
