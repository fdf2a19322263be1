"""The critic that was best on held-out rows, and whether the last is as good."""

import math
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor

from ..nets import StopTraining
from ._logistic_net import RatioNet

__all__ = ["Best", "BestKeeper"]


class Best:
    """The weights of the least held-out loss so far.

    Attributes
    ----------
    losses : Tensor of shape (n_blocks,)
        Held-out losses by blocks of rows.
    first : Tensor of shape (n_blocks,)
        The same before the first iteration.
    iteration : int
        After which they were reached; 0 before the first.
    weights : dict
    kept : int
        The iteration whose weights were kept in the end.
    """

    def __init__(self, *, kept: int = 0) -> None:
        self.losses = self.first = torch.tensor([math.inf], dtype=torch.float32, device="cpu")
        self.iteration = 0
        self.weights: dict[str, dict[str, Tensor]] = {}
        self.kept = kept

    def look(self, net: RatioNet, iteration: int) -> None:
        """Take the net's weights if its held-out loss is less."""
        losses = net.held_out_losses()
        if iteration == 0:
            self.first = losses
        if not self.weights or losses.mean() < self.losses.mean():
            self.losses, self.iteration, self.weights = losses, iteration, net.weights()

    def settle(self, net: RatioNet) -> None:
        """Go back to the best weights, unless the last ones are as good to within a standard error.

        The least of many losses is partly least by luck, and the last weights, at the end of the falling learning
        rate, are the quietest: so they have the benefit of the doubt. Not so where the best have no more to say than
        the first, by a standard error: there is nothing to learn then, and what the last say is noise.
        """
        excess, error = _mean_and_error(net.held_out_losses() - self.losses)
        gain, gain_error = _mean_and_error(self.first - self.losses)
        self.kept = len(net.history)
        if not (excess <= error and gain > gain_error):
            net.set_weights(self.weights)
            self.kept = self.iteration
        self.weights = {}

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights and losses, under flat names."""
        weights = {f"{m}/{k}": v.cpu().numpy() for m, state in self.weights.items() for k, v in state.items()}
        return {"losses": self.losses.cpu().numpy(), "first": self.first.cpu().numpy(), **weights}

    def values(self) -> dict[str, int]:
        """Everything else."""
        return {"iteration": self.iteration, "kept": self.kept}

    def restore(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Put back what `arrays` and `values` gave."""
        self.iteration, self.kept = values["iteration"], values["kept"]
        for name, array in arrays.items():
            module, _, key = name.partition("/")
            if key:
                self.weights.setdefault(module, {})[key] = torch.from_numpy(array)
        self.losses, self.first = (torch.from_numpy(arrays[name]) for name in ("losses", "first"))


def _mean_and_error(differences: Tensor) -> tuple[float, float]:
    """Mean over the blocks, and its standard error."""
    differences = differences.double()
    n = len(differences)
    return differences.mean().item(), differences.std().item() / math.sqrt(n) if n > 1 else 0.0


class BestKeeper(Callback):
    """Look after each iteration.

    Parameters
    ----------
    best : Best
    patience : int or None
        Iterations without a better one that end training.
    """

    def __init__(self, best: Best, patience: int | None) -> None:
        self.best = best
        self.patience = patience

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        iteration = len(net.history)
        self.best.look(net, iteration)
        if self.patience is not None and iteration - self.best.iteration >= self.patience:
            raise StopTraining("no_change")
