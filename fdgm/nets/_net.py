"""A skorch net without a default module: subclasses name their modules and step them all in `train_step`."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from skorch import NeuralNet
from torch import Tensor, nn

from ._clock import Clock
from ._rows import Rows, Samples

if TYPE_CHECKING:
    from ._watch import Watch

__all__ = ["MultiNet", "StopTraining", "TrainingFailure", "resolve_device"]


class StopTraining(Exception):
    """Ends `train` in good order; its text is the reason."""


class TrainingFailure(Exception):
    """A training step went wrong.

    Parameters
    ----------
    reason : {"non_finite", "explosion", "collapse"}
    what : str
        What happened, beginning with the network that it happened to.
    """

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


class _WholeSamples:
    """An `iterator_train` that yields the samples once, as one batch."""

    def __init__(self, dataset: Samples, **_: Any) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[Rows, ...]]:
        yield self.dataset.rows


class MultiNet(NeuralNet):
    """Base of the training rules: one epoch is one outer iteration, one call of `train_step`.

    The step draws its own batches from the samples it is handed, since skorch reads the loss back once a step: once
    an outer iteration is free, once a batch is not.

    A subclass names its modules, optimizers and private random streams, which are its state, and what it records in
    the history. It raises :class:`TrainingFailure` where a step went wrong, and calls `remember_good` where one went
    right.
    """

    watch_: "Watch | None" = None  # what tells that a model that makes rows has broken
    module_names: tuple[str, ...]
    optimizer_names: tuple[str, ...]
    stream_names: ClassVar[tuple[str, ...]]
    history_names: tuple[str, ...]  # the first is the loss that progress and failures show

    def __init__(self, **kwargs: Any) -> None:
        self.good_: dict[str, dict[str, Tensor]] = {}
        self.good_loop_ = 0
        super().__init__(
            module=nn.Identity,
            criterion=nn.Identity,
            iterator_train=_WholeSamples,
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

    def train(self, samples: tuple[Rows, ...], clock: Clock) -> str:
        """Run `train_step` until the clock is finished or a callback stops it; return the reason."""
        self.clock_ = clock
        dataset = Samples(samples)
        self.notify("on_train_begin", X=dataset, y=None)
        try:
            while (reason := clock.finished()) is None:
                self.fit_loop(dataset, epochs=1)
        except StopTraining as stop:
            reason = str(stop)
        finally:
            self.notify("on_train_end", X=dataset, y=None)
        return reason

    def record(self, figures: dict[str, float], *, expected: dict[str, str]) -> None:
        """Put an iteration's figures into the history.

        Parameters
        ----------
        figures : dict
        expected : dict of str to str
            Figures that must be finite, and the network that is broken where one is not.

        Raises
        ------
        TrainingFailure
            If one is not.
        """
        for name, value in figures.items():
            self.history.record(name, value)
        broken = [name for name in expected if not math.isfinite(figures[name])]
        if broken:
            raise TrainingFailure("non_finite", f"{expected[broken[0]]}: {', '.join(broken)} became NaN or infinite")

    def remember_good(self) -> None:
        """Keep the networks as they are, to go back to should a later iteration break them."""
        self.good_ = self.weights()
        self.good_loop_ = len(self.history)

    def go_back(self) -> None:
        """To the networks that were kept. The optimizers begin anew: their moments hold what broke them."""
        self.set_weights(self.good_)
        for name in self.optimizer_names:
            getattr(self, name).state.clear()

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """A copy of every module's state."""
        return {
            name: {key: value.clone() for key, value in getattr(self, name).state_dict().items()}
            for name in self.module_names
        }

    def set_weights(self, weights: dict[str, dict[str, Tensor]]) -> None:
        """Put back what `weights` gave."""
        for name, state in weights.items():
            getattr(self, name).load_state_dict(state)


def resolve_device(device: str) -> str:
    """``"auto"`` is a GPU where there is one, and the CPU where there is not.

    Raises
    ------
    ValueError
        If torch knows no such device.
    """
    if device != "auto":
        try:
            return str(torch.device(device))
        except RuntimeError as error:
            raise ValueError(f"device must be 'auto' or a device as torch names it, got {device!r}.") from error
    return "cuda" if torch.cuda.is_available() else "cpu"
