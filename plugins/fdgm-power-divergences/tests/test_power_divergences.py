"""The contract, at several parameters, and what these families are at the ends of their ranges."""

import pytest
import torch
from fdgm_power_divergences import Arimoto, SkewChi2, SkewJensenShannon

import fdgm
from fdgm.testing import check_divergence

DIVERGENCES = [
    *(Arimoto(beta) for beta in (0.3, 5.0)),
    *(family(skew) for family in (SkewChi2, SkewJensenShannon) for skew in (0.05, 0.8)),
]
L = torch.linspace(-6, 6, 49, dtype=torch.float64)


@pytest.mark.parametrize("check", [check for d in DIVERGENCES for check in check_divergence(d)])
def test_contract(check):
    check()


@pytest.mark.parametrize(
    ("name", "cls"), [("arimoto", Arimoto), ("skew_js", SkewJensenShannon), ("skew_chi2", SkewChi2)]
)
def test_fdgm_knows_them_by_name(name, cls):
    assert type(fdgm.divergences.get(name)) is cls


@pytest.mark.parametrize(
    ("ours", "name", "multiple"),
    [
        (Arimoto(0.5), "squared_hellinger", 1),
        (Arimoto(1 + 1e-7), "js", 1),
        (SkewJensenShannon(0.5), "js", 2),
        (SkewJensenShannon(1e-9), "kl", 1),
        (SkewJensenShannon(1 - 1e-9), "reverse_kl", 1),
        (SkewChi2(1e-9), "pearson", 1),
        (SkewChi2(1 - 1e-9), "neyman", 1),
    ],
    ids=str,
)
def test_what_they_tend_to(ours, name, multiple):
    # The weight says all of a divergence but multiples of r − 1. At 1e-9 from an end it is off by 1e-9 e^6 · 3; at
    # 1e-7 from β = 1 by 1e-7 times |l| and the log's.
    expected = multiple * fdgm.divergences.get(name).weight(L)
    torch.testing.assert_close(ours.weight(L), expected, rtol=3e-6, atol=0)


@pytest.mark.parametrize("beta", [0, 1, -2.0, float("inf"), "a"])
def test_beta_out_of_range(beta):
    with pytest.raises(ValueError, match=f"beta of Arimoto must be .* got {beta!r}"):
        Arimoto(beta).weight(L)


@pytest.mark.parametrize("skew", [0, 1, -0.1, "a"])
@pytest.mark.parametrize("cls", [SkewChi2, SkewJensenShannon])
def test_skew_out_of_range(cls, skew):
    with pytest.raises(ValueError, match=f"skew of {cls.__name__} must be .* got {skew!r}"):
        cls(skew).weight(L)
