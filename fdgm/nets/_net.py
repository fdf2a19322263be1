"""A skorch net without a default module: subclasses name their modules and step them all in `train_step`."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from skorch import NeuralNet
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from ._clock import Clock

__all__ = ["MultiNet", "NonFinite", "StopTraining"]


class StopTraining(Exception):
    """Ends `train` in good order; its text is the reason."""


class NonFinite(Exception):
    """A training step met a NaN, an infinity or an explosion; its text says where."""


class _WholeSample:
    """An `iterator_train` that yields the resident sample once, as one batch."""

    def __init__(self, dataset: TensorDataset, **_: Any) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        yield self.dataset.tensors


class MultiNet(NeuralNet):
    """Base of the training rules: one epoch is one outer iteration, one call of `train_step`.

    The whole sample stays on the device and the step draws its own batches, since skorch reads the loss back once a
    step: once an outer iteration is free, once a batch is not.
    """

    module_names: ClassVar[tuple[str, ...]]
    optimizer_names: ClassVar[tuple[str, ...]]
    stream_names: ClassVar[tuple[str, ...]]
    history_names: ClassVar[tuple[str, ...]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            module=nn.Identity,
            criterion=nn.Identity,
            iterator_train=_WholeSample,
            train_split=None,
            verbose=0,
            **kwargs,
        )

    @property
    def _default_callbacks(self) -> list[Any]:
        return []

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """As skorch's; a callback's KeyboardInterrupt, skorch's way to stop early, becomes a StopTraining."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as interrupt:
            raise StopTraining("callback") from interrupt

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        self.history.record("seconds", self.clock_.seconds)

    def train(self, X: Tensor, clock: Clock) -> str:
        """Run `train_step` until the clock is finished or a callback stops it; return the reason."""
        self.clock_ = clock
        dataset = TensorDataset(X.to(self.device))
        self.notify("on_train_begin", X=dataset, y=None)
        try:
            while (reason := clock.finished()) is None:
                self.fit_loop(dataset, epochs=1)
        except StopTraining as stop:
            reason = str(stop)
        finally:
            self.notify("on_train_end", X=dataset, y=None)
        return reason


def resolve_device(device: str) -> str:
    """``"auto"`` is a GPU where there is one, and the CPU where there is not."""
    if device != "auto":
        return str(torch.device(device))
    return "cuda" if torch.cuda.is_available() else "cpu"
