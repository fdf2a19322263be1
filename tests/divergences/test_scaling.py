"""Scaling clip, and AGE-ALL."""

import math

import pytest
import torch

import fdgm
from fdgm.divergences import Scaling

L = torch.linspace(-30, 30, 61, dtype=torch.float64)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
@pytest.mark.parametrize("clip", [0.1, 0.5, 1.0])
def test_it_is_the_ratio_that_is_clamped(name, clip):
    d = fdgm.divergences.get(name)
    r = L.exp().clamp(clip, 1 / clip)
    # exp and log, one after the other, round l by eps (1 + |l|).
    torch.testing.assert_close(Scaling.make(name, clip).weight(L), d.weight(r.log()), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_age_scalings_differ_by_the_clamped_ratio(name):
    """s_theta = s_phi · clamp(r) for every divergence (AGE, section 3.2), with T the log-ratio of data to model."""
    d = fdgm.divergences.get(name)
    s_phi, s_theta = Scaling(d, 0.5).weight(L), Scaling(d, 0.5).dual.weight(-L)
    torch.testing.assert_close(s_theta, s_phi * L.exp().clamp(0.5, 2), rtol=1e-12, atol=0)


def test_no_clip_is_the_weight_itself():
    d = fdgm.divergences.get("jeffreys")
    assert torch.equal(Scaling(d).weight(L), d.weight(L))


def test_all_weighs_every_point_alike():
    assert torch.equal(Scaling.make("all", None).weight(L), torch.ones_like(L))


def test_all_refuses_a_clip():
    with pytest.raises(ValueError, match=r"got 0\.5"):
        Scaling.make("all", 0.5)


def test_no_gradient_passes_through_the_weight():
    l = torch.zeros(3, requires_grad=True)
    assert not Scaling.make("jeffreys", None).weight(l).requires_grad


def test_log_clip_is_symmetric():
    clamped = Scaling.make("kl", 0.25).clamp(L)
    assert clamped.max().item() == -clamped.min().item() == math.log(4)
