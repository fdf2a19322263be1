"""The base class of every estimator that trains networks."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from .._ambient import undisturbed
from .._bar import Verbose
from .._literals import Precision
from .._sklearn import Interval, StrOptions
from ..inputs import Record, Scaler, Seeds, plain_columns, set_columns
from ..nets import PRECISIONS, Budget, MultiNet
from ..options import Checkpoint, Option, Replay
from ..persistence import Savable, State
from ._build import build
from ._callbacks import check_callbacks
from ._checkpoint import NO_MATTER
from ._loop import describe_history
from ._options import as_object

__all__ = ["Trainable"]


class Trainable(Savable, ABC):
    """Base class of the estimators that train networks, in scaled units, in a skorch net `net_`.

    A subclass implements `_make_net`, and its `fit` reads from top to bottom: validate, scale, build, train. The parts
    of training that all share are functions in `_loop.py`. This class handles parameters, files and copies.
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
        "verbose": ["verbose", StrOptions({"auto"})],
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
    #: The default option of each parameter that takes one: its class, and values for what it leaves open.
    _option_defaults: ClassVar[dict[str, Option]] = {"checkpoint": Checkpoint("fdgm.checkpoint")}
    #: Parameters that take a registered component, and its family.
    _components: ClassVar[dict[str, str]] = {}
    #: The mend for each kind of failure, or for "{kind}, {network to blame}" if that has another mend.
    #: ``{name}`` stands for a parameter and its present value.
    _failure_hints: ClassVar[dict[str, str]]

    max_iter: int | None
    max_seconds: float | None
    replay: Replay | None
    precision: Precision
    warm_start: bool
    device: str
    random_state: Any
    checkpoint: Any
    verbose: Verbose
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
    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> MultiNet:
        """Fresh networks for rows of this shape, from parameters that `settings_of` gave."""

    def _failure_hint(self, reason: str, culprit: str) -> str:
        """What to do about a failure of that kind, from `_failure_hints`."""
        return self._failure_hints.get(f"{reason}, {culprit}", self._failure_hints[reason])

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
            build(self, shape, Seeds.from_state(state.part("seeds")))
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
        describe_history(self)
        return self

    def _fitted_params(self) -> dict[str, Any]:
        return {**self.get_params(deep=False), **self._made_with}

    @property
    def replay_(self) -> Replay:
        """What replays this fit to the same bits: ``replay=model.replay_``."""
        check_is_fitted(self)
        return Replay(tuple(self._progress), n_inner_steps=self._n_inner_steps)

    def _default_option(self, name: str) -> Option:
        """What a parameter that takes an option stands for where it is None, and what an option leaves open."""
        return self._option_defaults[name]

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
                setattr(self, parent, as_object(self, parent))
        super().set_params(**params)
        return self

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
