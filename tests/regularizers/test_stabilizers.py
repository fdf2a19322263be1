"""What each stabilizer does to the critic or to the generator's loss."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import nn

from fdgm.architectures import DCGAN, MLP, seeded
from fdgm.objectives import Minimax
from fdgm.options import Adam
from fdgm.regularizers import FeatureMatching, MinibatchDiscrimination, Packing, Reconstructor, SpectralNorm
from fdgm.regularizers._minibatch import Closeness

G = torch.Generator


def critic_of(stabilizer, data_shape=(3,), architecture=None):
    architecture = architecture or MLP(width=16, depth=2)
    make = lambda shape, latent_size: architecture.make_critic(shape)  # noqa: E731
    return seeded(lambda: stabilizer.make_critic(make, data_shape, None), 0)


def test_a_normalised_critic_has_slopes_of_at_most_one():
    """Layers of norm one and leaky ReLUs of slope one, once the power iteration has converged: within a thousandth."""
    critic = critic_of(SpectralNorm())
    x = 5 * torch.randn(300, 3, generator=G().manual_seed(0))
    for _ in range(100):
        critic(x)
    x = x.requires_grad_()
    (gradient,) = torch.autograd.grad(critic.eval()(x).sum(), x)
    assert gradient.norm(dim=1).max() <= 1.001


@pytest.mark.parametrize("architecture", [MLP(width=8, spectral_norm=True), DCGAN(width=4)], ids=["normed", "dcgan"])
def test_each_layer_is_normalised_once(architecture):
    shape = (1, 8, 8)
    critic = critic_of(SpectralNorm(), shape, architecture)
    layers = [layer for layer in critic.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    assert layers
    assert all(len(layer.parametrizations.weight) == 1 for layer in layers)


def test_the_critic_sees_how_near_rows_are_to_one_another():
    """The critic's own features and maps, and the closeness by its definition."""
    critic = critic_of(MinibatchDiscrimination(3, kernel_size=2, group_size=5)).double()
    (head,) = (module for module in critic.modules() if isinstance(module, Closeness))
    seen = []
    head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    output = critic(torch.randn(10, 3, generator=G().manual_seed(0), dtype=torch.float64))
    (features,) = seen
    kernels = (features @ head.to_kernels.weight.T).detach().numpy().reshape(10, 3, 2)
    near = np.empty((10, 3))
    for group in (slice(0, 5), slice(5, 10)):
        for b in range(3):
            near[group, b] = np.exp(-cdist(kernels[group, b], kernels[group, b], "cityblock")).mean(axis=1)
    expected = head.layer(torch.cat([features, torch.from_numpy(near)], dim=1))[:, 0]
    torch.testing.assert_close(output, expected, rtol=1e-12, atol=1e-12)


def test_groups_do_not_see_one_another():
    critic = critic_of(MinibatchDiscrimination(group_size=4))
    x = torch.randn(8, 3, generator=G().manual_seed(0))
    changed = torch.cat([x[:4], x[4:] + 1])
    torch.testing.assert_close(critic(x)[:4], critic(changed)[:4], rtol=0, atol=1e-6)
    assert not torch.allclose(critic(x)[:4], critic(torch.cat([x[:3], x[3:] + 1]))[:4], atol=1e-6)


def test_a_batch_that_is_no_multiple_of_the_group():
    with pytest.raises(ValueError, match=r"batch_size must be a multiple of .*64, got 100"):
        MinibatchDiscrimination().check(batch_size=100, optimizer=Adam())


def test_a_critic_without_a_linear_layer_is_refused():
    class Convolutions(MLP):
        def make_critic(self, data_shape):
            return nn.Sequential(nn.Conv2d(1, 1, 8), nn.Flatten(0))

    with pytest.raises(ValueError, match=r"MinibatchDiscrimination looks into must have a linear layer.*Sequential"):
        critic_of(MinibatchDiscrimination(), (1, 8, 8), Convolutions())


def test_packs_are_of_as_many_rows_as_asked_for():
    assert Packing(3).rows_per_output == 3
    with pytest.raises(ValueError, match="size of Packing must be an int of at least 2, got 1"):
        _ = Packing(1).rows_per_output


def test_matched_features_are_those_before_the_last_layer(make_step):
    shift = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    step = make_step(shift)
    loss = FeatureMatching().generator_loss(step)
    features = step.critic[:2]
    gap = features(step.real[0]).detach().numpy().mean(axis=0) - features(step.rows).detach().numpy().mean(axis=0)
    assert loss.item() == pytest.approx((gap**2).sum(), rel=1e-12)
    assert torch.autograd.grad(loss, shift)[0] != 0


def test_feature_matching_is_nothing_on_the_data_themselves(make_step):
    step = make_step()
    same = type(step)(**{**vars(step), "fake": step.real})
    assert FeatureMatching().generator_loss(same).item() == 0


def test_feature_matching_leaves_no_hook(make_step):
    step = make_step()
    FeatureMatching().generator_loss(step)
    assert not any(module._forward_pre_hooks for module in step.critic.modules())


def test_the_reconstructor_is_paid_for_the_latents(make_step):
    step = make_step(torch.tensor(0.5, dtype=torch.float64))
    with_it = type(step)(**{**vars(step), "modules": {"reconstructor": lambda rows: rows}})
    # Its rows are the latents moved by a half in both columns, and so is what this one gives back.
    assert Reconstructor(2.0).generator_loss(with_it).item() == pytest.approx(2 * 0.5**2)


def test_the_reconstructor_goes_from_data_to_latents():
    (module,) = seeded(lambda: Reconstructor().make_modules(MLP(width=8), (3,), 5), 0).values()
    assert module(torch.zeros(4, 3)).shape == (4, 5)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), True])
def test_a_weight_out_of_range(weight):
    with pytest.raises(ValueError, match=f"weight of Reconstructor must be a finite number above 0, got {weight!r}"):
        Reconstructor(weight).check(batch_size=64, optimizer=Adam())


def test_stabilizers_leave_the_objectives_rule_alone(make_step):
    step = make_step()
    for stabilizer in (Packing(), SpectralNorm(), MinibatchDiscrimination()):
        assert stabilizer.look_ahead(step) is step
        assert stabilizer.generator_loss(step) is None
    assert Minimax().generator_loss(step.critic_fn(*step.fake)).requires_grad
