"""Keep the critic that is best on held-out rows, unless the last one is as good."""

import copy
import math
from typing import Any, Self

import torch
from torch import Tensor

from ..nets import StopTraining
from ..persistence import State
from ..training import Keeper
from ._logistic_net import RatioNet

__all__ = ["BestCritic", "BestCriticKeeper"]


class BestCritic:
    """The weights with the smallest held-out loss so far.

    Attributes
    ----------
    losses : Tensor of shape (n_blocks,)
        Smallest held-out losses, by blocks of rows.
    first : Tensor of shape (n_blocks,)
        Losses before the first iteration.
    iteration : int
        Iteration after which the smallest losses were reached. 0 before the first.
    weights : State or None
    kept : int
        The iteration whose weights are kept: at the end the best, until then the last.
    """

    def __init__(self, *, kept: int = 0) -> None:
        self.losses = self.first = torch.tensor([math.inf], dtype=torch.float32, device="cpu")
        self.iteration = 0
        self.weights: State | None = None
        self.kept = kept

    def look(self, net: RatioNet, iteration: int) -> None:
        """Keep the net's weights if its held-out loss is smaller."""
        losses = net.held_out_losses()
        if iteration == 0:
            self.first = losses
        self.kept = iteration
        if self.weights is None or losses.mean() < self.losses.mean():
            self.losses, self.iteration, self.weights = losses, iteration, net.weights().copy()

    def settle(self, net: RatioNet) -> None:
        """Go back to the best weights, unless the last ones are as good to within a standard error.

        The smallest of many losses is partly luck. The last weights have the least noise, since the learning rate has
        fallen, so they win a tie. They do not if the best weights beat the first by less than a standard error. Then
        there was nothing to learn, and the last weights are noise.
        """
        self.kept = len(net.history)
        if net.held_out_ is None:
            return
        excess, error = _mean_and_error(net.held_out_losses() - self.losses)
        gain, gain_error = _mean_and_error(self.first - self.losses)
        if not (excess <= error and gain > gain_error) and self.weights is not None:
            net.set_weights(self.weights)
            self.kept = self.iteration
        self.weights = None
        net.held_out_ = None

    def to_state(self) -> State:
        """The whole state, for a file."""
        parts = {} if self.weights is None else {"weights": self.weights}
        return State(
            {"losses": self.losses, "first": self.first}, {"iteration": self.iteration, "kept": self.kept}, parts
        )

    @classmethod
    def from_state(cls, state: State, net: RatioNet) -> Self:
        """Restore what `to_state` gave, for a net like this one."""
        best = cls(kept=state.integer("kept"))
        best.iteration = state.integer("iteration")
        best.losses = state.tensor("losses", (None,), torch.float32, finite=False).to(net.device)
        best.first = state.tensor("first", (len(best.losses),), torch.float32, finite=False).to(net.device)
        if state.has("weights"):
            best.weights = net.checked_weights(state.part("weights"))
        return best


def _mean_and_error(differences: Tensor) -> tuple[float, float]:
    """The mean over the blocks, and its standard error."""
    differences = differences.double()
    n = len(differences)
    return differences.mean().item(), differences.std().item() / math.sqrt(n) if n > 1 else 0.0


class BestCriticKeeper(Keeper):
    """Callback that compares after each iteration.

    Parameters
    ----------
    best : BestCritic
    patience : int or None
        Number of iterations without improvement that ends training.
    """

    def __init__(self, best: BestCritic, patience: int | None) -> None:
        self.best = best
        self.patience = patience

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        iteration = len(net.history)
        self.best.look(net, iteration)
        if self.patience is not None and iteration - self.best.iteration >= self.patience:
            raise StopTraining("no_change")

    def noted(self) -> BestCritic:
        return copy.copy(self.best)

    def put_back(self, noted: BestCritic) -> None:
        vars(self.best).update(vars(noted))
