"""What a critic's objective is."""

from abc import ABC, abstractmethod

from torch import Tensor

from ..component import Component

__all__ = ["Objective"]


class Objective(Component, ABC):
    """A loss over a critic's outputs on two samples, numerator (label 1) first."""

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
        """

    @abstractmethod
    def log_ratio(self, output: Tensor) -> Tensor:
        """log dP/dQ from the critic's output, elementwise, exact at the optimum of the loss."""
