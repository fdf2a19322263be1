"""A skorch net without a default module. Subclasses name their modules and train them all in `train_step`."""

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.history import History
from torch import Tensor, nn

from ..distributed import current
from ..exceptions import StopTraining
from ..inputs import Seeds, chunk_seed
from ..persistence import State
from ._agreement import agree, interrupts_noted
from ._clock import Clock, OutOfTime
from ._failures import TrainingFailure
from ._optimizers import set_lr
from ._rows import Rows, Samples
from ._state import fitting, module_state, optimizer_state, restore_optimizer, restore_stream
from ._watch import Watch

__all__ = ["N_PROCESSES", "MultiNet", "mean_loss", "resolve_device"]


_HUGE = 1e6  # a loss so large that training has diverged

N_PROCESSES = "n_processes"  # a figure of the history, once several processes have shared a fit

Losses = Sequence[tuple[str, Tensor]]  # the network, and its loss ()


class _WholeSamples:
    """An `iterator_train` that yields the samples once, as one batch."""

    def __init__(self, dataset: Samples, **_: Any) -> None:
        self.dataset = dataset

    def __iter__(self) -> Iterator[tuple[Rows, ...]]:
        yield self.dataset.rows


class _Rows(History):
    """skorch's history, whose last row is found in constant time."""

    def __getitem__(self, key: Any) -> Any:
        return list.__getitem__(self, key) if isinstance(key, int) else super().__getitem__(key)


class MultiNet(NeuralNet):
    """Base class of the training rules. One epoch is one iteration, one call of `train_step`.

    The step draws its own batches from the samples that it gets. skorch reads the loss once a step: that is free once
    an iteration, but not once a batch.

    A subclass

    - names its modules, optimizers and private random streams, which are its state;
    - names the figures that it records in the history;
    - raises :class:`TrainingFailure` after a bad step, and calls `remember_good` after a good one;
    - calls `tick` before each update, in an `inner_steps` block, so that time can end the step there.

    Parameters
    ----------
    settings : namespace
        Parameters of the estimator, resolved by its `_make_net`.
    seeds : Seeds
    data_shape : tuple of int
        Shape of a row.
    **kwargs
        Of skorch's NeuralNet.
    """

    watch_: Watch | None = None  # detects that the samples of a model have broken
    module_names: tuple[str, ...]
    optimizer_names: tuple[str, ...]
    stream_names: ClassVar[tuple[str, ...]]
    history_names: tuple[str, ...]  # the first is the loss that progress and failures show
    optional_names: ClassVar[tuple[str, ...]] = ("divergence", "held_out_distance", "held_out_loss")  # not always taken

    def __init__(self, *, settings: SimpleNamespace, seeds: Seeds, data_shape: tuple[int, ...], **kwargs: Any) -> None:
        self.settings = settings
        self.seeds = seeds
        self.data_shape = data_shape
        self.good_: State | None = None
        self.good_loop_ = 0
        self.clock_ = Clock(1, None)
        self.lr_factors_: dict[str, float] = {}  # factors of the optimizers' learning rates, set by a callback
        self._hooked = False  # whether a callback wants to see the gradients
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
        """As skorch's, except that the interrupt by which skorch's EarlyStopping ends training is a StopTraining.

        Any other KeyboardInterrupt is the user's.
        """
        getattr(self, method_name)(self, **cb_kwargs)
        for _, callback in self.callbacks_:
            try:
                getattr(callback, method_name)(self, **cb_kwargs)
            except KeyboardInterrupt as interrupt:
                if isinstance(callback, EarlyStopping) and callback.misses_ >= callback.patience:
                    raise StopTraining from interrupt
                raise

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        super().on_epoch_end(net, **kwargs)
        self.history.record("seconds", self.clock_.seconds)
        if current().size > 1 or any(N_PROCESSES in row for row in self.history[:-1]):
            self.history.record(N_PROCESSES, current().size)

    def train(
        self, samples: tuple[Rows, ...], clock: Clock, *, between: Callable[[bool], None] = lambda wanted: None
    ) -> str:
        """Run `train_step` until the clock or a callback ends it. Return the reason.

        An iteration that was cut leaves a last row of the history without ``seconds``.

        Parameters
        ----------
        samples : tuple of Rows
        clock : Clock
        between : callable
            Called before each iteration of a fit that several processes share, in all of them at once, with whether
            an interrupt ends it.
        """
        self.clock_ = clock
        dataset = Samples(samples)
        self._hooked = any(_sees_gradients(callback) for _, callback in self.callbacks_)
        self._align()
        hooks = [self.prepare(getattr(self, name)) for name in self.optimizer_names]
        try:
            self.notify("on_train_begin", X=dataset, y=None)
            reason = self._run(dataset, clock, between)
        except OutOfTime:
            reason = "max_seconds"
        except StopTraining as stop:
            reason = _reason(stop)
        finally:
            self._hooked = False
            self.lr_factors_ = {}
            for remove in hooks:
                remove()
            clock.told = None
            self.notify("on_train_end", X=dataset, y=None)
        return reason

    def _run(self, dataset: Samples, clock: Clock, between: Callable[[bool], None]) -> str:
        """Iterate until the clock ends it, or a callback in any process. Return the reason."""
        if current().size == 1:
            while (reason := clock.finished()) is None:
                self.fit_loop(dataset, epochs=1)
            return reason
        stop: str | None = None
        with interrupts_noted() as interrupted:
            while (reason := agree(clock, stop, between, interrupted=interrupted())) is None:
                try:
                    self.fit_loop(dataset, epochs=1)
                except StopTraining as signal:
                    stop = _reason(signal)
        return reason

    def _align(self) -> None:
        """Begin with the weights of the first process, and with random streams of this process's own."""
        group = current()
        if group.size == 1:
            return
        group.broadcast([tensor for name in self.module_names for tensor in getattr(self, name).state_dict().values()])
        streams = [getattr(self, name) for name in self.stream_names]
        marks = [zlib.crc32(stream.get_state().cpu().numpy().tobytes()) for stream in streams]
        alike = marks == group.first(marks)  # unless a checkpoint or an earlier fit has set them
        if group.rank and alike:
            for stream, mark in zip(streams, marks, strict=True):
                stream.manual_seed(chunk_seed(mark, group.rank))

    def share_buffers(self) -> None:
        """Take the buffers of the first process. Those of batch norm differ, since each sees batches of its own."""
        current().broadcast([buffer for name in self.module_names for buffer in getattr(self, name).buffers()])

    def tick(self) -> None:
        """Begin an update of one batch.

        Raises
        ------
        OutOfTime
            If the clock has no time left for it.
        """
        self.clock_.tick(first=len(self.history) == 1)

    @contextmanager
    def inner_steps(self) -> Iterator[None]:
        """A context for updates. If time runs out, it skips the remaining updates of the very first iteration."""
        try:
            yield
        except OutOfTime:
            if len(self.history) > 1:
                raise

    def set_rate(self, optimizer: str, lr: float) -> None:
        """Set the learning rate of one of its optimizers. A callback's factor multiplies it."""
        set_lr(getattr(self, optimizer), lr * self.lr_factors_.get(optimizer, 1.0))

    def prepare(self, optimizer: torch.optim.Optimizer) -> Callable[[], None]:
        """Before each step, average the gradients over the processes and show them to callbacks.

        Return a function that ends this.
        """
        group = current()
        averaging = optimizer.register_step_pre_hook(_average).remove if group.size > 1 else _nothing
        showing = self._show_gradients(optimizer) if self._hooked else _nothing

        def end() -> None:
            averaging()
            showing()

        return end

    def _show_gradients(self, optimizer: torch.optim.Optimizer) -> Callable[[], None]:
        names = {p: f"{m}.{n}" for m in self.module_names for n, p in getattr(self, m).named_parameters()}
        named = [(names.get(p, ""), p) for group in optimizer.param_groups for p in group["params"]]

        def hook(*_: Any) -> None:
            self.notify("on_grad_computed", named_parameters=named, batch=None, training=True)

        return optimizer.register_step_pre_hook(hook).remove

    def figures(self, means: Sequence[Tensor], greatest: Sequence[Tensor] = ()) -> list[float]:
        """Figures of an iteration as numbers, in one transfer: their means, or their greatest, over all processes."""
        group = current()
        found = group.stacked(torch.stack([*means, *greatest]))
        if group.size == 1:
            return found[0].tolist()
        self.share_buffers()
        n = len(means)
        return torch.cat([found[:, :n].mean(dim=0), found[:, n:].amax(dim=0)]).tolist()

    def record(self, figures: dict[str, float], *, expected: dict[str, str], losses: Losses) -> None:
        """Record an iteration's figures in the history.

        Parameters
        ----------
        figures : dict
        expected : dict of str to str
            Figures that must be finite, each with its network. The exception is an iteration that the clock cut before
            they were measured.
        losses : sequence of (str, Tensor)
            All losses of the iteration in order, each with the network that it updated. The network to blame is the
            one updated last before the first broken loss, not the network of that loss.

        Raises
        ------
        TrainingFailure
            If a figure in `expected` is not finite.
        """
        for name, value in figures.items():
            self.history.record(name, value)
        broken = [name for name in expected if not math.isfinite(figures[name])]
        if self.clock_.cut_at is not None:
            taken = {who for who, _ in losses}
            broken = [name for name in broken if expected[name] in taken or not name.endswith("loss")]
        if broken:
            _, culprit = min(current().each(_culprit(losses)), key=lambda found: found[0])
            culprit = culprit or expected[broken[0]]
            raise TrainingFailure("non_finite", f"{culprit}: {', '.join(broken)} became NaN or infinite", culprit)

    def initialize_history(self) -> Self:
        self.history_ = _Rows()
        return self

    def remember_good(self) -> None:
        """Keep the present networks, to go back to if a later iteration breaks them."""
        self.good_ = self.weights().copy()
        self.good_loop_ = len(self.history)

    def go_back(self) -> None:
        """Go back to the networks that were kept. The optimizers start afresh: their moments hold the failure."""
        if self.good_ is None:
            raise RuntimeError("go_back needs networks that were kept, and there are none.")
        self.set_weights(self.good_)
        for name in self.optimizer_names:
            getattr(self, name).state.clear()

    def weights(self) -> State:
        """Every module's state, not copied."""
        return State(parts={name: module_state(getattr(self, name)) for name in self.module_names})

    def set_weights(self, weights: State, *, halved: bool = False) -> None:
        """Restore what `weights` gave."""
        for name in self.module_names:
            module = getattr(self, name)
            module.load_state_dict(fitting(module, weights.part(name), halved=halved))

    def checked_weights(self, weights: State) -> State:
        """What `weights` gave, checked against the present networks, for later use."""
        return State(
            parts={name: State(fitting(getattr(self, name), weights.part(name))) for name in self.module_names}
        )

    def to_state(self, *, compact: bool = False) -> State:
        """Everything that training continues from, and what was recorded.

        Parameters
        ----------
        compact : bool, default=False
            Store weights as float16, and no moments of the optimizers.

        Raises
        ------
        ValueError
            If a weight is too large for float16.
        """
        ended = [row for row in self.history if "seconds" in row]
        weights = self.weights()
        if compact:
            weights.parts |= {name: _halved(name, weights.parts[name]) for name in self.module_names}
        names = list(self.history_names)
        if any(N_PROCESSES in row for row in ended):
            names.append(N_PROCESSES)
        parts = {
            "weights": weights,
            "history": State(
                {
                    name: torch.tensor(
                        [float(row.get(name, math.nan)) for row in ended], dtype=torch.float64, device="cpu"
                    )
                    for name in names
                }
            ),
            "streams": State({name: getattr(self, name).get_state() for name in self.stream_names}),
        }
        if not compact:
            parts["optimizers"] = State(
                parts={name: optimizer_state(getattr(self, name)) for name in self.optimizer_names}
            )
        if self.watch_ is not None:
            parts["watch"] = self.watch_.to_state()
        return State({}, {"compact": compact}, parts)

    def from_state(self, state: State) -> Self:
        """Restore what `to_state` gave, in an initialised net with the same settings, on any device."""
        compact: bool = state.choice("compact", (False, True))
        self.set_weights(state.part("weights"), halved=compact)
        if not compact:
            optimizers = state.part("optimizers")
            for name in self.optimizer_names:
                restore_optimizer(getattr(self, name), optimizers.part(name))
        streams, history = state.part("streams"), state.part("history")
        for name in self.stream_names:
            restore_stream(getattr(self, name), name, streams)
        if self.watch_ is not None:
            self.watch_.from_state(state.part("watch"))
        n: int | None = None
        columns = []
        names = [*self.history_names, *[name for name in (N_PROCESSES,) if history.has(name)]]
        for name in names:
            columns.append(history.tensor(name, (n,), torch.float64, finite=False).tolist())
            n = len(columns[-1])
        for values in zip(*columns, strict=True):
            row = dict(zip(names, values, strict=True))
            self.history.append({"batches": [], "epoch": len(self.history) + 1, **row})
        self.remember_good()
        return self


def _halved(module: str, weights: State) -> State:
    """The same weights as float16.

    Raises
    ------
    ValueError
        If a weight is too large for float16.
    """
    tensors = dict(weights.tensors)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            continue
        tensors[name] = tensor.half()
        if tensor.isfinite().all() and not tensors[name].isfinite().all():
            raise ValueError(
                f"compact of save must be False for weights past {torch.finfo(torch.half).max:g}, got"
                f" {tensor.abs().max().item():g} in {name} of {module}."
            )
    return State(tensors)


def mean_loss(losses: Losses, who: str, *, like: Tensor) -> Tensor:
    """The mean of one network's losses, a tensor (). NaN if there are none."""
    own = [loss for name, loss in losses if name == who]
    return torch.stack(own).mean() if own else like.new_tensor(math.nan)


def _culprit(losses: Losses) -> tuple[int, str | None]:
    """Number of the first broken loss, and the network that was updated last before it."""
    before = losses[-1][0] if losses else None  # of the iteration before, which ended with the same network
    for i, (who, loss) in enumerate(losses):
        if not abs(loss.item()) < _HUGE:
            return i, before
        before = who
    return len(losses), None


def _average(optimizer: torch.optim.Optimizer, *_: Any) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    current().average([parameter.grad for parameter in parameters if parameter.grad is not None])


def _nothing() -> None:
    return None


def _reason(stop: StopTraining) -> str:
    return str(stop) or "callback"


def _sees_gradients(callback: Any) -> bool:
    return type(callback).on_grad_computed is not Callback.on_grad_computed


def resolve_device(device: str) -> str:
    """``"auto"`` is a GPU if there is one, and otherwise the CPU.

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
