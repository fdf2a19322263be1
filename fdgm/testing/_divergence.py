"""The contract of a divergence. Everything is compared with its f only.

So one mistake fails one check. What the base class derives follows from the rest, and is not checked.
"""

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from ..divergences import Divergence
from ._check import Checks, Property, named, require
from ._component import check_copies, given_by_plugin, instance
from ._divergence_options import optional_properties
from ._hypotheses import distributions, for_all, log_ratios
from ._slopes import TOLERANCE, agree, centered, slopes

__all__ = ["check_divergence"]

_FLOATS = (torch.float32, torch.float64)
#: It contains 0, where a singularity can be removable.
_GRID = torch.linspace(-8, 8, 1601, dtype=torch.float64, device="cpu")
_DERIVED = ("log_weight", "conjugate", "conjugate_of_slope", "log_ratio_from_output", "output_activation")


def check_divergence(d: Divergence | type[Divergence]) -> Checks:
    """The contract of a divergence, as named checks.

    Parameters
    ----------
    d : Divergence or a class of them
        A class is checked with its default parameters.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest.

    Raises
    ------
    TypeError
        If `d` is not a divergence.

    Notes
    -----
    The other checks rely on two: f is elementwise, and twice differentiable. While one of these fails, the others are
    skipped.

    Examples
    --------
    In a plugin's tests, one line above an empty test::

        @pytest.mark.parametrize("check", check_divergence(Mine()))
        def test_contract(check):
            check()

    Elsewhere:

    >>> from fdgm.divergences import KL
    >>> from fdgm.testing import check_divergence
    >>> check_divergence(KL()).run()
    >>> check_divergence(KL())[2]
    <Check KL()-f_is_zero_at_one>
    """
    divergence: Divergence = instance("check_divergence", d, Divergence)
    properties: list[Property] = [
        f_is_zero_at_one,
        f_is_convex,
        f_prime_is_the_derivative_of_f,
        weight_is_r_times_f_second,
        weight_is_finite_and_precise,
        gradients_are_attached,
        can_be_saved,
        *optional_properties(divergence),
    ]
    return Checks(divergence, [is_elementwise, f_is_twice_differentiable], properties)


def is_elementwise(d: Divergence) -> None:
    methods = ["f", "f_prime", "weight", *(name for name in _DERIVED if given_by_plugin(d, Divergence, name))]
    for name in methods:
        for dtype in _FLOATS:
            method = getattr(d, name)
            l = torch.linspace(-2, 2, 6, dtype=dtype, device="cpu")
            before = l.clone()
            alone = torch.stack([method(x.reshape(())) for x in l])
            require(torch.equal(l, before), f"{name} of {named(d)} must not change its argument in place")
            for shape in [(), (6,), (2, 3), (0, 3)]:
                points = l[: torch.Size(shape).numel()].reshape(shape)
                value = method(points)
                require(
                    value.shape == points.shape and value.dtype == dtype,
                    f"{name} of {named(d)} must return the shape and dtype of its argument, {shape} and {dtype}, got"
                    f" {tuple(value.shape)} and {value.dtype}",
                )
                # Vectorised and scalar routines may differ in the last bits.
                require(
                    torch.allclose(value.flatten(), alone[: value.numel()], rtol=1e-5, atol=1e-6, equal_nan=True),
                    f"{name} of {named(d)} must be elementwise: a number's result changes with the others",
                )


def f_is_twice_differentiable(d: Divergence) -> None:
    l = _GRID.clone().requires_grad_()
    value = d.f(l)
    require(value.requires_grad, f"f of {named(d)} must be differentiable by autograd, but its result is detached")
    (first,) = torch.autograd.grad(value.sum(), l, create_graph=True)
    derivatives = [first]
    if first.requires_grad:
        derivatives.extend(torch.autograd.grad(first.sum(), l))
    for order, derivative in zip(("first", "second"), derivatives, strict=False):
        broken = ~torch.isfinite(derivative)
        require(
            not broken.any(),
            f"autograd's {order} derivative of f of {named(d)} must be finite, but is not at l ="
            f" {l[broken][:1].tolist()}; torch.where needs both of its branches finite",
        )


def f_is_zero_at_one(d: Divergence) -> None:
    for dtype in _FLOATS:
        value = d.f(torch.zeros(1, dtype=dtype, device="cpu")).item()
        require(
            abs(value) <= 8 * torch.finfo(dtype).eps,
            f"f(1) of {named(d)} must be 0, so that D(P, P) is, got {value:.9g} in {dtype}",
        )


def f_is_convex(d: Divergence) -> None:
    f = centered(d)
    _, curvature, slack = slopes(f, _GRID)
    low = int((curvature + slack).argmin())
    require(
        curvature[low] >= -slack[low],
        f"f of {named(d)} must be convex, but r f''(r) is {curvature[low].item():.6g} at l = {_GRID[low].item():.6g}",
    )

    @for_all(a=st.floats(-6, 6), b=st.floats(-6, 6), mix=st.floats(0, 1))
    def no_value_is_above_its_chord(a: float, b: float, mix: float) -> None:
        ends = torch.tensor([a, b], dtype=torch.float64, device="cpu")
        left, right = f(ends)
        r = mix * ends[0].exp() + (1 - mix) * ends[1].exp()
        chord, value = mix * left + (1 - mix) * right, f(r.log())
        size = 1 + f(ends).abs().max() + ends.exp().max()
        require(
            value <= chord + TOLERANCE * size,
            f"f of {named(d)} must be convex, but between r = {ends.exp().tolist()} it is {value.item():.9g} at"
            f" {r.item():.6g}, above its chord's {chord.item():.9g}",
        )

    def divergence(p: Tensor, q: Tensor) -> Tensor:
        return (q * f((p / q).log())).sum()

    @for_all(pq=distributions(2), kernel=arrays(np.float64, (6, 3), elements=st.floats(0.01, 1)))
    def processing_data_loses_divergence(pq: list[Tensor], kernel: np.ndarray) -> None:
        p, q = pq
        channel = torch.from_numpy(kernel[: len(p)])
        channel = channel / channel.sum(1, keepdim=True)
        before, after = divergence(p, q), divergence(p @ channel, q @ channel)
        require(before >= -TOLERANCE, f"D(P, Q) of {named(d)} must not be negative, got {before.item():.9g}")
        require(
            after <= before + TOLERANCE * (1 + before),
            f"D(P, Q) of {named(d)} must not grow when both are put through one channel, but went from"
            f" {before.item():.9g} to {after.item():.9g}",
        )


def f_prime_is_the_derivative_of_f(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def agrees_with_autograd(l: Tensor) -> None:
        slope, _, slack = slopes(d.f, l)
        agree(
            d.f_prime(l),
            slope,
            slack,
            l,
            f"f_prime of {named(d)} must be the derivative of its f with respect to r",
        )


def weight_is_r_times_f_second(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def agrees_with_autograd(l: Tensor) -> None:
        _, curvature, slack = slopes(d.f, l)
        agree(d.weight(l), curvature, slack, l, f"weight of {named(d)} must be r f''(r) of its f")


def weight_is_finite_and_precise(d: Divergence) -> None:
    for dtype in _FLOATS:
        l = torch.tensor([10.0**k for k in range(-3, 31)] + [40.0, 80.0, 90.0, 700.0, 720.0], dtype=dtype, device="cpu")
        l = torch.cat([-l, l])
        w = d.weight(l)
        broken = ~(torch.isfinite(w) & (w >= 0))
        require(
            not broken.any(),
            f"weight of {named(d)} must be finite and not negative at every l, saturating at the largest number, but in"
            f" {dtype} it is {w[broken][:3].tolist()} at l = {l[broken][:3].tolist()}; compute its log",
        )

    @for_all(l=log_ratios(40))
    def agrees_with_float64(l: Tensor) -> None:
        single = l.float()
        given, exact = d.weight(single).double(), d.weight(single.double())
        finfo = torch.finfo(torch.float32)
        judged = (exact > finfo.tiny) & (exact < finfo.max)
        # The log of a weight is a sum of terms of at most a few hundred, each rounded by 6e-8 of itself. A weight made
        # of exponentials or differences loses all its digits instead.
        broken = judged & ~((given - exact).abs() <= 1e-3 * exact)
        require(
            not broken.any(),
            f"weight of {named(d)} must keep its precision in float32 for |l| <= 40, but at l ="
            f" {single[broken][:1].tolist()} it is {given[broken][:1].tolist()}, not {exact[broken][:1].tolist()};"
            " compute its log",
        )


def gradients_are_attached(d: Divergence) -> None:
    """f-GAN's objective descends f' and f*∘f'. With a detached one it would train nothing, silently."""
    for name in (
        "f_prime",
        *(n for n in ("conjugate_of_slope", "output_activation") if given_by_plugin(d, Divergence, n)),
    ):
        l = torch.linspace(-1.5, 1.5, 7, dtype=torch.float64, requires_grad=True, device="cpu")
        value = getattr(d, name)(l)
        require(
            value.requires_grad,
            f"{name} of {named(d)} must be differentiable by autograd, but its result is detached",
        )


def can_be_saved(d: Divergence) -> None:
    check_copies(d, lambda a, b: torch.equal(a.f(_GRID), b.f(_GRID)))
