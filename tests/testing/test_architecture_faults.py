"""Architectures that are wrong on purpose: each fault is caught by its own check, and by no other."""

import re
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from fdgm.architectures import Architecture
from fdgm.testing import check_architecture


class Small(Architecture):
    """Two linear layers, and nothing that need not be given."""

    example_shapes: ClassVar = ((3,),)

    def __init__(self, width=8):
        self.width = width

    def make_generator(self, data_shape, latent_size):
        return nn.Sequential(nn.Linear(latent_size, self.width), nn.Tanh(), nn.Linear(self.width, *data_shape))

    def make_critic(self, data_shape):
        return nn.Sequential(nn.Linear(*data_shape, self.width), nn.Tanh(), nn.Linear(self.width, 1), nn.Flatten(0))


class After(nn.Module):
    """A function of a module's output."""

    def __init__(self, module, function):
        super().__init__()
        self.module = module
        self.function = function

    def forward(self, x):
        return self.function(self.module(x))


class ColumnOfNumbers(Small):
    def make_critic(self, data_shape):
        return super().make_critic(data_shape)[:-1]


class OneValueMore(Small):
    def make_generator(self, data_shape, latent_size):
        return super().make_generator((data_shape[0] + 1,), latent_size)


class NoShape(Small):
    example_shapes: ClassVar = ()


class LogOfANegative(Small):
    def make_critic(self, data_shape):
        return After(super().make_critic(data_shape), torch.log)


class Detached(Small):
    def make_critic(self, data_shape):
        return After(super().make_critic(data_shape), torch.detach)


class Rounded(Small):
    """Attached, but flat: its gradient is zero."""

    def make_generator(self, data_shape, latent_size):
        return After(super().make_generator(data_shape, latent_size), torch.round)


class IgnoresALatent(Small):
    def make_generator(self, data_shape, latent_size):
        generator = super().make_generator(data_shape, latent_size)
        nn.init.zeros_(generator[0].weight[:, -1:].data)
        return generator


class CentredOverTheBatch(Small):
    def make_critic(self, data_shape):
        return After(super().make_critic(data_shape), lambda output: output - output.mean())


def refilled(module, source):
    """The module with weights drawn from a generator of its own."""
    with torch.no_grad():
        for weights in module.parameters():
            weights.copy_(torch.randn(weights.shape, generator=source))
    return module


class FixedSeed(Small):
    def make_critic(self, data_shape):
        return refilled(super().make_critic(data_shape), torch.Generator().manual_seed(0))


class FreshEntropy(Small):
    def make_critic(self, data_shape):
        source = torch.Generator()
        source.seed()
        return refilled(super().make_critic(data_shape), source)


class NumpyWeights(Small):
    def make_critic(self, data_shape):
        critic = super().make_critic(data_shape)
        critic[0].weight.data += float(np.random.normal())
        return critic


class DropoutInTraining(Small):
    """torch's dropout draws from the global generator."""

    def make_critic(self, data_shape):
        critic = super().make_critic(data_shape)
        return nn.Sequential(*critic[:2], nn.Dropout(), *critic[2:])


class NoiseAlways(Small):
    def make_critic(self, data_shape):
        return After(super().make_critic(data_shape), lambda output: output + torch.rand_like(output))


class HandsOutOneModule(Small):
    def make_critic(self, data_shape):
        critic = super().make_critic(data_shape)
        return nn.Sequential(SHARED, *critic)


SHARED = nn.Linear(3, 3)


class Frequencies(nn.Module):
    def __init__(self):
        super().__init__()
        self.frequencies = torch.randn(3, 3)

    def forward(self, x):
        return x @ self.frequencies


class HoldsAPlainTensor(Small):
    def make_critic(self, data_shape):
        return nn.Sequential(Frequencies(), *super().make_critic(data_shape))


class HoldsALayer(Small):
    def __init__(self, last=None):
        self.width = 8
        self.last = last


class LatentsOfOneSize(Small):
    def make_generator(self, data_shape, latent_size):
        return super().make_generator(data_shape, self.latent_size(data_shape))


class Unbounded(Small):
    def data_range(self, data_shape):
        return (-1.0, 1.0)


class EncoderOfFewLatents(Small):
    """Of one more than the default at most: right until a Gaussian asks for twice that."""

    def make_encoder(self, data_shape, latent_size):
        return nn.Linear(*data_shape, min(latent_size, self.latent_size(data_shape) + 1))


class EncoderBackwards(Small):
    def make_encoder(self, data_shape, latent_size):
        return self.make_generator(data_shape, latent_size)


class PairCriticOfOne(Small):
    """It looks at x alone."""

    def make_pair_critic(self, data_shape, latent_size):
        critic = self.make_critic(data_shape)

        class Pair(nn.Module):
            def __init__(self):
                super().__init__()
                self.critic = critic

            def forward(self, x, z):
                return self.critic(x) + 0 * z.sum(dim=1)

        return Pair()


FAULTS = {
    ColumnOfNumbers: ("has_the_right_shape", r"the critic of .* \(2,\) and float32, got \(2, 1\)"),
    OneValueMore: ("has_the_right_shape", r"the generator of .* \(2, 3\) .*got \(2, 4\)"),
    NoShape: ("has_the_right_shape", r"example_shapes of NoShape\(\) must name a shape .*got \(\)"),
    EncoderBackwards: ("has_the_right_shape", r"the encoder of .* must take \(2, 3\), but raised RuntimeError"),
    LogOfANegative: ("is_finite", "the critic of .* must be finite"),
    NoiseAlways: ("evaluation_is_deterministic", "the critic of .* twice in evaluation mode"),
    Detached: ("gradients_are_attached", "the critic of .* output is detached"),
    Rounded: ("gradients_are_attached", "the generator of .* gradient in its input"),
    IgnoresALatent: ("gradients_are_attached", "the generator of .* in one column"),
    PairCriticOfOne: ("gradients_are_attached", "the pair_critic of .* gradient in its input"),
    CentredOverTheBatch: ("rows_are_judged_one_by_one", "changes with the others by up to"),
    FixedSeed: ("seed_decides_the_weights", "the seed is ignored"),
    FreshEntropy: ("seed_decides_the_weights", "same weights for the same seed"),
    NumpyWeights: ("global_state_is_untouched", "the global state of numpy"),
    DropoutInTraining: ("global_state_is_untouched", "the global state of torch"),
    HandsOutOneModule: ("networks_are_made_afresh", "two share weights"),
    HoldsAPlainTensor: ("state_dict_holds_everything", "make what it holds parameters or buffers"),
    LatentsOfOneSize: ("has_the_right_shape", "must take .*, but raised RuntimeError"),
    Unbounded: ("generated_data_are_in_range", r"its data_range, \(-1\.0, 1\.0\), but makes values from"),
    EncoderOfFewLatents: ("conditional_networks_have_the_right_shape", "the gaussian encoder"),
}


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda cls: cls.__name__)
def test_a_fault_is_caught_by_its_own_check_and_no_other(failures, faulty):
    name, message = FAULTS[faulty]
    found = failures(check_architecture(faulty))
    assert list(found) == [name], found
    assert re.search(message, found[name]), found[name]


def test_a_parameter_that_is_no_value_cannot_be_saved(failures):
    found = failures(check_architecture(HoldsALayer(last=nn.Linear(1, 1))))
    assert list(found) == ["can_be_saved"]
    assert "last of HoldsALayer must be a number" in found["can_be_saved"]


def test_a_sound_one_passes(failures):
    assert failures(check_architecture(Small)) == {}
    assert failures(check_architecture(Small(width=3))) == {}


def test_what_is_no_architecture_is_a_type_error():
    with pytest.raises(TypeError, match=r"check_architecture takes a subclass of Architecture .*got 'mlp'"):
        check_architecture("mlp")
