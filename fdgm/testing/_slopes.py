"""Derivatives of a divergence's f by autograd, to compare the rest with."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..divergences import Divergence
from ._check import require

__all__ = ["ROUNDING", "TOLERANCE", "agree", "centered", "dual_f", "slopes"]

# f, f' and f* take some float64 operations. Each rounds by 1e-16 of its terms. The first number is 10^4 roundings of
# the terms whose difference a value is. The second is 10^7 roundings of the value itself.
ROUNDING, TOLERANCE = 1e-12, 1e-9


def centered(d: Divergence) -> Callable[[Tensor], Tensor]:
    """f minus f(1), which has its own check."""
    return lambda l: d.f(l) - d.f(torch.zeros_like(l))


def dual_f(d: Divergence) -> Callable[[Tensor], Tensor]:
    """r f(1/r)."""
    return lambda l: l.exp() * centered(d)(-l)


def slopes(f: Callable[[Tensor], Tensor], l: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """f'(r), r f''(r) and their possible rounding error, by autograd over l."""
    l = l.detach().clone().requires_grad_()
    value = f(l)
    (first,) = torch.autograd.grad(value.sum(), l, create_graph=True)  # r f'
    second = torch.zeros_like(l)  # r f' + r² f''
    if first.requires_grad:
        (second,) = torch.autograd.grad(first.sum(), l)
    r, first, second = l.detach().exp(), first.detach(), second.detach()
    size = (value.detach().abs() + first.abs() + second.abs() + r + 1) / r
    return first / r, (second - first) / r, ROUNDING * size


def agree(given: Tensor, expected: Tensor, slack: Tensor, l: Tensor, what: str) -> None:
    """Require that the two agree within the tolerance and the slack, or show the point where they differ most."""
    error = (given - expected).abs()
    excess = torch.where(given == expected, 0.0, error - slack - TOLERANCE * expected.abs()).nan_to_num(torch.inf)
    worst = int(excess.argmax())
    at = f"{l[worst].item():.6g}, r = {l[worst].exp().item():.6g}"
    require(
        excess[worst] <= 0, f"{what}: at l = {at} it is {given[worst].item():.9g}, not {expected[worst].item():.9g}"
    )
