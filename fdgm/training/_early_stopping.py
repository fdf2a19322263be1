"""Stop training when samples no longer get closer to held-out rows, and keep the best generator."""

import copy
import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch

from ..distributed import current
from ..metrics import energy_distance
from ..nets import MultiNet, StopTraining
from ..persistence import State
from ._whole import Keeper

__all__ = ["BestGenerator", "BestGeneratorKeeper"]


class BestGenerator:
    """The best networks so far by the energy distance to held-out rows.

    Attributes
    ----------
    distance : float
    loop : int
        Iteration after which it was reached, counted from 1. 0 before the first comparison.
    n_worse : int
        Number of comparisons since then.
    weights : State or None
    """

    def __init__(self) -> None:
        self.distance = math.inf
        self.loop = 0
        self.n_worse = 0
        self.weights: State | None = None

    def settle(self, net: MultiNet) -> None:
        """Give the net the best networks, if there was a comparison."""
        if self.weights is not None:
            net.set_weights(self.weights)
            self.weights = None

    def to_state(self) -> State:
        """The whole state, for a file."""
        distance = torch.tensor(self.distance, dtype=torch.float64, device="cpu")
        parts = {} if self.weights is None else {"weights": self.weights}
        return State({"distance": distance}, {"loop": self.loop, "n_worse": self.n_worse}, parts)

    @classmethod
    def from_state(cls, state: State, net: MultiNet) -> Self:
        """Restore what `to_state` gave, for a net like this one."""
        best = cls()
        best.distance = state.tensor("distance", (), torch.float64, finite=False).item()
        best.loop, best.n_worse = state.integer("loop"), state.integer("n_worse")
        if state.has("weights"):
            best.weights = net.checked_weights(state.part("weights"))
        return best


class BestGeneratorKeeper(Keeper):
    """Callback of early stopping, which compares every few iterations.

    Parameters
    ----------
    best : BestGenerator
        Keeps the best networks.
    X_val : ndarray of shape (n_rows, *row_shape)
        Scaled rows.
    sample : callable
        ``sample(n)`` gives n scaled samples of the model, from the same latents at each call.
    every : int
        Iterations between comparisons.
    patience : int
        Number of comparisons without improvement that ends training.
    """

    def __init__(
        self, best: BestGenerator, X_val: np.ndarray, sample: Callable[[int], np.ndarray], *, every: int, patience: int
    ) -> None:
        self.best = best
        self.X_val = X_val
        self.sample = sample
        self.every = every
        self.patience = patience

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        loop = len(net.history)
        if loop % self.every:
            return
        best = self.best
        group, distance = current(), math.nan
        if group.rank == 0:
            distance = energy_distance(self.X_val, self.sample(len(self.X_val)))
        distance = group.first(distance)
        net.history.record("held_out_distance", distance)
        if distance < best.distance:
            best.distance, best.loop, best.n_worse, best.weights = distance, loop, 0, net.weights().copy()
            return
        best.n_worse += 1
        if best.n_worse >= self.patience:
            raise StopTraining("early_stopping")

    def noted(self) -> BestGenerator:
        return copy.copy(self.best)

    def put_back(self, noted: BestGenerator) -> None:
        vars(self.best).update(vars(noted))
