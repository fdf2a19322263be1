"""The base class of every model that samples."""

import copy
import os
from abc import abstractmethod
from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .. import registry
from .._ambient import undisturbed
from .._checks import check_count
from .._sklearn import Interval, StrOptions
from ..architectures import Architecture
from ..exceptions import FileError
from ..inputs import (
    SCALINGS,
    Record,
    Scaler,
    as_before_on_error,
    chunk_seed,
    extremes,
    key_of_call,
    some_rows,
    validate,
)
from ..metrics import energy_distance
from ..nets import Clock, Rows, hold_out
from ..options import EarlyStopping, Option
from ..persistence import State, describe, write
from ..scale import SamplesToFiles
from ._early_stopping import BestGenerator, BestGeneratorKeeper
from ._sample import sample
from ._scaling import warn_of_far_values, warn_of_freed_columns, warn_of_moved_range, warn_of_moved_rows
from ._trainable import Trainable

__all__ = ["GenerativeModel"]

_SCORED = 5000  # most rows that `score` compares: the size at which energy distances are reported
_HELD_OUT = 2000  # most rows that early stopping compares, in some 60 ms
_PROBE = 4  # samples that a model makes after it was loaded, as a test
_SCORE_KEY, _PUBLIC_KEY, _HELD_OUT_KEY = 0, 1, 2  # streams of the fit's own seed; only that of `sample` advances


class GenerativeModel(SamplesToFiles, Trainable):
    """Base class of the models whose networks learn to map normal latents to samples like X."""

    #: Constraints of the parameters that all of them have in addition to those of `Trainable`.
    _generative_constraints: ClassVar[dict[str, list[Any]]] = {
        **Trainable._training_constraints,
        "architecture": [str, Architecture],
        "scaling": [StrOptions({"auto", *SCALINGS})],
        "data_range": [StrOptions({"auto"}), list, tuple, None],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "early_stopping": ["boolean", EarlyStopping],
    }

    _components: ClassVar[dict[str, str]] = {"architecture": "architecture"}

    architecture: str | Architecture | None
    scaling: str
    data_range: Any
    early_stopping: bool | EarlyStopping
    _n_calls: int | None
    _best: BestGenerator
    _robust: Scaler | None
    _X_val: np.ndarray | None

    @classmethod
    def _default_options(cls) -> dict[str, Option]:
        return {**super()._default_options(), "early_stopping": EarlyStopping()}

    @undisturbed()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn to sample from the distribution of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            At least two rows of finite numbers. A memory-mapped array stays in its file.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if X is not two or more rows of finite real numbers, or if, with
            `warm_start`, a parameter of the networks has changed.
        TrainingError
            If training failed before there was a generator to keep.

        Warns
        -----
        TrainingWarning
            In three cases:

            - Training failed later. The last good generator is kept. The warning names the iteration, the network, the
              last losses and the parameter to change.
            - A few values of a column lie so far out that they set its scale, or lie more than 1,000 standard
              deviations of the others away. The warning names the column.
            - With `warm_start`, which keeps the scaling of the first call: as `partial_fit` warns.
        """
        self._validate_params()
        clock = self._make_clock()
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        with as_before_on_error(self, unless=self._is_trained):
            array, record = validate(self, X, reset=not goes_on, min_samples=2)
            if goes_on:
                self._check_unchanged()
                record = record.named_like(self._record)
                self._go_on(array, record)
            else:
                self._start((array,))
                self._say_what_is_far(record)
            self._best = BestGenerator()
            return self._run((array,), record, clock)

    @undisturbed()
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Train for one more iteration on X, at full step size. The first call fixes the scaling.

        Nothing is held out, and no checkpoint is written. Parameters that make the networks must not change. The first
        X should represent all kinds of rows. Later calls extend the scaling in two ways only:

        - A column that was constant until now gets its scale and is learned from then on.
        - With ``data_range="auto"`` the range of each column widens. One range for all columns, as for images, stays.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored

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
            If a column was constant until now, or if half of its rows lie more than 10 standard deviations of the
            first call away; the warning names the column. Also if rows leave the range of the first call's images.
        """
        self._validate_params()
        goes_on = self.__sklearn_is_fitted__()
        with as_before_on_error(self, unless=self._is_trained):
            array, record = validate(self, X, reset=not goes_on, min_samples=1 if goes_on else 2)
            if goes_on:
                self._check_unchanged()
                record = record.named_like(self._record)
                self._go_on(array, record)
            else:
                self._start((array,))
                self._say_what_is_far(record)
            self._record = record
            self._best.weights = None
            return self._train((self._rows(array),), Clock(1, None, [0.0]))

    def save(self, path: str | os.PathLike[str], *, compact: bool = False) -> None:
        """Write the fitted estimator to one file without pickle, which :func:`fdgm.load` reads.

        The file is written completely or not at all. It replaces an existing file and keeps that file's mode. These
        parameters are not stored: `callbacks`, `checkpoint`, `device`, `n_jobs` and `verbose`.

        Parameters
        ----------
        path : str or path
        compact : bool, default=False
            Whether to omit the optimizers' moments, from which training would continue, and to round the networks'
            weights to float16, that is to 11 bits. The file then has a sixth of the size.

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
        write(path, description)

    @undisturbed()
    def sample(self, n_samples: int = 1, *, random_state: Any = None) -> Any:
        """Draw samples from the model.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState, Generator or None, default=None
            With None successive calls differ. After a fit with a `random_state` they advance the model's own stream.
            Every copy of the model, in another process or from a file, repeats that stream from where it stood, so
            give each worker its own `random_state`. After a fit without one every call draws fresh entropy, in copies
            too.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In X's units and container, and in its dtype if that is a float. Inside the `data_range`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples", "sample")
        return self._record.restore(self._sample(n_samples, self._key(random_state)))

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
        y : ignored

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        key = (self.net_.seeds.sample, _SCORE_KEY)
        rows = array[some_rows(len(array), _SCORED, chunk_seed(*key))]
        generated = self._sample(len(rows), key)
        return -energy_distance(self._units.to_tensor(rows).numpy(), self._units.to_tensor(generated).numpy())

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

    def _architecture(self) -> Architecture:
        return registry.make("architecture", self.architecture)

    def _scaled_range(self, shape: tuple[int, ...]) -> tuple[float, float] | None:
        """The range that all data are mapped to and particles are clamped to. None if columns are standardised."""
        if self.data_range is None:
            return None
        by_architecture = self._architecture().data_range(shape)
        return (-1.0, 1.0) if by_architecture is None and self.data_range != "auto" else by_architecture

    def _make_scaler(self, arrays: tuple[np.ndarray, ...]) -> Scaler:
        (X,) = arrays
        scaled = self._scaled_range(X.shape[1:])
        self._robust = None
        if scaled is None:
            found = Scaler.of(X)
            made = found if self._scaling == "robust" else Scaler.of(X, scaling=self._scaling)
            if self.data_range is None:
                made = made.within(-np.inf, np.inf)
            self._robust = None if made is found else found
            return made
        if self.scaling != "auto":
            raise ValueError(
                f"scaling of {type(self).__name__} must be 'auto' where the data have a range, which takes its place,"
                f" got {self.scaling!r} with data_range={self.data_range!r}; set data_range to None."
            )
        return Scaler.to_range(X, scaled, None if self.data_range == "auto" else self._checked_range())

    @property
    def _scaling(self) -> str:
        """The scaling of data that have no range."""
        return "robust" if self.scaling == "auto" else self.scaling

    @property
    def _units(self) -> Scaler:
        """The map to the units of `score`. No single row sets them, and no `scaling` changes them."""
        return self._scaler if self._robust is None else self._robust

    def _say_what_is_far(self, record: Record) -> None:
        """Warn of values that would ruin a column, if the data have no range."""
        if self._scaled_range(record.shape) is None:
            warn_of_far_values(type(self).__name__, record.columns, self._scaler, self._units)

    def _go_on(self, X: np.ndarray, record: Record) -> None:
        """Take in more rows, in the present scaling.

        Raises
        ------
        ValueError
            If X has numbers outside a given data_range.
        """
        owner, before = type(self).__name__, self._scaler
        ranged = self._scaled_range(record.shape) is not None
        if ranged:
            low, high = extremes((X,))
            least, greatest = float(low.min()), float(high.max())
            first, last = float(before.low.min()), float(before.high.max())
            if (least < first or greatest > last) and self.data_range != "auto":
                raise ValueError(
                    f"X of {owner} must lie in the data_range ({first:g}, {last:g}), got numbers from {least:g} to"
                    f" {greatest:g}."
                )
            warn_of_moved_range(owner, (first, last), (least, greatest))
        self._scaler = before.with_rows(X, scaling=None if ranged else self._scaling)
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

    def _checked_range(self) -> tuple[float, float]:
        try:
            low, high = (float(bound) for bound in self.data_range)
        except (TypeError, ValueError):
            low = high = np.nan
        if not (np.isfinite([low, high]).all() and low < high):
            raise ValueError(
                f"data_range of {type(self).__name__} must be 'auto', None or two growing finite numbers,"
                f" got {self.data_range!r}."
            )
        return low, high

    def _samples(self, arrays: tuple[np.ndarray, ...]) -> tuple[Rows, ...]:
        """The training rows. Early stopping holds some out by index, so that a mapped array is not copied."""
        (X,) = arrays
        if self.early_stopping is False:
            return (self._rows(X),)
        fraction = self._option("early_stopping").validation_fraction
        n_held_out = min(max(round(fraction * len(X)), 2), _HELD_OUT)
        if len(X) - n_held_out < 2:
            raise ValueError(
                f"X must have at least two rows beside those that early_stopping of {type(self).__name__} holds out,"
                f" got {len(X)} rows; set early_stopping to False."
            )
        rng = np.random.default_rng(chunk_seed(self.net_.seeds.sample, _HELD_OUT_KEY))
        held_out = hold_out(len(X), n_held_out, rng)
        self._X_val = self._scaler.to_tensor(X[held_out]).numpy()
        return (self._rows(X, held_out),)

    def _noted(self) -> dict[str, Any]:
        return {**super()._noted(), "_best": copy.copy(self._best)}

    def _settle(self) -> None:
        """Keep the best networks that early stopping saw."""
        if self._best.weights is not None:
            self.net_.set_weights(self._best.weights)
            self._best.weights = None

    def _callbacks(self) -> list[Any]:
        held_out, self._X_val = self._X_val, None
        if held_out is None:
            return []
        key = (self.net_.seeds.sample, _HELD_OUT_KEY)
        option = self._option("early_stopping")
        stopping = BestGeneratorKeeper(
            self._best,
            held_out,
            lambda n: self._sample(n, key, to_array=lambda rows: self._scaler.restore_constants(rows).cpu().numpy()),
            every=option.every,
            patience=option.n_iter_no_change,
        )
        return [stopping]

    def to_state(self, *, compact: bool = False) -> State:
        state = super().to_state(compact=compact)
        state.json["n_calls"] = self._n_calls
        state.parts["best"] = self._best.to_state()
        if self._robust is not None:
            state.parts["units"] = self._robust.to_state()
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        self._n_calls = None if state.value("n_calls") is None else state.integer("n_calls")
        self._robust = Scaler.from_state(state.part("units"), self._record.shape) if state.has("units") else None
        self._best = BestGenerator.from_state(state.part("best"), self.net_)
        self._check_rows()
        return self

    def _reset(self) -> None:
        super()._reset()
        self._X_val = None
        self._n_calls = None if self.random_state is None else 0
        self._best = BestGenerator()

    def _check_rows(self) -> None:
        """Check that the networks make finite samples. Finite weights may be too large for that.

        Raises
        ------
        FileError
            If a sample is not finite.
        """
        with torch.no_grad():
            rows = self._make_rows(_PROBE, torch.Generator("cpu").manual_seed(0))
        if tuple(rows.shape) != (_PROBE, *self._record.shape) or not bool(rows.isfinite().all()):
            raise FileError(f"weights must make finite rows of shape {self._record.shape}, and do not")

    @abstractmethod
    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        """Draw `n` scaled samples on the model's device. `source`, on the CPU, is the only randomness."""

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
        self, n_samples: int, key: tuple[int, ...], *, to_array: Callable[[Tensor], np.ndarray] | None = None
    ) -> np.ndarray:
        dtype = self._record.dtype
        return sample(
            self._make_rows,
            n_samples,
            key=key,
            to_array=to_array or (lambda rows: self._scaler.to_array(rows, dtype)),
        )
