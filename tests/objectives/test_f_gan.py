"""f-GAN's bound as a critic's objective."""

import pytest
import torch

import fdgm
from fdgm.objectives import FGAN

P = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
Q = torch.tensor([0.4, 0.1, 0.25, 0.25], dtype=torch.float64)
KINDS_P = torch.repeat_interleave(torch.arange(4), (20 * P).round().long())
KINDS_Q = torch.repeat_interleave(torch.arange(4), (20 * Q).round().long())


def at(objective, output):
    """Value and gradient of the loss where rows are of four kinds, in the fractions P and Q, with an output each."""
    output = output.clone().requires_grad_()
    loss = objective.loss(output[KINDS_P], output[KINDS_Q])
    return loss.detach(), *torch.autograd.grad(loss, output)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_at_the_log_ratio_it_is_least_and_minus_the_divergence(name):
    divergence = fdgm.divergences.get(name)
    objective = FGAN(name, activation="universal")
    best = (P / Q).log()
    loss, gradient = at(objective, best)
    # Sums of at most 40 terms of size at most 32 (Neyman's, at r = 1/4), each rounded to 2^-53.
    assert gradient.abs().max() < 1e-13
    torch.testing.assert_close(-loss, (Q * divergence.f(best)).sum(), rtol=0, atol=1e-13)
    assert at(objective, best + 0.1)[0] > loss < at(objective, best - 0.1)[0]


@pytest.mark.parametrize(
    ("name", "output_of"),
    [
        ("kl", lambda l: l + 1),
        ("reverse_kl", lambda l: l),
        ("js", lambda l: l),
        ("gan", lambda l: l),
        ("squared_hellinger", lambda l: l / 2),
        ("pearson", lambda l: 2 * l.expm1()),
    ],
)
def test_published_activations_have_the_lectures_optimum(name, output_of):
    _, gradient = at(FGAN(name), output_of((P / Q).log()))
    assert gradient.abs().max() < 1e-13


def test_the_loss_of_kl_is_table_2s_of_age():
    output_p, output_q = torch.randn(2, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = -output_p.mean() + (output_q - 1).exp().mean()
    torch.testing.assert_close(FGAN("kl").loss(output_p, output_q), expected)


def test_another_activation():
    with pytest.raises(ValueError, match=r"activation of FGAN .*'relu'"):
        FGAN(activation="relu").log_ratio(torch.zeros(2))
