"""Skorch callbacks that keep something, and the last whole iteration, to which a fit returns if it stops in one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from skorch.callbacks import Callback

from ..nets import Whole

__all__ = ["Keeper", "LastWhole"]


class Keeper(Callback, ABC):
    """A callback that keeps something of the iterations, and forgets an iteration that did not end."""

    @abstractmethod
    def noted(self) -> Any:
        """A copy of what it keeps."""

    @abstractmethod
    def put_back(self, noted: Any) -> None:
        """Restore what `noted` gave."""


class LastWhole(Callback):
    """Note the state of net and keepers after each iteration, before and again after the user's callbacks.

    Parameters
    ----------
    model : Trainable
    keepers : sequence of Keeper
    """

    def __init__(self, model: Any, keepers: Sequence[Keeper]) -> None:
        self.model = model
        self.keepers = keepers
        self._last: tuple[Whole, list[Any]] | None = None

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        if net.history:
            self._note(net)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 1:
            self.model._n_inner_steps = net.clock_.cut_at
        self._note(net)

    def _note(self, net: Any) -> None:
        # In one step: an interrupt finds the new state or the old.
        self._last = Whole(net), [keeper.noted() for keeper in self.keepers]

    def go_back(self) -> None:
        """Restore net and keepers."""
        net = self.model.net_
        if self._last is None:
            del net.history[:]
            return
        whole, noted = self._last
        whole.put_back(net)
        for keeper, one in zip(self.keepers, noted, strict=True):
            keeper.put_back(one)
