"""The state of a net after a whole iteration, to go back to from the middle of the next one."""

from typing import Any

from torch import Tensor

from ._net import MultiNet

__all__ = ["Whole"]


class Whole:
    """A copy of all that an iteration changes in a net: weights, optimizers, random streams and the watch's state.

    Parameters
    ----------
    net : MultiNet
        The net after an iteration.
    """

    def __init__(self, net: MultiNet) -> None:
        self.n_loops = len(net.history)
        self.weights = net.weights().copy()
        self.optimizers = {name: _copied(getattr(net, name).state) for name in net.optimizer_names}
        self.streams = {name: getattr(net, name).get_state() for name in net.stream_names}
        self.watch = None if net.watch_ is None else net.watch_.to_state()
        self.good = net.good_, net.good_loop_

    def put_back(self, net: MultiNet) -> None:
        """Restore the net."""
        net.set_weights(self.weights)
        for name, state in self.optimizers.items():
            live = getattr(net, name).state
            live.clear()
            live.update(_copied(state))
        for name, stream in self.streams.items():
            getattr(net, name).set_state(stream)
        if net.watch_ is not None and self.watch is not None:
            net.watch_.from_state(self.watch)
        net.good_, net.good_loop_ = self.good
        del net.history[self.n_loops :]


def _copied(state: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {
        parameter: {name: value.clone() if isinstance(value, Tensor) else value for name, value in fields.items()}
        for parameter, fields in state.items()
    }
