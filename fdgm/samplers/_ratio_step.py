"""A density ratio with a gradient, in place of the critic."""

from collections.abc import Callable

import torch
from sklearn.base import clone
from torch import Tensor

from .. import registry
from ..distributed import current
from ..flows import ValueAndGradient, differentiated
from ..inputs import with_seed
from ..ratios import DensityRatio, with_gradient

__all__ = ["RatioStep", "make_ratio"]


class RatioStep:
    """Counterpart of :class:`~fdgm.nets.CriticStep`: it updates a ratio on two batches, then gives its log-ratio.

    Parameters
    ----------
    ratio : DensityRatio
        It must have a gradient. The first update fits it; the other updates let it follow the samples. Processes that
        share a fit all update it on the rows of all.
    """

    def __init__(self, ratio: DensityRatio) -> None:
        self.ratio = ratio

    def __call__(self, batch_p: Tensor, batch_q: Tensor) -> Tensor:
        """Update the ratio. Return its log-loss on the batches after the update, in nats: a tensor ()."""
        batch_p, batch_q = (current().gather(batch) for batch in (batch_p, batch_q))
        self.ratio.update(*(batch.detach().cpu().numpy() for batch in (batch_p, batch_q)))
        with torch.no_grad():
            p, q = (self.ratio.log_ratio_tensor(batch) for batch in (batch_p, batch_q))
            return torch.nn.functional.softplus(-p).mean() + torch.nn.functional.softplus(q).mean()

    def log_ratio(self) -> Callable[[Tensor], Tensor]:
        """log dP/dQ as a function of points, by the current ratio."""
        return self.ratio.log_ratio_tensor

    def value_and_gradient(self) -> ValueAndGradient:
        """The log-ratio and its gradient, as a function of points."""
        return differentiated(self.ratio.log_ratio_tensor)


def make_ratio(owner: str, ratio: str | DensityRatio, seed: int) -> DensityRatio:
    """An unfitted ratio from what the user gave. It gets a seed if it takes one and has none.

    Raises
    ------
    ValueError
        If it is unknown, or has no gradient for particles to move along.
    """
    made: DensityRatio = clone(registry.make("density_ratio", ratio))
    if not made.has_gradient:
        raise ValueError(
            f"ratio of {owner} must have a gradient, for particles to move along it: one of {with_gradient()} or an"
            f" instance that has one, got {ratio!r}."
        )
    return with_seed(made, seed)
