"""Callbacks, as a user may write them, that disturb a training or count its updates."""

from collections import Counter

import torch
from skorch.callbacks import Callback


class AtUpdate(Callback):
    """Raises an error before the nth update of a network, counted from an iteration on."""

    def __init__(self, error, nth=1, *, iteration=1):
        self.error = error
        self.nth = nth
        self.iteration = iteration

    def on_grad_computed(self, net, **kwargs):
        if len(net.history) >= self.iteration:
            self.nth -= 1
            if self.nth == 0:
                raise self.error


class Fills(Callback):
    """Sets all weights of a network to one value as an iteration begins, and those that follow it."""

    def __init__(self, value, network, *, iteration):
        self.value = value
        self.network = network
        self.iteration = iteration

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) >= self.iteration:
            with torch.no_grad():
                for parameter in getattr(net, self.network).parameters():
                    parameter.fill_(self.value)


class BreaksGradients(Callback):
    """Turns a network's gradients into NaN in each update from an iteration on."""

    def __init__(self, network, *, iteration):
        self.network = network
        self.iteration = iteration

    def on_grad_computed(self, net, named_parameters, **kwargs):
        if len(net.history) >= self.iteration:
            for name, parameter in named_parameters:
                if name.startswith(f"{self.network}."):
                    parameter.grad.fill_(float("nan"))


class CountsUpdates(Callback):
    """Counts the updates of each network by its name."""

    def __init__(self):
        self.n_updates = Counter()

    def on_grad_computed(self, net, named_parameters, **kwargs):
        self.n_updates[named_parameters[0][0].partition(".")[0]] += 1
