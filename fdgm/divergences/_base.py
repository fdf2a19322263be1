"""The base of the divergences, and all that follows from f, f' and the weight, such as the dual."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from ..component import Component

__all__ = ["Divergence", "DualDivergence"]

_SEARCH = 80.0  # half-width in l of the conjugate's bisection: e^80 is past any ratio that float32 resolves


class Divergence(Component, ABC):
    """D_f(P‖Q) = E_Q[f(dP/dQ)], as elementwise functions of the log-ratio l = log dP/dQ, with r = e^l.

    A subclass defines `f`, `f_prime`, and one of `weight` and `log_weight`. `f` must be convex with f(1) = 0. All
    methods take a floating-point tensor of any shape and return one of the same shape and dtype.

    Notes
    -----
    A divergence does not know which argument is the data. :class:`~fdgm.VGrowSampler` minimises D_f(model‖data), so it
    passes l = −T. T is the critic's log-ratio of data to model.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 2 and table 1.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.weight is Divergence.weight and cls.log_weight is Divergence.log_weight:
            raise TypeError(
                f"{cls.__name__} must define weight(l) or log_weight(l), the r f''(r) of its f; it defines neither."
            )

    @abstractmethod
    def f(self, l: Tensor) -> Tensor:
        """f(e^l), the integrand."""

    @abstractmethod
    def f_prime(self, l: Tensor) -> Tensor:
        """f'(e^l), the derivative with respect to the ratio r."""

    def log_weight(self, l: Tensor) -> Tensor:
        """log of `weight`."""
        return self.weight(l).log()

    def weight(self, l: Tensor) -> Tensor:
        """r f''(r) at r = e^l. It is positive, and the largest finite number where it would overflow."""
        return self.log_weight(l).exp().clamp(max=torch.finfo(l.dtype).max)

    @property
    def dual(self) -> "Divergence":
        """The divergence with its arguments exchanged, f~(r) = r f(1/r)."""
        return DualDivergence(self)

    def f_centered(self, l: Tensor) -> Tensor:
        """f(r) − f'(1)(r − 1), which is never negative and has the same divergence. Estimates average it."""
        slope = self.f_prime(torch.zeros((), dtype=l.dtype, device=l.device))
        return self.f(l) - slope * torch.expm1(l)

    def conjugate_of_slope(self, l: Tensor) -> Tensor:
        """f*(f'(r)) = r f'(r) − f(r) at r = e^l: the conjugate that the universal f-GAN form needs."""
        return l.exp() * self.f_prime(l) - self.f(l)

    def conjugate(self, t: Tensor) -> Tensor:
        """f*(t) = sup over r > 0 of r t − f(r). It is infinite where the supremum is.

        A subclass may give a closed form. Otherwise f'(r) = t is solved by bisection in float64.
        """
        s = t.detach().double()
        low, high = torch.full_like(s, -_SEARCH), torch.full_like(s, _SEARCH)
        beyond = self.f_prime(high) < s
        for _ in range(64):
            middle = (low + high) / 2
            above = self.f_prime(middle) > s
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        value = low.exp() * s - self.f(low)
        return value.masked_fill(beyond, torch.inf).to(t.dtype)

    def log_ratio_from_output(self, v: Tensor) -> Tensor:
        """log r from an f-GAN critic's output v, before `output_activation`."""
        return v

    def output_from_log_ratio(self, l: Tensor) -> Tensor:
        """The inverse of `log_ratio_from_output`: the output of an f-GAN critic that has found log r."""
        return l

    def output_activation(self, v: Tensor) -> Tensor:
        """The map from an f-GAN critic's output v into the domain of the conjugate.

        It is as published if Nowozin et al. (2016, table 2) have it, and the universal f'(e^v) otherwise.
        """
        return self.f_prime(self.log_ratio_from_output(v))

    def conjugate_of_output(self, v: Tensor) -> Tensor:
        """The conjugate at `output_activation`, as one stable function."""
        return self.conjugate_of_slope(self.log_ratio_from_output(v))


class DualDivergence(Divergence):
    """f~(r) = r f(1/r), so that D_f~(P‖Q) = D_f(Q‖P).

    Parameters
    ----------
    primal : Divergence
    """

    def __init__(self, primal: Divergence) -> None:
        self.primal = primal

    def f(self, l: Tensor) -> Tensor:
        return l.exp() * self.primal.f(-l)

    def f_prime(self, l: Tensor) -> Tensor:
        return -self.primal.conjugate_of_slope(-l)

    def log_weight(self, l: Tensor) -> Tensor:
        return self.primal.log_weight(-l) - l

    @property
    def dual(self) -> Divergence:
        return self.primal
