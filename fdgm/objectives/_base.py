"""What a critic's objective is."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from ..component import Component
from ..regularizers import CriticRegularizer

__all__ = ["Objective"]


class Objective(Component, ABC):
    """A loss over a critic's outputs on two samples, numerator (label 1) first.

    A subclass writes `loss` and `log_ratio`, and `optimum` where that is not the log-ratio itself. What it asks of
    the critic beside its outputs, such as a bounded slope, it names in `regularizers`.

    Attributes
    ----------
    exact : bool
        Whether `log_ratio` is log dP/dQ at the optimum of the loss, or only stands in for it.
    antisymmetric : bool
        Whether the loss treats both samples alike, so that exchanging them only changes the sign of the log-ratio at
        the optimum.
    n_critic_steps : int
        Updates of the critic for each of a GAN's generator, where :class:`~fdgm.GANSampler` is given no number.
    learning_rates : tuple of two floats
        Of a GAN's critic and generator, where it is given none: for Adam, and data in standard deviations.
    """

    exact: ClassVar[bool] = True
    antisymmetric: ClassVar[bool] = False
    n_critic_steps: ClassVar[int] = 1
    learning_rates: ClassVar[tuple[float, float]] = (1e-3, 4e-4)

    @abstractmethod
    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        """The loss to minimise.

        Parameters
        ----------
        output_p : Tensor of shape (n_p,)
            Outputs on the sample of the numerator; of data, for a generative model.
        output_q : Tensor of shape (n_q,)

        Returns
        -------
        Tensor of shape ()
            A mean over each sample, so that their sizes do not matter.
        """

    def loss_and_slopes(self, output_p: Tensor, output_q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its derivatives by the outputs of either sample: (), (n_p,) and (n_q,), with no graph.

        An objective may write them down where that is quicker than autograd.
        """
        with torch.enable_grad():
            p, q = output_p.detach().requires_grad_(), output_q.detach().requires_grad_()
            loss = self.loss(p, q)
            slope_p, slope_q = torch.autograd.grad(loss, [p, q])
        return loss.detach(), slope_p, slope_q

    @abstractmethod
    def log_ratio(self, output: Tensor) -> Tensor:
        """log dP/dQ from the critic's output, elementwise; what stands in for it, where `exact` is false."""

    def optimum(self, log_ratio: Tensor) -> Tensor:
        """The output that minimises the loss where log dP/dQ is `log_ratio`, elementwise.

        Raises
        ------
        NotImplementedError
            If the best output at a point depends on other points.
        """
        return log_ratio

    def generator_loss(self, output: Tensor) -> Tensor:
        """The loss () that a GAN's generator descends, over the critic's outputs (n,) on its rows.

        Unless the objective has a rule of its own it is −E[log_ratio]: the rows follow the log-ratio's gradient.
        """
        return -self.log_ratio(output).mean()

    def clashes(self, other: Component) -> str | None:
        """Why this cannot go together with `other`, a regularizer; None where it can."""
        return None

    @property
    def regularizers(self) -> tuple[CriticRegularizer, ...]:
        """What the objective asks of the critic itself."""
        return ()
