"""What is true of our divergences beyond the contract of fdgm.testing: oracles from mathematics, one property a test.

Tolerances: f, f' and f* are a handful of float64 operations on numbers up to some `size`; each rounds by 2^-53 of it,
and e^l magnifies an error of l by |l|. `close` allows 1e-12 of the size of the terms, which is 10^4 roundings.
"""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import integrate

import fdgm
from fdgm import registry
from fdgm.divergences import Alpha, Divergence, DualDivergence

NAMES = [entry.name for entry in registry.report()[0] if (entry.family, entry.distribution) == ("divergence", "fdgm")]
every = pytest.mark.parametrize("name", NAMES)
ratios = st.lists(st.floats(-8, 8), min_size=1, max_size=20).map(lambda v: torch.tensor(v, dtype=torch.float64))


def close(a, b, *sizes):
    size = 1 + sum(s.abs() for s in (a, b, *sizes))
    assert ((a - b).abs() <= 1e-12 * size).all(), (a - b).abs().max()


def gradient(function, l):
    l = l.clone().requires_grad_()
    return torch.autograd.grad(function(l).sum(), l)[0]


@st.composite
def distributions(draw, n=2):
    """n discrete distributions on the same few points, all probabilities positive."""
    size = draw(st.integers(2, 6))
    masses = [draw(arrays(np.float64, size, elements=st.floats(0.01, 1))) for _ in range(n)]
    return [torch.from_numpy(m / m.sum()) for m in masses]


def discrete(d, p, q):
    return (q * d.f(torch.log(p / q))).sum().item()


@every
@given(l=st.floats(-40, 40))
def test_weight_is_exact_in_float32(name, l):
    d = fdgm.divergences.get(name)
    single = torch.tensor([l], dtype=torch.float32)
    exact = d.weight(single.double())
    # Rounding log w moves w by eps |log w|; two roundings more for exp and the clamp.
    eps = torch.finfo(torch.float32).eps
    assert ((d.weight(single).double() - exact).abs() <= eps * (2 + exact.log().abs()) * exact).all()


SHEET = {  # f(r) as the design has it
    "kl": lambda r: r * r.ln(),
    "reverse_kl": lambda r: -r.ln(),
    "js": lambda r: r * r.ln() - (r + 1) * ((r + 1) / 2).ln(),
    "logd": lambda r: (r + 1) * (r + 1).ln() - 2 * Decimal(2).ln(),
    "jeffreys": lambda r: (r - 1) * r.ln(),
    "squared_hellinger": lambda r: (r.sqrt() - 1) ** 2,
    "pearson": lambda r: (r - 1) ** 2,
    "neyman": lambda r: (r - 1) ** 2 / r,
    "gan": lambda r: r * r.ln() - (r + 1) * (r + 1).ln() + 2 * Decimal(2).ln(),
}


@pytest.mark.parametrize("l", [-38.5, -25.0, -20.5, -3.0, 0.25, 3.0, 20.5, 25.0, 38.5])
@pytest.mark.parametrize("name", SHEET)
def test_float64_keeps_its_digits_far_from_one(name, l):
    """Against the definition in 200 digits, with quotients of differences for derivatives: 1e-40 apart, in relation to
    r, they are off by 1e-80 at most. Log-ratios are rounded by half an eps of |l|, and so is what they become."""
    d = fdgm.divergences.get(name)
    f = SHEET[name]
    with localcontext() as context:
        context.prec = 200
        r = Decimal(l).exp()
        h = r * Decimal(10) ** -40
        low, middle, high = f(r - h), f(r), f(r + h)
        slope, curvature = (high - low) / (2 * h), (high - 2 * middle + low) / h**2
        expected = {
            "f": middle,
            "f_prime": slope,
            "weight": r * curvature,
            "conjugate_of_slope": r * slope - middle,
        }
        # f and its conjugate may be differences of terms of size r, the others of terms of size 1.
        sizes = {"f": 1 + r, "f_prime": 1 + abs(slope), "weight": 0, "conjugate_of_slope": 1}
    for method, exact in expected.items():
        given = getattr(d, method)(torch.tensor([l], dtype=torch.float64)).item()
        slack = 8 * np.finfo(float).eps * (1 + abs(l)) * float(abs(exact) + sizes[method])
        assert abs(given - float(exact)) <= slack, (method, given, float(exact))


@every
@given(l=ratios)
def test_dual_exchanges_the_arguments(name, l):
    d = fdgm.divergences.get(name)
    size = l.exp() * d.f(-l)
    close(d.dual.f(l), l.exp() * d.f(-l), size)
    close(d.dual.weight(l), (-l).exp() * d.weight(-l))
    close(gradient(d.dual.f, l), l.exp() * d.dual.f_prime(l), size, l.exp())


@every
def test_dual_of_the_dual_is_the_divergence(name):
    d = fdgm.divergences.get(name)
    assert d.dual.dual == d


@every
@given(l=ratios)
def test_the_general_dual_agrees_with_the_named_one(name, l):
    d = fdgm.divergences.get(name)
    close(DualDivergence(d).weight(l), d.dual.weight(l))


@every
@given(l=ratios)
def test_centered_f_is_never_negative(name, l):
    d = fdgm.divergences.get(name)
    assert (d.f_centered(l) >= -1e-12 * (1 + l.exp() + d.f(l).abs())).all()


@every
@given(pq=distributions())
def test_dual_divergence_is_the_divergence_the_other_way_round(name, pq):
    d = fdgm.divergences.get(name)
    p, q = pq
    there, back = discrete(d.dual, p, q), discrete(d, q, p)
    assert abs(there - back) <= 1e-11 * (1 + abs(there))


@every
@given(l=st.lists(st.floats(-5, 5), min_size=1, max_size=9).map(lambda v: torch.tensor(v, dtype=torch.float64)))
def test_the_derived_conjugates_are_those_at_a_slope(name, l):
    """What the base class derives, for a plugin that gives no conjugate: by bisection, and from f and f' at l."""
    d = fdgm.divergences.get(name)
    t = d.f_prime(l)
    attained = l.exp() * t - d.f(l)
    # t is rounded, so l is recovered from it only to eps (1 + |t|)/weight; f* moves by r times the rounding of t.
    slack = 1e-13 * (1 + t.abs()) * (1 + l.exp()) * (1 + 1 / d.weight(l)) + 1e-10
    assert ((Divergence.conjugate(d, t) - attained).abs() <= slack * (1 + attained.abs())).all()
    close(d.conjugate_of_slope(l), attained, l.exp() * t, d.f(l))


CONJUGATES = {  # value at t, by hand from sup r t − f(r)
    "kl": (1.0, 1.0),
    "reverse_kl": (-1.0, -1.0),
    "pearson": (-5.0, -1.0),
    "logd": (0.0, 2 * math.log(2)),
    "gan": (-math.log(2), math.log(2) - 2 * math.log(2)),
    "squared_hellinger": (0.5, 1.0),
    "neyman": (-3.0, -2.0),
}


@pytest.mark.parametrize("name", sorted(CONJUGATES))
def test_conjugates_by_hand(name):
    t, expected = CONJUGATES[name]
    value = fdgm.divergences.get(name).conjugate(torch.tensor([t], dtype=torch.float64))
    assert value.item() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    ("name", "t"), [("reverse_kl", 0.1), ("js", 0.7), ("gan", 0.1), ("squared_hellinger", 1.1), ("neyman", 1.1)]
)
def test_conjugates_are_infinite_past_the_slopes_of_f(name, t):
    d = fdgm.divergences.get(name)
    assert d.conjugate(torch.tensor([t], dtype=torch.float64)).item() == math.inf


LECTURE = {  # the published activation of a critic's output, written as published
    "kl": lambda v: v,
    "reverse_kl": lambda v: -torch.exp(-v),
    "pearson": lambda v: v,
    "squared_hellinger": lambda v: 1 - torch.exp(-v),
    "js": lambda v: math.log(2) - torch.log(1 + torch.exp(-v)),
    "gan": lambda v: -torch.log(1 + torch.exp(-v)),
}


@pytest.mark.parametrize("name", sorted(LECTURE))
def test_output_activations_are_the_published_ones(name):
    v = torch.linspace(-1.9, 5, 50, dtype=torch.float64)
    torch.testing.assert_close(
        fdgm.divergences.get(name).output_activation(v), LECTURE[name](v), rtol=1e-12, atol=1e-12
    )


@every
def test_output_activation_is_the_slope_at_the_outputs_log_ratio(name):
    d = fdgm.divergences.get(name)
    v = torch.linspace(-1.9, 5, 50, dtype=torch.float64)
    torch.testing.assert_close(d.output_activation(v), d.f_prime(d.log_ratio_from_output(v)), rtol=1e-10, atol=1e-10)


M, S = 0.6, 0.8  # P = N(M, S²), Q = N(0, 1)
KL_PQ = -math.log(S) + (S**2 + M**2) / 2 - 0.5
KL_QP = math.log(S) + (1 + M**2) / (2 * S**2) - 0.5


def power_integral(a):
    """∫ p^a q^(1−a) between the two Gaussians, in closed form where a/S² + 1 − a > 0."""
    precision = a / S**2 + 1 - a
    return S**-a / math.sqrt(precision) * math.exp(-a * (1 - a) * M**2 / (2 * S**2 * precision))


CLOSED = {
    "kl": KL_PQ,
    "reverse_kl": KL_QP,
    "jeffreys": KL_PQ + KL_QP,
    "squared_hellinger": 2 - 2 * power_integral(0.5),
    "pearson": power_integral(2) - 1,
    "neyman": power_integral(-1) - 1,
    "alpha": (power_integral(0.5) - 1) / (0.5 * -0.5),
}


def between_gaussians(d):
    def integrand(x):
        log_q = -(x**2) / 2 - math.log(2 * math.pi) / 2
        log_p = -((x - M) ** 2) / (2 * S**2) - math.log(2 * math.pi) / 2 - math.log(S)
        return math.exp(log_q) * d.f(torch.tensor(log_p - log_q, dtype=torch.float64)).item()

    return integrate.quad(integrand, -12, 12, epsabs=1e-11, epsrel=1e-11)[0]


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_closed_forms_between_gaussians(name):
    # The quadrature is asked for 1e-11; the tails beyond 12 hold less than e^-70 for all but Neyman's, whose
    # integrand q²/p decays as exp(−x²(1 − 1/(2 S²))): below e^-30 at 12.
    assert between_gaussians(fdgm.divergences.get(name)) == pytest.approx(CLOSED[name], rel=1e-9)


@given(pq=distributions())
def test_js_and_gan_are_one_divergence_within_its_bounds(pq):
    p, q = pq
    js, gan = (discrete(fdgm.divergences.get(name), p, q) for name in ("js", "gan"))
    assert js == pytest.approx(gan, abs=1e-12)
    assert -1e-12 <= js <= 2 * math.log(2)


@given(a=st.floats(-3, 3).filter(lambda a: min(abs(a), abs(a - 1)) > 0.05), l=ratios)
def test_alpha_is_the_family_of_the_sheet(a, l):
    r = l.exp()
    expected = (r**a - a * r + a - 1) / (a * (a - 1))
    # Written out so, the terms cancel: the error is eps of the greatest term, over a (a − 1).
    close(Alpha(a).f(l), expected, (r**a + r.abs() + 1) * 10 / abs(a * (a - 1)))


@pytest.mark.parametrize("alpha", [0, 1, math.nan, math.inf, "a"])
def test_alpha_out_of_range(alpha):
    with pytest.raises(ValueError, match=f"alpha of Alpha .* got {alpha!r}"):
        Alpha(alpha).weight(torch.zeros(1))


def test_a_divergence_without_a_weight_is_refused_when_it_is_written():
    with pytest.raises(TypeError, match="NoWeight must define weight"):

        class NoWeight(Divergence):
            def f(self, l):
                return l

            def f_prime(self, l):
                return l
