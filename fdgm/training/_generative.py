"""The base class of every model that samples."""

import os
from abc import abstractmethod
from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .. import registry
from .._ambient import undisturbed
from .._checks import check_count
from .._literals import DataRange, ScalingName
from .._sklearn import Interval, StrOptions
from ..architectures import Architecture
from ..distributed import current, together
from ..exceptions import FileError
from ..inputs import (
    SCALINGS,
    Record,
    Scaler,
    Seeds,
    as_before_on_error,
    chunk_seed,
    entropy_of,
    is_mapped,
    is_mixed,
    key_of_call,
    some_rows,
    validate,
)
from ..metrics import energy_distance
from ..nets import Clock, Rows, hold_out
from ..options import EarlyStopping, Option
from ..persistence import State, describe
from ..scale import SamplesToFiles
from ._build import build
from ._checkpoint import resume
from ._chunks import padded
from ._condition import Condition
from ._data_scaling import scaled_range, scalers_of
from ._early_stopping import BestGenerator, BestGeneratorKeeper
from ._loop import forget, is_trained, make_clock, rows_of, train, without_half_a_fit
from ._margins import Margins
from ._options import option_of
from ._params import check_unchanged
from ._sample import sample
from ._scaling import check_moved_range, warn_of_far_values, warn_of_freed_columns, warn_of_moved_rows
from ._seen import note_seen
from ._shared import check_alike, common_rows
from ._trainable import Trainable
from ._whole import Keeper

__all__ = ["GenerativeModel"]

_SCORED = 5000  # most rows that `score` compares: the size at which energy distances are reported
_HELD_OUT = 2000  # most rows that early stopping compares, in some 60 ms
_PROBE = 4  # samples that a model makes after it was loaded, as a test
_CALIBRATED = 20_000  # samples that show the model's margins: the quantiles of as many are right to .4%
# Streams of the fit's own seed; only that of `sample` advances.
_SCORE_KEY, _PUBLIC_KEY, _HELD_OUT_KEY, _MARGINS_KEY = 0, 1, 2, 3
_Y_KEY = 2**20  # of a call: past the numbers of its chunks


class GenerativeModel(SamplesToFiles, Trainable):
    """Base class of the models whose networks learn to map normal latents to samples like X."""

    #: Constraints of the parameters that all of them have in addition to those of `Trainable`.
    _generative_constraints: ClassVar[dict[str, list[Any]]] = {
        **Trainable._training_constraints,
        "architecture": [str, Architecture],
        "scaling": [StrOptions({"auto", "rank", *SCALINGS})],
        "data_range": [StrOptions({"auto"}), list, tuple, None],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "early_stopping": ["boolean", EarlyStopping],
    }

    _components: ClassVar[dict[str, str]] = {"architecture": "architecture"}
    _option_defaults: ClassVar[dict[str, Option]] = {**Trainable._option_defaults, "early_stopping": EarlyStopping()}
    #: Attributes that a fit from the beginning forgets.
    _forgotten: ClassVar[tuple[str, ...]] = ("net_",)

    architecture: str | Architecture | None
    scaling: ScalingName
    data_range: DataRange
    early_stopping: bool | EarlyStopping
    _n_calls: int | None
    #: What samples are asked for given: "y", the y of `fit`. None ignores y.
    condition: Literal["y"] | None = None
    _best: BestGenerator
    _condition: Condition | None
    _margins: Margins | None
    _robust: Scaler | None

    @undisturbed()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn to sample from the distribution of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            At least two rows of finite numbers. A memory-mapped array stays in its file. A table of pandas, polars or
            pyarrow may also hold strings, categories, booleans, dates, durations and missing values: see `scaling`.
        y : array-like of shape (n_samples,) or None, default=None
            What samples can be asked for given, with ``condition="y"``. Otherwise it is ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if X is not two or more rows of finite real numbers, or if a column of a
            table cannot be represented, which the message names. With `warm_start`, also if a parameter of the networks
            has changed.
        TrainingError
            If training failed before there was a generator to keep.

        Warns
        -----
        TrainingWarning
            In three cases:

            - Training failed later. The last good generator is kept. The warning names the iteration, the network, the
              last losses and the parameter to change.
            - A few values of a column set its scale, because they lie so far out. Or they lie more than 1,000 standard
              deviations of the others away. The warning names the column.
            - With `warm_start`, which keeps the scaling of the first call: as `partial_fit` warns.
        """
        with together(type(self).__name__), as_before_on_error(self, unless=lambda: is_trained(self)):
            self._validate_params()
            clock = make_clock(self)
            goes_on = self.warm_start and "net_" in vars(self)
            ranked = not goes_on and self._takes_ranks(X)
            array, record = validate(self, X, reset=not goes_on, min_samples=2, ranked=ranked)
            check_alike(self, array, record=record)
            common, n_rows = common_rows(array)
            beside = self._read_condition(y, array, goes_on=goes_on)
            if goes_on:
                self._go_on(common, record)
            else:
                self._begin(common, record)
            note_seen(self, common, record, n_rows=n_rows, goes_on=goes_on)
            self._best = BestGenerator()
            with without_half_a_fit(self):
                checkpointer = resume(self, (array,) if beside is None else (array, beside), clock)
                rows, stopping = self._hold_out(array, beside)
            keepers = [*stopping, *self._keepers()]
            train(self, (rows,), clock, keepers=keepers, checkpointer=checkpointer)
            self._best.settle(self.net_)
            self._calibrate()
        return self

    @undisturbed()
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Train for one more iteration on X, at full step size. The first call fixes the scaling.

        There is no early stopping, and no checkpoint is written. Parameters that make the networks must not change. The
        first X should represent all kinds of rows. Later calls extend the scaling in two ways only:

        - A column that was constant until now gets its scale and is learned from then on. Ranks stay those of the
          first call.
        - With ``data_range="auto"`` the range of each column widens. One range for all columns, as for images, stays.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or None, default=None
            With ``condition="y"``, values that were in the y of the first call. Otherwise it is ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`. Also if X has numbers outside a given `data_range`.

        Warns
        -----
        TrainingWarning
            If a column was constant until now, or if half of its rows lie more than 10 standard deviations of the first
            call away. The warning names the column. Also if rows leave the range of the first call's images.
        """
        with together(type(self).__name__), as_before_on_error(self, unless=lambda: is_trained(self)):
            self._validate_params()
            goes_on = "net_" in vars(self)
            ranked, least = not goes_on and self._takes_ranks(X), 1 if goes_on else 2
            array, record = validate(self, X, reset=not goes_on, min_samples=least, ranked=ranked)
            check_alike(self, array, record=record)
            common, n_rows = common_rows(array)
            beside = self._read_condition(y, array, goes_on=goes_on)
            if goes_on:
                self._go_on(common, record)
            else:
                self._begin(common, record)
            note_seen(self, common, record, n_rows=n_rows, goes_on=goes_on)
            self._best.weights = None
            train(self, (rows_of(self, array, beside=beside),), Clock.single(), keepers=self._keepers())
            self._calibrate()
        return self

    def save(
        self, path: str | os.PathLike[str], *, compact: bool = False, license: str | None = None, report: Any = None
    ) -> None:
        """Write the fitted estimator to one file without pickle, which :func:`fdgm.load` reads.

        The file is written completely or not at all. It replaces an existing file and keeps that file's mode. These
        parameters are not stored: `callbacks`, `checkpoint`, `device`, `n_jobs` and `verbose`.

        Parameters
        ----------
        path : str or path
        compact : bool, default=False
            Whether to omit the optimizers' moments, from which training would continue, and to round the networks'
            weights to float16, that is to 11 bits. The file then has a sixth of the size.
        license : str or None, default=None
            Licence of the model, for its card.
        report : DataFrame or None, default=None
            Figures for the card, as :func:`fdgm.metrics.report` gives them.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If a parameter, such as a RandomState, cannot be stored without pickle.
        ValueError, OSError
            If a weight is too large for float16. If the path is a folder or a device, or cannot be written.
        """
        description = describe(self)
        if compact:
            description.parts["state"] = self.to_state(compact=True)
        self._write(path, description, license, report)

    @overload
    def sample(
        self, n_samples: int = ..., *, y: Any = ..., return_y: Literal[False] = ..., random_state: Any = ...
    ) -> Any: ...
    @overload
    def sample(
        self, n_samples: int = ..., *, y: Any = ..., return_y: Literal[True], random_state: Any = ...
    ) -> tuple[Any, np.ndarray]: ...
    @undisturbed()
    def sample(self, n_samples: int = 1, *, y: Any = None, return_y: bool = False, random_state: Any = None) -> Any:
        """Draw samples from the model.

        Parameters
        ----------
        n_samples : int, default=1
        y : scalar, array-like of shape (n_samples,) or None, default=None
            The y of the samples, after a fit with ``condition="y"``. None draws it at the fractions of the training
            rows.
        return_y : bool, default=False
            Whether to return y too.
        random_state : int, RandomState, Generator or None, default=None
            With None successive calls differ. After a fit with a `random_state` they advance the model's own stream.
            Every copy of the model, in another process or from a file, repeats that stream from where it stood. Give
            each worker its own `random_state`. After a fit without one every call draws fresh entropy, in copies too.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In X's units and container, and in its dtype if that is a float. Inside the `data_range`. A table of mixed
            kinds comes back with its dtypes.
        y : ndarray of shape (n_samples,)
            If `return_y`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If y is given or asked for after a fit without it, if there are not `n_samples` of it, or if one was not in
            the y of `fit`. The message has the nearest one.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples", "sample")
        if self._condition is None:
            if y is not None or return_y:
                raise ValueError(f'{type(self).__name__} has no y: fit it with condition="y".')
            return self._record.restore(self._sample(n_samples, self._key(random_state)))
        if n_samples == 1 and np.ndim(y) == 1:
            n_samples = len(y)
        key = self._key(random_state)
        codes = self._codes(n_samples, key) if y is None else self._condition.read(y, n_samples, type(self).__name__)
        drawn = self._record.restore(self._sample(n_samples, key, beside=self._condition.encode(codes)))
        return (drawn, self._condition.decode(codes)) if return_y else drawn

    @undisturbed()
    def score(self, X: Any, y: Any = None) -> float:
        """Minus the energy distance between X and the model. Greater is better.

        At most 5,000 rows of X, drawn at random, are compared with as many samples of the model. Both draws are the
        same at each call. Distances are in units of the robust scaling, whatever `scaling` is. No single row can set
        these units, and models with different scalings can be compared. Data with one range are in units of that
        range. Use this score to rank models in a grid search: a model's own critic cannot do it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or None, default=None
            After a fit with ``condition="y"``, the samples have these y, and pairs of rows and y are compared. Without
            y they have their own.

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        key = (self.net_.seeds.sample, _SCORE_KEY)
        index = some_rows(len(array), _SCORED, chunk_seed(*key))
        beside = None
        if self._condition is not None and y is not None:
            beside = self._condition.encode(self._condition.read(y, len(array), type(self).__name__)[index])
        generated = self._record.settled(self._sample(len(index), key, beside=beside))
        compared = [self._units.to_tensor(rows).numpy() for rows in (array[index], generated)]
        if beside is not None:
            compared = [np.column_stack([rows, beside]) for rows in compared]
        return -energy_distance(*compared)

    def _read_condition(self, y: Any, array: np.ndarray, *, goes_on: bool) -> np.ndarray | None:
        """Learn or read the condition of rows: what networks see of y (n, size). None without condition."""
        owner, codes = type(self).__name__, np.empty(0)
        if self.condition is None:
            self._condition = None
            return None
        if array.ndim > 2 or is_mapped(array) or current().size > 1:
            raise ValueError(
                f"condition of {owner} must be None for images, for memory-mapped rows and in processes that share a"
                f" fit, got {self.condition!r}: networks take conditions beside vectors in memory."
            )
        if goes_on and self._condition is not None:
            if y is None:
                raise ValueError(f'y of {owner} must be given with condition="y", got None.')
            codes = self._condition.read(y, len(array), owner)
        else:
            self._condition, codes = Condition.of(y, len(array), owner)
        return self._condition.encode(codes)

    def _codes(self, n: int, key: tuple[int, ...]) -> np.ndarray:
        """Codes (n,) of y at the training fractions."""
        if self._condition is None:
            raise ValueError(f"{type(self).__name__} has no condition.")
        return self._condition.draw(n, chunk_seed(*key, _Y_KEY))

    def _key(self, random_state: Any) -> tuple[int, ...]:
        """The seed of a call's randomness."""
        return key_of_call(self, random_state, (self.net_.seeds.sample, _PUBLIC_KEY))

    @property
    def best_iter_(self) -> int:
        """The iteration whose generator early stopping kept."""
        best = vars(self).get("_best")
        if best is None or not best.loop:
            raise AttributeError(f"{type(self).__name__} has best_iter_ after a fit with early_stopping alone.")
        return best.loop

    def _architecture(self, shape: tuple[int, ...]) -> Architecture:
        return registry.make("architecture", self.architecture)

    def _scaled_range(self, shape: tuple[int, ...]) -> tuple[float, float] | None:
        """The range that rows of this shape are mapped to, or None."""
        return scaled_range(self._architecture(shape), self.data_range, shape)

    def _begin(self, X: np.ndarray, record: Record) -> None:
        """Set scaling, seeds and fresh networks for these rows."""
        forget(self, *self._forgotten)  # if this fails, no fit remains, not even half of one
        owner, scaled = type(self).__name__, self._scaled_range(record.shape)
        self._margins = None
        if record.ranks is not None:
            self._scaler, self._robust = Scaler.identity(record.shape, varies=record.ranks.varies), None
        else:
            self._scaler, self._robust = scalers_of(
                X, self.scaling, self.data_range, scaled, owner, auto=self._auto_scaling
            )
            if scaled is None:
                warn_of_far_values(owner, record.columns, self._scaler, self._units)
        build(self, record.shape, Seeds.from_entropy(current().first(entropy_of(self.random_state))))
        self._record, self._best = record, BestGenerator()
        self._progress, self._n_inner_steps = [], None
        self._n_calls = None if self.random_state is None else 0

    def _takes_ranks(self, X: Any) -> bool:
        """Whether the networks learn normal scores of ranks: if asked for, or if X is a table of mixed kinds.

        Raises
        ------
        ValueError
            If they are asked for where data have a range.
        """
        if self.scaling == "auto" and self.data_range == "auto" and is_mixed(X):
            return self._scaled_range((1,)) is None
        if self.scaling != "rank":
            return False
        if self.data_range != "auto" or self._scaled_range((1,)) is not None:
            raise ValueError(
                f"scaling of {type(self).__name__} must not be 'rank' where the data have a range, got"
                f" data_range={self.data_range!r} and architecture={self.architecture!r}; ranks keep the bounds of X."
            )
        return True

    @property
    def _auto_scaling(self) -> str:
        """What ``scaling="auto"`` stands for where data have no range."""
        return "robust"

    @property
    def _units(self) -> Scaler:
        """The map to the units of `score`. No single row sets them, and no `scaling` changes them."""
        return self._scaler if self._robust is None else self._robust

    def _go_on(self, X: np.ndarray, record: Record) -> None:
        """Take in more rows, in the present scaling.

        Raises
        ------
        ValueError
            If X has numbers outside a given data_range, or if a parameter of the networks has changed.
        """
        check_unchanged(self)
        self._margins = None
        self._record = record = record.named_like(self._record)
        if record.ranks is not None:
            return
        owner, before = type(self).__name__, self._scaler
        ranged = self._scaled_range(record.shape) is not None
        if ranged:
            check_moved_range(owner, before, X, data_range=self.data_range)
        scaling = self._auto_scaling if self.scaling == "auto" else self.scaling
        self._scaler = before.with_rows(X, scaling=None if ranged else scaling)
        if self._robust is not None:
            self._robust = self._robust.with_rows(X, scaling="robust")
        freed = self._scaler.varies & ~before.varies
        if freed.any():
            self._free(self._scaler.varies)
            warn_of_freed_columns(owner, record.columns, freed)
        if not ranged:
            warn_of_moved_rows(owner, record.columns, before, X)

    def _free(self, varies: np.ndarray) -> None:
        """Tell the networks which columns vary, if one has begun to."""

    def _keepers(self) -> list[Keeper]:
        """The estimator's own callbacks, beside early stopping."""
        return []

    def _hold_out(self, X: np.ndarray, beside: np.ndarray | None) -> tuple[Rows, list[Keeper]]:
        """The training rows, and the callback of early stopping, which holds some out.

        They are held out by index, so that a mapped array is not copied.
        """
        if self.early_stopping is False:
            return rows_of(self, X, beside=beside), []
        option = option_of(self, "early_stopping")
        n_held_out = min(max(round(option.validation_fraction * len(X)), 2), _HELD_OUT)
        if len(X) - n_held_out < 2:
            raise ValueError(
                f"X must have at least two rows beside those that early_stopping of {type(self).__name__} holds out,"
                f" got {len(X)} rows; set early_stopping to False."
            )
        key = (self.net_.seeds.sample, _HELD_OUT_KEY)
        held_out = hold_out(len(X), n_held_out, np.random.default_rng(chunk_seed(*key)))
        rows = self._scaler.to_tensor(self._record.spread(X[held_out], chunk_seed(*key))).numpy()
        given = None if beside is None else beside[held_out]

        def draw(n: int) -> np.ndarray:
            drawn = self._sample(
                n, key, beside=given, to_array=lambda made: self._scaler.restore_constants(made).cpu().numpy()
            )
            return drawn if given is None else np.column_stack([drawn, given])

        stopping = BestGeneratorKeeper(
            self._best,
            rows if given is None else np.column_stack([rows, given]),
            draw,
            every=option.every,
            patience=option.n_iter_no_change,
        )
        return rows_of(self, X, held_out, beside=beside), [stopping]

    def _calibrate(self) -> None:
        """Learn how far the samples' margins are from those of the ranks, which `_sample` then corrects."""
        if self._record.ranks is not None:
            self._margins = None
            key = (self.net_.seeds.sample, _MARGINS_KEY)
            self._margins = Margins.of(self._sample(_CALIBRATED, key), self._scaler.varies)

    def to_state(self, *, compact: bool = False) -> State:
        state = super().to_state(compact=compact)
        state.json["n_calls"] = self._n_calls
        if self._condition is not None:
            state.parts["condition"] = self._condition.to_state()
        if self._margins is not None:
            state.parts["margins"] = self._margins.to_state()
        state.parts["best"] = self._best.to_state()
        if self._robust is not None:
            state.parts["units"] = self._robust.to_state()
        return state

    def from_state(self, state: State) -> Self:
        self._condition = None if self.condition is None else Condition.from_state(state.part("condition"))
        super().from_state(state)
        self._n_calls = None if state.value("n_calls") is None else state.integer("n_calls")
        self._robust = Scaler.from_state(state.part("units"), self._record.shape) if state.has("units") else None
        self._margins = None
        if state.has("margins"):
            self._margins = Margins.from_state(state.part("margins"), self._record.shape[0])
        self._best = BestGenerator.from_state(state.part("best"), self.net_)
        self._check_rows()
        return self

    def _check_rows(self) -> None:
        """Check that the networks make finite samples. Finite weights may be too large for that.

        Raises
        ------
        FileError
            If a sample is not finite.
        """
        with torch.no_grad():
            source = torch.Generator("cpu").manual_seed(0)
            if self._condition is None:
                rows = self._make_rows(_PROBE, source)
            else:
                beside = torch.from_numpy(self._condition.encode(self._condition.draw(_PROBE, 0)))
                rows = self._make_given(_PROBE, source, beside)
        if tuple(rows.shape) != (_PROBE, *self._record.shape) or not bool(rows.isfinite().all()):
            raise FileError(f"weights must make finite rows of shape {self._record.shape}, and do not")

    @abstractmethod
    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        """Draw `n` scaled samples on the model's device. `source`, on the CPU, is the only randomness."""

    def _make_given(self, n: int, source: torch.Generator, beside: Tensor) -> Tensor:
        """As `_make_rows`, of a model with a condition, given what its networks see of it (n, size)."""
        raise NotImplementedError

    @abstractmethod
    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]] | None:
        """Number of standard normal latents, and the map from them to scaled rows, on the generator's device."""

    def _scaled_log_ratio(self) -> Callable[[Tensor], Tensor] | None:
        """The critic's log-ratio of data to model, as a function of scaled rows. None if there is no such critic."""
        return None

    def _critic_copy(self) -> nn.Module | None:
        """A trainable network from scaled rows to the critic's log-ratios. None if the critic is no network."""
        return None

    def _sample(
        self,
        n_samples: int,
        key: tuple[int, ...],
        *,
        beside: np.ndarray | None = None,
        to_array: Callable[[Tensor], np.ndarray] | None = None,
    ) -> np.ndarray:
        """Samples in X's units. With a condition, given what networks see of it or, without that, draws of it."""
        dtype, margins = self._record.dtype, self._margins
        if self._condition is not None and beside is None:
            beside = self._condition.encode(self._codes(n_samples, key))

        def in_units(rows: Tensor) -> np.ndarray:
            found = self._scaler.to_array(rows, dtype)
            return found if margins is None else margins.corrected(found)

        def make(n: int, source: torch.Generator, first: int) -> Tensor:
            if beside is None:
                return self._make_rows(n, source)
            return self._make_given(n, source, padded(torch.from_numpy(beside[first : first + n]), n))

        return sample(make, n_samples, key=key, to_array=to_array or in_units)
