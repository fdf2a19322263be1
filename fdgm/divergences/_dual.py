"""The divergence with its arguments exchanged, for any divergence."""

from torch import Tensor

from ._base import Divergence

__all__ = ["DualDivergence"]


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
