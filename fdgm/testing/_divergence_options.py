"""Checks of what a divergence may define: dual, conjugates, output activation, log of the weight."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from ..divergences import Divergence
from ._check import Property, named, require
from ._component import given_by_plugin
from ._hypotheses import for_all, log_ratios
from ._slopes import ROUNDING, TOLERANCE, agree, centered, dual_f, slopes

__all__ = ["optional_properties"]


def optional_properties(d: Divergence) -> list[Property]:
    """The checks of those that the plugin defines."""
    given = {
        log_weight_is_the_log_of_the_weight: given_by_plugin(d, Divergence, "weight")
        and given_by_plugin(d, Divergence, "log_weight"),
        dual_exchanges_the_arguments: given_by_plugin(d, Divergence, "dual"),
        conjugate_is_the_supremum: given_by_plugin(d, Divergence, "conjugate"),
        conjugate_of_slope_is_the_conjugate_at_f_prime: given_by_plugin(d, Divergence, "conjugate_of_slope"),
        output_activation_is_the_slope: given_by_plugin(d, Divergence, "output_activation"),
        conjugate_of_output_is_the_conjugate_there: given_by_plugin(d, Divergence, "conjugate_of_output"),
        output_from_log_ratio_is_the_inverse: given_by_plugin(d, Divergence, "output_from_log_ratio")
        or given_by_plugin(d, Divergence, "log_ratio_from_output"),
        f_centered_is_f_without_its_slope: given_by_plugin(d, Divergence, "f_centered"),
    }
    return [holds for holds, applies in given.items() if applies]


def log_weight_is_the_log_of_the_weight(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def agrees(l: Tensor) -> None:
        w = d.weight(l)
        positive = w > 0
        expected = w[positive].log()
        what = f"log_weight of {named(d)} must be the log of its weight"
        if positive.any():
            agree(d.log_weight(l)[positive], expected, TOLERANCE * (1 + expected.abs()), l[positive], what)


def dual_exchanges_the_arguments(d: Divergence) -> None:
    dual = d.dual
    require(isinstance(dual, Divergence), f"dual of {named(d)} must be a Divergence, got {dual!r}")

    @for_all(l=log_ratios(8))
    def is_the_dual(l: Tensor) -> None:
        slope, curvature, slack = slopes(dual_f(d), l)
        of_value = l.exp() * slack
        what = f"of the dual of {named(d)} must be that of r f(1/r)"
        agree(centered(dual)(l), dual_f(d)(l), of_value, l, f"f {what}")
        agree(dual.f_prime(l), slope, slack, l, f"f_prime {what}")
        agree(dual.weight(l), curvature, slack, l, f"weight {what}")
        agree(
            centered(dual.dual)(l),
            centered(d)(l),
            of_value,
            l,
            f"the dual of the dual of {named(d)} must have its f",
        )


def conjugate_is_the_supremum(d: Divergence) -> None:
    f = centered(d)

    @for_all(s=log_ratios(5))
    def is_tight_where_t_is_a_slope(s: Tensor) -> None:
        t, curvature, slack = slopes(f, s)
        expected = s.exp() * t - f(s)
        # The rounding of t moves r by that rounding over f''. Closed forms divide by the distance to the end of their
        # domain, and so by that error of l.
        of_t = ROUNDING * (1 + t.abs()) * (1 + s.exp()) * (1 + 1 / curvature.abs()) * (1 + expected.abs())
        what = f"conjugate of {named(d)} must be the supremum of r t - f(r), at a slope t of f"
        agree(d.conjugate(t), expected, s.exp() * slack + of_t, s, what)

    @for_all(l=log_ratios(6), t=st.floats(-10, 10))
    def no_point_exceeds_it(l: Tensor, t: float) -> None:
        given = d.conjugate(torch.full_like(l, t))
        bound = f(l) + given  # Fenchel–Young
        reached = l.exp() * t
        worst = int((reached - bound).nan_to_num(torch.inf).argmax())
        require(
            reached[worst] <= bound[worst] + 1e-8 * (1 + f(l)[worst].abs() + reached[worst].abs()),
            f"conjugate of {named(d)} must be the supremum of r t - f(r), but at t = {t:.6g} it is"
            f" {given[worst].item():.9g}, and r = {l[worst].exp().item():.6g} gives"
            f" {(reached - f(l))[worst].item():.9g}",
        )


def conjugate_of_slope_is_the_conjugate_at_f_prime(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def agrees_with_autograd(l: Tensor) -> None:
        slope, _, slack = slopes(centered(d), l)
        expected = l.exp() * slope - centered(d)(l)
        agree(
            d.conjugate_of_slope(l),
            expected,
            l.exp() * slack,
            l,
            f"conjugate_of_slope of {named(d)} must be r f' - f",
        )


def output_activation_is_the_slope(d: Divergence) -> None:
    v = torch.linspace(-1.9, 5, 70, dtype=torch.float64, device="cpu")
    l = d.log_ratio_from_output(v)
    inside = torch.isfinite(l) & (l.abs() < 20)
    slope, _, slack = slopes(d.f, l[inside])
    what = f"output_activation of {named(d)} must be f_prime at its log_ratio_from_output"
    agree(d.output_activation(v)[inside], slope, slack, l[inside], what)


def conjugate_of_output_is_the_conjugate_there(d: Divergence) -> None:
    v = torch.linspace(-1.9, 5, 70, dtype=torch.float64, device="cpu")
    l = d.log_ratio_from_output(v)
    inside = torch.isfinite(l) & (l.abs() < 20)
    slope, _, slack = slopes(d.f, l[inside])
    expected = l[inside].exp() * slope - d.f(l[inside])
    what = f"conjugate_of_output of {named(d)} must be r f' - f at its log_ratio_from_output"
    agree(d.conjugate_of_output(v)[inside], expected, l[inside].exp() * slack, l[inside], what)


def output_from_log_ratio_is_the_inverse(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def is_undone(l: Tensor) -> None:
        back = d.log_ratio_from_output(d.output_from_log_ratio(l))
        slack = 1e-6 * (1 + l.abs().exp())  # for outputs that a ratio far from 1 hardly moves
        what = f"output_from_log_ratio of {named(d)} must be undone by log_ratio_from_output"
        agree(back, l, slack, l, what)


def f_centered_is_f_without_its_slope(d: Divergence) -> None:
    @for_all(l=log_ratios(8))
    def agrees(l: Tensor) -> None:
        value, slack = centered(d)(l), TOLERANCE * (1 + l.exp())
        agree(d.f_centered(l), value, slack, l, f"f_centered of {named(d)} must be f(r) - f'(1)(r - 1)")
