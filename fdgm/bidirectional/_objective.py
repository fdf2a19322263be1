"""What trains critic, encoder and generator of a bidirectional model."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from ..architectures import DISTRIBUTIONS
from ..component import Component
from ..divergences import Scaling
from ..objectives import Objective
from ._joint import Batch, Joint, Pair

__all__ = ["JointObjective"]


class JointObjective(Component, ABC):
    """A critic's objective, and a loss of encoder and generator under which they move.

    Both are of pairs: of data with their encodings, which the critic has as its numerator, and of generated rows with
    the latents that they came from.
    """

    #: Whether the estimator's `divergence` and `scale_clip` mean anything to it.
    takes_divergence: ClassVar[bool] = False
    takes_scale_clip: ClassVar[bool] = False
    #: Whether the critic tells log p_e(x, z)/p_g(x, z).
    gives_log_ratio: ClassVar[bool] = False
    #: Levels of latents that it can train, at most.
    max_levels: ClassVar[int | None] = None
    #: Distributions that encoder and generator may have.
    encoders: ClassVar[tuple[str, ...]] = DISTRIBUTIONS
    generators: ClassVar[tuple[str, ...]] = DISTRIBUTIONS

    @abstractmethod
    def critic(self, scaling: Scaling) -> Objective | None:
        """The critic's objective; None if there is no critic."""

    def critic_pairs(self, joint: Joint, batch: Batch) -> tuple[Pair, Pair]:
        """What the critic tells apart, label 1 first."""
        return joint.encode(batch), joint.generate(batch)

    @abstractmethod
    def loss(self, joint: Joint, batch: Batch, critic: Callable[[Tensor, Tensor], Tensor], scaling: Scaling) -> Tensor:
        """What encoder and generator descend together, of shape ().

        Parameters
        ----------
        joint : Joint
        batch : Batch
        critic : callable
            From data and latents to the critic's outputs (n,), with its weights held fixed.
        scaling : Scaling
            Of the divergence D_f(p_e‖p_g).
        """
