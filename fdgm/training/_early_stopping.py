"""Stop when held-out rows say that samples no longer get better, and keep the best generator."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from ..metrics import energy_distance
from ..nets import StopTraining

__all__ = ["Best", "EarlyStopping"]


class Best:
    """The best networks so far by the energy distance to held-out rows.

    Attributes
    ----------
    distance : float
    loop : int
        Outer loop after which it was reached, counted from 1; 0 before the first.
    n_worse : int
        Comparisons since.
    weights : dict
    """

    def __init__(self) -> None:
        self.distance = math.inf
        self.loop = 0
        self.n_worse = 0
        self.weights: dict[str, dict[str, torch.Tensor]] = {}

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights, under flat names."""
        return {f"{m}/{k}": v.cpu().numpy() for m, state in self.weights.items() for k, v in state.items()}

    def values(self) -> dict[str, float]:
        """Everything else."""
        return {"distance": self.distance, "loop": self.loop, "n_worse": self.n_worse}

    def restore(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Put back what `arrays` and `values` gave."""
        self.distance, self.loop, self.n_worse = values["distance"], values["loop"], values["n_worse"]
        for name, array in arrays.items():
            module, _, key = name.partition("/")
            self.weights.setdefault(module, {})[key] = torch.from_numpy(array)


class EarlyStopping(Callback):
    """Compare every few outer loops.

    Parameters
    ----------
    best : Best
        Where the best is kept.
    held_out : ndarray of shape (n_rows, *row_shape)
        Scaled.
    draw : callable
        ``draw(n)`` gives n scaled rows of the model, from the same latents at each call.
    every : int
        Outer loops between comparisons.
    patience : int
        Comparisons without a better one that end training.
    """

    def __init__(
        self, best: Best, held_out: np.ndarray, draw: Callable[[int], np.ndarray], *, every: int, patience: int
    ) -> None:
        self.best = best
        self.held_out = held_out
        self.draw = draw
        self.every = every
        self.patience = patience

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        loop = len(net.history)
        if loop % self.every:
            return
        best = self.best
        distance = energy_distance(self.held_out, self.draw(len(self.held_out)))
        net.history.record("held_out_distance", distance)
        if distance < best.distance:
            best.distance, best.loop, best.n_worse, best.weights = distance, loop, 0, net.weights()
            return
        best.n_worse += 1
        if best.n_worse >= self.patience:
            raise StopTraining("early_stopping")
