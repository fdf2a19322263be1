"""The base class of a critic's objectives."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import torch
from torch import Tensor

from ..component import Component
from ..regularizers import CriticRegularizer

__all__ = ["Objective"]


class Objective(Component, ABC):
    """A loss over a critic's outputs on two samples, numerator (label 1) first.

    A subclass implements `loss` and `log_ratio`, and also `optimum` if that is not the log-ratio itself. In
    `regularizers` it names what else it needs of the critic, such as a bounded slope.

    Attributes
    ----------
    exact : bool
        Whether `log_ratio` is log dP/dQ at the optimum of the loss. Otherwise it only stands in for it.
    antisymmetric : bool
        Whether the loss treats both samples alike, so that exchanging them only changes the sign of the log-ratio at
        the optimum.
    n_critic_steps : int
        Default of :class:`~fdgm.GANSampler`: updates of the critic for each update of the generator.
    relative : bool
        Whether the loss only sees differences between outputs on the two samples. The log-ratio is then known up to a
        constant, which a sampler finds from E_q[e^T] = 1, and the generator descends `paired_generator_loss`.
    learning_rates : tuple of two floats
        Default learning rates of a GAN's critic and generator, for Adam and data in standard deviations.
    betas : tuple of two floats
        Adam's default decay rates for both.
    """

    exact: ClassVar[bool] = True
    antisymmetric: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    n_critic_steps: ClassVar[int] = 1
    learning_rates: ClassVar[tuple[float, float]] = (1e-3, 4e-4)
    betas: ClassVar[tuple[float, float]] = (0.5, 0.9)

    @abstractmethod
    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        """The loss to minimise.

        Parameters
        ----------
        output_p : Tensor of shape (n_p,)
            Outputs on the sample of the numerator, which is the data for a generative model.
        output_q : Tensor of shape (n_q,)

        Returns
        -------
        Tensor of shape ()
            A mean over each sample, so that their sizes do not matter.
        """

    def loss_and_slopes(self, output_p: Tensor, output_q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss () and its derivatives (n_p,) and (n_q,) with respect to the outputs, without a graph.

        An objective may implement them directly if that is faster than autograd.
        """
        with torch.enable_grad():
            p, q = output_p.detach().requires_grad_(), output_q.detach().requires_grad_()
            loss = self.loss(p, q)
            slope_p, slope_q = torch.autograd.grad(loss, [p, q])
        return loss.detach(), slope_p, slope_q

    @abstractmethod
    def log_ratio(self, output: Tensor) -> Tensor:
        """log dP/dQ from the critic's output, elementwise. If `exact` is false, what stands in for it."""

    def optimum(self, log_ratio: Tensor) -> Tensor:
        """The output that minimises the loss where log dP/dQ is `log_ratio`, elementwise.

        Raises
        ------
        NotImplementedError
            If the best output at a point depends on other points.
        """
        return log_ratio

    def generator_loss(self, output: Tensor) -> Tensor:
        """The loss () that a GAN's generator descends, from the critic's outputs (n,) on its samples.

        Unless the objective has its own rule it is −E[log_ratio]: samples follow the log-ratio's gradient.
        """
        return -self.log_ratio(output).mean()

    def paired_generator_loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        """The loss () that a GAN's generator descends if the objective is `relative`, from the critic's outputs on
        data (n_p,) and on its own samples (n_q,). Unless the objective has its own rule it is `generator_loss`.
        """
        return self.generator_loss(output_q)

    def clashes(self, other: Component) -> str | None:
        """The reason why this cannot be combined with the regularizer `other`. None if it can."""
        return None

    def resolved(self) -> Self:
        """The same objective with its parts looked up by name, for training, which uses it at every batch."""
        return self

    @property
    def regularizers(self) -> tuple[CriticRegularizer, ...]:
        """The regularizers that the objective needs."""
        return ()
