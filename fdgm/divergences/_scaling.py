"""The factor by which a divergence scales a gradient, with a clamped ratio, and AGE-ALL."""

import math
from dataclasses import dataclass
from numbers import Real

from torch import Tensor

from .. import registry
from ._base import Divergence
from ._kl import KL

__all__ = ["Scaling"]


@dataclass(frozen=True)
class Scaling:
    """The weight of a divergence at the clamped ratio.

    Parameters
    ----------
    divergence : Divergence
    scale_clip : float in (0, 1] or None
        The log-ratio is clamped to [log r0, −log r0] before the weight; None clamps nothing.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 3.2.
    """

    divergence: Divergence
    scale_clip: float | None = None

    @classmethod
    def make(
        cls, divergence: str | Divergence, scale_clip: float | str | None, *, auto: float | None = None
    ) -> "Scaling":
        """Make a scaling from what a user gave.

        The name ``"all"`` is `kl` at a scaling clip of 1, where every weight is one. ``scale_clip="auto"`` is the
        clip of ``"all"`` with that name, and `auto` with any other.

        Raises
        ------
        ValueError
            If the name is unknown, the clip out of range, or ``"all"`` comes with a clip of its own.
        """
        if isinstance(divergence, str) and divergence == "all":
            if scale_clip not in (None, "auto"):
                raise ValueError(
                    "scale_clip must be None or 'auto' with divergence='all', which clamps the ratio to 1, got"
                    f" {scale_clip!r}."
                )
            return cls(KL(), 1.0)
        if scale_clip == "auto":
            return cls(registry.make("divergence", divergence), auto)
        if scale_clip is not None and (not isinstance(scale_clip, Real) or not 0 < scale_clip <= 1):
            raise ValueError(f"scale_clip must be None, 'auto' or a number in (0, 1], got {scale_clip!r}.")
        return cls(registry.make("divergence", divergence), scale_clip)

    def generator_weight(self, t: Tensor) -> Tensor:
        """s_θ = weight_f~(−T) = r² f''(r) at r = e^T: the weight of a generator's step along ∇T in AGE."""
        return self.dual.weight(-t)

    @property
    def dual(self) -> "Scaling":
        """The scaling of the divergence with its arguments exchanged."""
        return Scaling(self.divergence.dual, self.scale_clip)

    def clamp(self, l: Tensor) -> Tensor:
        """Clamp l."""
        if self.scale_clip is None:
            return l
        bound = -math.log(self.scale_clip)
        return l.clamp(-bound, bound)

    def weight(self, l: Tensor) -> Tensor:
        """The weight at the clamped log-ratio, as a constant: no gradient passes through it."""
        return self.divergence.weight(self.clamp(l.detach()))
