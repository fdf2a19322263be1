"""The base class of every estimator that trains networks."""

import inspect
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from numbers import Integral, Real
from string import Formatter
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from .. import registry
from .._ambient import undisturbed
from .._sklearn import Interval, StrOptions
from ..exceptions import TrainingError, TrainingWarning
from ..inputs import Record, Scaler, Seeds, entropy_of, is_mapped, plain_columns, set_columns
from ..nets import PRECISIONS, Budget, Clock, MemmapRows, MultiNet, ProgressBar, ResidentRows, Rows, TrainingFailure
from ..options import Checkpoint, Option, Replay
from ..persistence import Savable, State
from ._callbacks import check_callbacks, user_callbacks
from ._checkpoint import NO_MATTER, Checkpointer, resume
from ._params import at_fit, same
from ._whole import LastWhole

__all__ = ["Trainable"]


class Trainable(Savable, ABC):
    """Base class of the estimators that train networks, in scaled units, in a skorch net `net_`.

    A subclass validates X, calls `_run` with the arrays to train on, and implements `_make_net` and `_make_scaler`.
    This class handles the budget, randomness, failures, files and checkpoints.
    """

    #: Constraints of the parameters that all of them have, under these names.
    _training_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "replay": [Replay, None],
        "precision": [StrOptions(set(PRECISIONS))],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state", np.random.Generator],
        "checkpoint": [str, os.PathLike, Checkpoint, None],
        "verbose": ["verbose"],
        "callbacks": [list, tuple, None],
    }
    #: Parameters of one call of `fit`, and `random_state`, whose seeds the net holds. All others make the networks and
    #: must not change when training continues.
    _call_params: ClassVar[tuple[str, ...]] = (
        *NO_MATTER,
        "random_state",
        "max_iter",
        "max_seconds",
        "replay",
        "warm_start",
        "early_stopping",
    )
    #: Parameters whose options may be given by name as well as by object.
    _named_options: ClassVar[tuple[str, ...]] = ()
    #: Parameters that take a registered component, and its family.
    _components: ClassVar[dict[str, str]] = {}
    #: The mend for each kind of failure, or for "{kind}, {network to blame}" if that has another mend.
    #: ``{name}`` stands for a parameter and its present value.
    _failure_hints: ClassVar[dict[str, str]]

    max_iter: int | None
    max_seconds: float | None
    replay: Replay | None
    precision: str
    warm_start: bool
    device: str
    random_state: Any
    checkpoint: Any
    verbose: int
    callbacks: Sequence[Any] | None

    net_: Any
    _progress: list[float]
    _n_inner_steps: int | None
    n_features_in_: int
    _scaler: Scaler
    _record: Record
    _made_with: dict[str, Any]

    def _validate_params(self) -> None:
        super()._validate_params()
        owner = type(self).__name__
        for name, value in self.get_params(deep=False).items():
            if isinstance(value, Option):
                value.check(f"{name} of {owner}")
        check_callbacks(owner, self.callbacks)

    @abstractmethod
    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        """Make fresh networks in `net_`, for rows of this shape."""

    @abstractmethod
    def _make_scaler(self, arrays: tuple[np.ndarray, ...]) -> Scaler:
        """The map to scaled units, for these samples."""

    def _failure_hint(self, reason: str, culprit: str) -> str:
        """What to do about a failure of that kind, from `_failure_hints`."""
        return self._failure_hints.get(f"{reason}, {culprit}", self._failure_hints[reason])

    def _reset(self) -> None:
        """Set the state before the first iteration, except networks and scaling."""

    def _callbacks(self) -> list[Any]:
        """The estimator's own callbacks."""
        return []

    def _noted(self) -> dict[str, Any]:
        """Copies of the attributes, except the net, that the estimator's own callbacks change."""
        return {}

    def _settle(self) -> None:
        """Finish the networks after training has ended without failure."""

    def to_state(self, *, compact: bool = False) -> State:
        """Everything that was learned, as tensors and JSON.

        Parameters
        ----------
        compact : bool, default=False
            Whether to omit the optimizers' moments and to round the networks' weights to float16.

        Returns
        -------
        state : State
            It unpacks as ``tensors, json``.

        Raises
        ------
        TypeError
            If a column of X has a label that cannot be stored. The message names it.
        ValueError
            If a weight is too large for float16.
        """
        return State(
            {"progress": torch.tensor(self._progress, dtype=torch.float64, device="cpu")},
            {
                "columns": plain_columns(self),
                "stop_reason": getattr(self, "stop_reason_", None),
                "n_inner_steps": self._n_inner_steps,
                "output": getattr(self, "_sklearn_output_config", {}).get("transform"),
            },
            {
                "record": self._record.to_state(),
                "scaler": self._scaler.to_state(),
                "seeds": self.net_.seeds.to_state(),
                "net": self.net_.to_state(compact=compact),
            },
        )

    def from_state(self, state: State) -> Self:
        """Restore what `to_state` gave, in an estimator with the same parameters.

        Parameters
        ----------
        state : State

        Returns
        -------
        self

        Raises
        ------
        FileError
            If an entry is missing, or is not what this estimator would have learned.
        """
        self._record = Record.from_state(state.part("record"))
        shape = self._row_shape = self._record.shape
        self._scaler = Scaler.from_state(state.part("scaler"), shape)
        net = state.part("net")
        with Budget(net):
            self._build(shape, Seeds.from_state(state.part("seeds")))
        self.net_.from_state(net)
        self.n_features_in_ = shape[0]
        set_columns(self, state.value("columns"), shape[0])
        output = state.choice("output", (None, "default", "pandas", "polars"))
        if output is not None:
            self._sklearn_output_config = {"transform": output}
        self._progress = state.tensor("progress", (None,), torch.float64, least=0.0).tolist()
        if state.value("stop_reason") is not None:
            self.stop_reason_ = state.text("stop_reason")
        self._n_inner_steps = None if state.value("n_inner_steps") is None else state.integer("n_inner_steps", least=1)
        self._reset()
        self._summarise()
        return self

    def _fitted_params(self) -> dict[str, Any]:
        return {**self.get_params(deep=False), **self._made_with}

    @property
    def replay_(self) -> Replay:
        """What replays this fit to the same bits: ``replay=model.replay_``."""
        check_is_fitted(self)
        return Replay(tuple(self._progress), n_inner_steps=self._n_inner_steps)

    @classmethod
    def _default_options(cls) -> dict[str, Option]:
        """The default option of each parameter that takes one: its class and values where None or a name is given."""
        return {"checkpoint": Checkpoint("fdgm.checkpoint")}

    def _default_option(self, name: str) -> Option:
        return self._default_options()[name]

    def _option(self, name: str) -> Any:
        """The option of a parameter as training uses it: checked, with defaults for what it leaves open.

        Raises
        ------
        ValueError, TypeError
            If one of its parameters is out of range.
        """
        value, default = getattr(self, name), self._default_option(name)
        if value is None or value is True or (isinstance(value, str) and name in self._named_options):
            value = default
        elif not isinstance(value, Option):
            value = type(default).of(value)
        return value.check(f"{name} of {type(self).__name__}").filled(default)

    def set_params(self, **params: Any) -> Self:
        """Set parameters. Nested names such as ``critic_optimizer__lr`` set those of options and components.

        If the parameter before the ``__`` is None, a name or a number, the object that it stands for first replaces it.

        Parameters
        ----------
        **params

        Returns
        -------
        self
        """
        for name in params:
            parent, nested, _ = name.partition("__")
            if nested and parent not in params and parent in self.get_params(deep=False):
                setattr(self, parent, self._as_object(parent))
        super().set_params(**params)
        return self

    def _as_object(self, name: str) -> Any:
        """The object that the value of a parameter stands for, if that object has its own parameters."""
        value = getattr(self, name)
        if isinstance(value, BaseEstimator):
            return value
        if name in self._default_options():
            default = self._default_option(name)
            stands = (
                value is None or isinstance(value, bool) or (isinstance(value, str) and name in self._named_options)
            )
            return clone(default) if stands else type(default).of(value)
        if isinstance(value, str) and name in self._components:
            return registry.make(self._components[name], value)
        return value

    def _make_clock(self) -> Clock:
        """The budget, from the parameters.

        Raises
        ------
        ValueError
            If it has no end.
        """
        owner = type(self).__name__
        if self.replay is not None:
            replay = self.replay.check(f"replay of {owner}")
            return Clock(len(replay.progress), None, [float(value) for value in replay.progress], replay.n_inner_steps)
        if self.max_iter is None and self.max_seconds is None:
            raise ValueError(f"max_iter of {owner} must be an int where max_seconds is None, got None for both.")
        return Clock(self.max_iter, self.max_seconds)

    def _start(self, arrays: tuple[np.ndarray, ...]) -> None:
        """Set scaling, seeds and fresh networks for these samples."""
        self._forget("net_")  # if this fails, no fit remains, not even half of one
        self._scaler = self._make_scaler(arrays)
        self._build(arrays[0].shape[1:], Seeds.from_entropy(entropy_of(self.random_state)))
        self._progress = []
        self._n_inner_steps = None
        self._reset()

    def _is_trained(self) -> bool:
        """Whether there are networks and one of their iterations has begun."""
        net = vars(self).get("net_")
        return net is not None and len(net.history) > 0

    def _forget(self, name: str) -> None:
        """Remove an attribute that a fit left, if it exists."""
        if name in vars(self):
            delattr(self, name)

    def _build(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        """Make fresh networks, and note the parameters that they are made with."""
        self._made_with = vars(at_fit(self, without=self._call_params))
        with self._as_made():  # the networks hold copies of the user's components
            self._make_net(shape, seeds)

    @contextmanager
    def _as_made(self) -> Iterator[None]:
        """A context with the parameters that the networks were made with, whatever was set since."""
        now = {name: getattr(self, name) for name in self._made_with}
        self.set_params(**self._made_with)
        try:
            yield
        finally:
            self.set_params(**now)

    def _frozen(self) -> Self:
        """An independent copy in its present state: fitted, with the parameters of its fit."""
        made = type(self)(**{**self.get_params(deep=False), **self._made_with})
        made.set_params(device=str(self.net_.device), callbacks=None, checkpoint=None, verbose=0)
        return made.from_state(deepcopy(self.to_state()))

    def _check_unchanged(self) -> None:
        """Check that training continues with the parameters that the networks were made with.

        Raises
        ------
        ValueError
            If one was changed. The message names the first.
        """
        for name, made in self._made_with.items():
            if not same(getattr(self, name), made):
                raise ValueError(
                    f"{name} of {type(self).__name__} must stay {made!r} for training to go on, got"
                    f" {getattr(self, name)!r}; fit without warm_start to begin anew."
                )

    def _samples(self, arrays: tuple[np.ndarray, ...]) -> tuple[Rows, ...]:
        """The samples that the net is trained on, from the arrays that `fit` was given."""
        return tuple(self._rows(array) for array in arrays)

    def _rows(self, array: np.ndarray, held_out: np.ndarray | None = None) -> Rows:
        """A sample to draw batches from, without the rows at some indices. It is on the device or stays in its file."""
        if is_mapped(array):
            return MemmapRows(array, self._scaler.to_tensor, held_out)
        kept = array if held_out is None else np.delete(array, held_out, axis=0)
        return ResidentRows(self._scaler.to_tensor(kept).to(self.net_.device))

    def _check_idle(self, names: Sequence[str], reason: str) -> None:
        """Check that parameters without effect are at their defaults.

        Raises
        ------
        ValueError
            If one is not. The message names the first, with the reason.
        """
        for name in names:
            default = inspect.signature(type(self)).parameters[name].default
            if not same(getattr(self, name), default):
                raise ValueError(
                    f"{name} of {type(self).__name__} must be {default!r} {reason}, got {getattr(self, name)!r}."
                )

    def _run(self, arrays: tuple[np.ndarray, ...], record: Record, clock: Clock) -> Self:
        """Train on these samples, from the checkpoint if there is one."""
        self._record = record
        try:
            checkpointers = [] if self.checkpoint is None else [resume(self, arrays, clock)]
            samples = self._samples(arrays)
        except BaseException:
            if not self._progress:
                self._forget("net_")
            raise
        self._train(samples, clock, *checkpointers)
        for checkpointer in checkpointers:
            checkpointer.finish()
        return self

    def _train(self, samples: tuple[Rows, ...], clock: Clock, *checkpointers: Checkpointer) -> Self:
        net: MultiNet = self.net_
        last_whole = LastWhole(self)
        bar = [ProgressBar(type(self).__name__)] if self.verbose else []
        users = user_callbacks(self.callbacks)
        again = [last_whole] if users else []
        net.callbacks = [*self._callbacks(), last_whole, *bar, *users, *again, *checkpointers]
        net.verbose = int(self.verbose)
        net._initialize_callbacks()
        try:
            self.stop_reason_ = net.train(samples, clock)
            if _unfinished(net):
                last_whole.go_back()
            self._settle()
        except TrainingFailure as failure:
            self._keep_last_good(failure, clock)
            self._settle()
        except BaseException as error:  # of a callback, or the user's interrupt: whole iterations stay
            interrupted = isinstance(error, KeyboardInterrupt)
            if interrupted or _unfinished(net):
                last_whole.go_back()
            self._trim(clock)
            self._forget("stop_reason_")
            try:
                if interrupted:
                    self.stop_reason_ = "interrupted"
                    for checkpointer in checkpointers:
                        checkpointer.write()
            finally:
                self._take_down(clock)
                if not self.n_iter_:
                    self._forget("net_")
            raise
        finally:
            net.callbacks, net.callbacks_ = None, []  # they belong to this call, and need not be picklable
        self._trim(clock)
        self._take_down(clock)
        self._warn_of_little(clock)
        return self

    def _warn_of_little(self, clock: Clock) -> None:
        """Warn if `max_seconds` did not suffice for one iteration."""
        if clock.cut_at is not None and clock.n_inner_steps is None:
            what = f"in the first iteration, after {clock.cut_at} of its inner steps"
        elif self.stop_reason_ == "max_seconds" and not clock.readings:
            what = "before one more iteration was whole, so that nothing was learned"
        else:
            return
        warnings.warn(
            f"{type(self).__name__}: training ended {what}. Raise max_seconds (now {self.max_seconds!r}).",
            TrainingWarning,
            stacklevel=5,
        )

    def _trim(self, clock: Clock) -> None:
        """Forget an iteration that did not end."""
        history = self.net_.history
        n_ended = sum("seconds" in row for row in history)
        del history[n_ended:], clock.readings[n_ended - len(self._progress) :]

    def _take_down(self, clock: Clock) -> None:
        """Set the attributes that describe the completed iterations."""
        self._progress = self._progress + clock.readings
        self._summarise()

    def _summarise(self) -> None:
        net = self.net_
        names = list(net.history_names)
        self.n_iter_ = len(self._progress)
        figures = pd.DataFrame([[row[name] for name in names] for row in net.history], columns=names)
        idle = [name for name in names if name in net.optional_names and figures[name].isna().all()]
        self.history_ = figures.drop(columns=idle)

    def _keep_last_good(self, failure: TrainingFailure, clock: Clock) -> None:
        """Go back to the last good networks. Warn of what happened and which parameter to change."""
        net = self.net_
        loop, loss = len(net.history), net.history_names[0]
        mend = self._failure_hint(failure.reason, failure.culprit)
        named = {name: f"{name} (now {getattr(self, name)!r})" for _, name, _, _ in Formatter().parse(mend) if name}
        message = (
            f"{type(self).__name__}: in iteration {loop}, {failure} (last values of {loss}:"
            f" {[round(row[loss], 4) for row in net.history[-3:]]}). {mend.format(**named)}"
        )
        if net.good_ is None:
            del self.net_
            raise TrainingError(message)
        lost = loop - net.good_loop_
        del net.history[-lost:], clock.readings[-lost:]
        net.go_back()
        self.stop_reason_ = failure.reason
        warnings.warn(f"{message} The networks of iteration {net.good_loop_} are kept.", TrainingWarning, stacklevel=5)

    def __getstate__(self) -> dict[str, Any]:
        # Networks with parametrisations cannot be pickled, so pickles hold the same state as files.
        state = dict(super().__getstate__())
        if state.pop("net_", None) is not None:
            state["_fitted"] = self.to_state()
        return state

    @undisturbed()
    def __setstate__(self, state: dict[str, Any]) -> None:
        fitted = state.get("_fitted")
        super().__setstate__({name: value for name, value in state.items() if name != "_fitted"})
        if fitted is not None:
            with self._as_made():
                self.from_state(fitted)

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)


def _unfinished(net: MultiNet) -> bool:
    """Whether training stopped in the middle of an iteration, or before one."""
    return not net.history or "seconds" not in net.history[-1]
