"""Callbacks from the user. skorch callbacks that would silently do nothing here are refused."""

from collections.abc import Sequence
from typing import Any

import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    ParamMapper,
    PassthroughScoring,
    TrainEndCheckpoint,
)
from torch.optim.lr_scheduler import ReduceLROnPlateau

__all__ = ["check_callbacks", "user_callbacks"]

_OWN = "a callback of your own, which finds the networks as attributes of the net in on_train_begin"
_STATE = "checkpoint, which keeps the whole state and goes on from it, or save after fit"
_SCORES = "early_stopping, or a callback of your own that records in net.history"

#: skorch callbacks that need one module, one optimizer or labels, which do not exist here; and what to use instead.
_REFUSED: dict[type[Callback], str] = {
    ParamMapper: _OWN,
    InputShapeSetter: "architecture: networks are made for the shape of X",
    Checkpoint: _STATE,
    TrainEndCheckpoint: _STATE,
    LoadInitState: "checkpoint, or fdgm.load and warm_start",
    BatchScoring: _SCORES,
    EpochScoring: _SCORES,
    PassthroughScoring: _SCORES,
}


def check_callbacks(owner: str, callbacks: Any) -> None:
    """Check that each of them is a skorch callback that works here.

    Raises
    ------
    TypeError
        If one is not an instance of a skorch callback.
    ValueError
        If one cannot work here. The message names it and what to use instead.
    """
    for callback in callbacks or ():
        one = _bare(callback)
        if not isinstance(one, Callback):
            raise TypeError(f"callbacks of {owner} must hold instances of skorch callbacks, got {callback!r}.")
        for refused, instead in _REFUSED.items():
            if isinstance(one, refused):
                raise ValueError(
                    f"callbacks of {owner} must be of those that can work with several networks and no labels, got"
                    f" {type(one).__name__}, which would do nothing here; use {instead}."
                )
        if isinstance(one, EarlyStopping) and one.load_best:
            raise ValueError(
                f"callbacks of {owner} must hold an EarlyStopping with load_best=False, got load_best=True, which"
                " knows of one module alone; use early_stopping, which keeps the best networks."
            )


def user_callbacks(callbacks: Sequence[Any] | None) -> list[Any]:
    """The callbacks for the net. A scheduler of one optimizer becomes a scheduler of every optimizer."""
    given: list[Any] = []
    for callback in callbacks or ():
        one = _bare(callback)
        if isinstance(one, EarlyStopping):
            given.append(_MonitorCheck(one))
        given.append(RateScheduler(one) if isinstance(one, LRScheduler) else callback)
    return given


def _bare(callback: Any) -> Any:
    """The callback itself, without the name that skorch allows beside it."""
    return callback[1] if isinstance(callback, tuple) and len(callback) == 2 else callback


class RateScheduler(Callback):
    """A skorch LRScheduler for every optimizer of a net.

    Each optimizer keeps its own schedule. Its rate is also multiplied by a factor: the policy's change of that rate in
    an optimizer without parameters. One iteration of training counts as an epoch and as a batch.

    Parameters
    ----------
    scheduler : LRScheduler
    """

    def __init__(self, scheduler: LRScheduler) -> None:
        self.scheduler = scheduler

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        policy = self.scheduler.initialize().policy_
        self.plateau_ = policy is ReduceLROnPlateau
        self.parts_: dict[str, tuple[float, Any]] = {}
        for name in net.optimizer_names:
            base = getattr(net, name).defaults["lr"]
            weight = torch.nn.Parameter(torch.zeros((), dtype=torch.float32, device="cpu"))
            nothing = torch.optim.SGD([weight], lr=base)
            self.parts_[name] = base, policy(nothing, **self.scheduler.kwargs)
        for row in net.history:  # of the fits that this one continues
            self._step(net, row)
        self._apply(net)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self._step(net, net.history[-1])
        self._apply(net)

    def _step(self, net: Any, row: Any) -> None:
        monitor = self.scheduler.monitor
        if self.plateau_ and not callable(monitor):
            _check_monitor(self.scheduler, row)
        for _, scheduler in self.parts_.values():
            scheduler.optimizer.step()  # no parameters, but torch warns of schedulers that step before their optimizers
            if self.plateau_:
                scheduler.step(monitor(net) if callable(monitor) else row[monitor])
            else:
                scheduler.step()

    def _apply(self, net: Any) -> None:
        for name, (base, scheduler) in self.parts_.items():
            net.lr_factors_[name] = scheduler.optimizer.param_groups[0]["lr"] / base


class _MonitorCheck(Callback):
    """Runs before a callback that looks for a name in the history."""

    def __init__(self, callback: Any) -> None:
        self.callback = callback

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        _check_monitor(self.callback, net.history[-1])


def _check_monitor(callback: Any, row: dict[str, Any]) -> None:
    """Check that the history holds the name that a callback looks for."""
    if callback.monitor not in row:
        raise ValueError(
            f"monitor of {type(callback).__name__} must be one of {sorted(set(row) - {'batches'})}, got"
            f" {callback.monitor!r}."
        )
