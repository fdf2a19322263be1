"""The base class of training objectives of bidirectional models."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from .._literals import Distribution
from ..architectures import DISTRIBUTIONS
from ..component import Component
from ..divergences import Scaling
from ..objectives import Objective
from ._joint import Batch, Joint, Pair

__all__ = ["JointObjective"]


class JointObjective(Component, ABC):
    """Base class with a critic's objective and a loss of encoder and generator.

    Both use pairs: data with their encodings, which are the critic's numerator, and generated samples with their
    latents.
    """

    #: Whether it uses the estimator's `divergence` and `scale_clip`.
    takes_divergence: ClassVar[bool] = False
    takes_scale_clip: ClassVar[bool] = False
    #: Whether the critic estimates log p_e(x, z)/p_g(x, z).
    gives_log_ratio: ClassVar[bool] = False
    #: Whether pairs may move by theorem 1 instead of steps along the gradient of `loss`.
    takes_flow: ClassVar[bool] = False
    #: Maximum number of levels of latents that it can train.
    max_levels: ClassVar[int | None] = None
    #: Distributions that encoder and generator may have.
    encoders: ClassVar[tuple[Distribution, ...]] = DISTRIBUTIONS
    generators: ClassVar[tuple[Distribution, ...]] = DISTRIBUTIONS

    @abstractmethod
    def critic(self, scaling: Scaling) -> Objective | None:
        """The critic's objective. None if there is no critic."""

    def critic_pairs(self, joint: Joint, batch: Batch) -> tuple[Pair, Pair]:
        """The two kinds of pairs that the critic tells apart, label 1 first."""
        return joint.encode(batch), joint.generate(batch)

    @abstractmethod
    def loss(self, joint: Joint, batch: Batch, critic: Callable[[Tensor, Tensor], Tensor], scaling: Scaling) -> Tensor:
        """The loss of shape () that encoder and generator descend together.

        Parameters
        ----------
        joint : Joint
        batch : Batch
        critic : callable
            Maps data and latents to the critic's outputs (n,), with fixed weights.
        scaling : Scaling
            Scaling of the divergence D_f(p_e‖p_g).
        """
