"""AGE: a logistic critic, and a generator that follows the gradient of any f-divergence."""

from typing import Self

from sklearn.base import clone
from torch import Tensor

from .._literals import Auto
from ..component import Component
from ..divergences import Divergence, Scaling
from ..regularizers import FeatureMatching
from ._logistic import LogisticCritic

__all__ = ["AGE"]

_AUTO_CLIP = 0.1


class AGE(LogisticCritic):
    """AGE: the generator follows the gradient of D_f(data‖model), with the ratio of a logistic critic.

    Samples follow s ∇T with s = r² f''(r) and r = e^T. The weight s is constant within each step. The value of the
    generator's loss, −E_q[s T], therefore has no meaning.

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (weights of one), or an instance.
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken. None clamps nothing.
        ``"auto"`` is 0.1. ``divergence="all"`` has its own clip and takes none here.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 3.2 and
    appendix B, theorem 2.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import AGE
    >>> t = torch.zeros(2, requires_grad=True)
    >>> AGE("js").generator_loss(t).backward()
    >>> t.grad  # −σ(0), over two rows
    tensor([-0.2500, -0.2500])
    """

    def __init__(self, divergence: str | Divergence = "kl", *, scale_clip: float | Auto | None = "auto") -> None:
        self.divergence = divergence
        self.scale_clip = scale_clip

    def generator_loss(self, output: Tensor) -> Tensor:
        return -(self._scaling().generator_weight(output) * output).mean()

    def resolved(self) -> Self:
        scaling = self._scaling()
        return clone(self).set_params(divergence=scaling.divergence, scale_clip=scaling.scale_clip)

    def _scaling(self) -> Scaling:
        return Scaling.make(self.divergence, self.scale_clip, auto=_AUTO_CLIP)

    def clashes(self, other: Component) -> str | None:
        if isinstance(other, FeatureMatching):
            return (
                "its divergence weighs the generator's gradient, which feature matching replaces; objective='logistic'"
                " has the same critic"
            )
        return None
