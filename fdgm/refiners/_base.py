"""The base class of every refiner, with its generator and its log-ratio."""

import copy
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Integral
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .. import registry
from .._ambient import undisturbed
from .._checks import check_count
from .._literals import DataRange
from .._sklearn import StrOptions
from ..exceptions import ConstantRatioWarning, FileError
from ..inputs import (
    Record,
    Scaler,
    as_before_on_error,
    chunk_seed,
    entropy_of,
    is_mapped,
    key_of_call,
    plain_columns,
    set_columns,
    some_rows,
    validate,
)
from ..metrics import energy_distance
from ..nets import resolve_device
from ..options import Adam
from ..persistence import Savable, State, as_tensor, describe, forget_card, revive
from ..ratios import DensityRatio, LogisticRatio, with_gradient
from ..samplers import VGrowSampler
from ..scale import SamplesToFiles
from ..training import GenerativeModel, at_fit, values_at
from ._corrected import CorrectedRatio
from ._critic import warm_start
from ._fields import check_field, field_of, resolve_ratio
from ._generators import (
    LatentSource,
    RowSource,
    check_generator,
    drawn,
    is_fitted,
    kept,
    resolve,
    shuffled,
    source_of,
)
from ._mixed import Mixed
from ._ordering import column_order
from ._reading import Reading

__all__ = ["Refiner", "ranks_of"]

_SCORED = 5000  # most rows that `score` compares
_RATIO_ROWS = 5000  # most generated samples that a density ratio is fitted on
# A critic that is trained further has learned before: a greater learning rate would undo that.
_GOING_ON: dict[str, Any] = {"optimizer": Adam(0.0003)}
#: Parameters whose values at `fit` do not affect what is fitted, or are held elsewhere.
_NOT_OF_FIT = ("generator", "n_jobs", "device", "random_state", "verbose")
_OUTSIDE = 4  # frames from the fit of the ratio to the caller of `fit`, past `undisturbed`
_PROBE = 64  # samples on which `fit` tests generator and ratio
_PUBLIC_KEY, _SCORE_KEY, _RATIO_KEY, _PROBE_KEY, _GENERATOR_KEY = range(5)  # streams of the fit's own seed


class Refiner(SamplesToFiles, Savable, ABC):
    """Base class of the refiners, which improve a generator's samples by T, an estimate of log p_data/p_model.

    Points are held in scaled units. These are the generator's own if it is a sampler of this package. Otherwise they
    are the data's standard deviations, column by column, or one for all columns if these share a unit, as pixels do.
    """

    #: Constraints of the parameters that all of them have, under these names.
    _refiner_constraints: ClassVar[dict[str, list[Any]]] = {
        "generator": [object],
        "ratio": [object],
        "data_range": [StrOptions({"auto"}), list, tuple, None],
        "n_jobs": [Integral, None],
        "device": [str],
        "random_state": ["random_state", np.random.Generator],
    }

    _held = ("generator", "ratio")
    #: Whether the log-ratio must have a gradient in x.
    _needs_gradient: ClassVar[bool] = True

    generator: Any
    ratio: Any
    data_range: DataRange
    n_jobs: int | None
    device: str
    random_state: Any

    generator_: Any
    ratio_: Any
    n_features_in_: int
    _params: SimpleNamespace
    _rows: np.ndarray | None
    _stages: list[DensityRatio]
    _readings: list[Reading]
    _scaler: Scaler
    _units: Scaler
    _record: Record | Mixed
    _clamp: tuple[float, float] | None
    _entropy: int
    _n_calls: int | None

    @abstractmethod
    def _sample(self, n_samples: int, key: tuple[int, ...]) -> np.ndarray:
        """Refined samples in X's units and dtype, with the randomness of `key`."""

    def _prepare(self, array: np.ndarray) -> None:
        """Let a subclass check the real rows, or learn from them, at the end of `fit`."""

    def _read(self, X: Any, *, reset: bool, min_samples: int = 1) -> tuple[np.ndarray, Record | Mixed]:
        """Rows of X, checked, and what gives rows its form. A generator that was fitted to ranks gives its own."""
        ranked = ranks_of(self.generator) if reset else None
        return validate(self, X, reset=reset, min_samples=min_samples, ranked=ranked or False)

    def _points_of(self, rows: np.ndarray) -> Tensor:
        """Rows in scaled units, on the CPU."""
        return self._scaler.to_tensor(rows)

    def _compared(self, rows: np.ndarray) -> np.ndarray:
        """Rows in units in which `score` measures distances."""
        settled = self._record.settled(rows) if isinstance(self._record, Record) else rows
        return self._units.to_tensor(settled).numpy()

    def _held_out(self, n: int) -> np.ndarray:
        """A mask (n,) of the real rows that no generator and no density ratio is fitted on."""
        return np.zeros(n, dtype=bool)

    def _training_rows(self, array: np.ndarray) -> np.ndarray:
        """The real rows for fitting generators and density ratios."""
        kept = ~self._held_out(len(array))
        return array if kept.all() or kept.sum() < 2 else array[kept]

    @undisturbed()
    def fit(self, X: Any, y: Any = None, *, X_generated: Any = None) -> Self:
        """Prepare the generator and the log-ratio.

        `fit` does not change what it is given. It copies a fitted generator or ratio in its present state, so that
        later changes do not reach the refiner. Functions, and objects that `copy.deepcopy` cannot copy, are used
        themselves. An unfitted estimator is cloned and fitted on X. Parameters that are set later take effect at the
        next `fit`, except `n_jobs` and `device`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows of real data.
        y : ignored
        X_generated : array-like of shape (n_generated, n_features) or None, default=None
            Finished samples to refine, instead of a generator.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, if the generator or the ratio cannot be used, or if rows differ in width.

        Warns
        -----
        ConstantRatioWarning
            If a density ratio that is fitted here is constant to three digits. It then gives no direction to refine in.
        """
        self._validate_params()
        owner = type(self).__name__
        if X_generated is not None and self.generator is not None:
            raise ValueError(
                f"X_generated of {owner}.fit must be None where there is a generator, got both; leave one out."
            )
        with as_before_on_error(self):
            array, self._record = self._read(X, reset=True, min_samples=2)
            self._params = at_fit(self, without=_NOT_OF_FIT)
            forget_card(self)
            self._entropy = entropy_of(self.random_state)
            self._n_calls = None if self.random_state is None else 0
            self._rows, self._stages, self._readings = None, [], []
            if X_generated is not None:
                self.generator_ = None
                rows, _ = self._read(X_generated, reset=False, min_samples=2)
                self._rows = rows if is_mapped(rows) else np.array(rows)
            else:
                rows = self._training_rows(array)
                training = rows if self._record.columns is None else self._record.restore(rows)
                self.generator_ = resolve(owner, self._default_generator(), training, self._seed(_GENERATOR_KEY))
            self._scaler, self._clamp = self._scaling(array)
            self._check_generator()
            self.ratio_ = self._fit_ratio(array)
            self._check()
            self._prepare(array)
        return self

    @undisturbed()
    def sample(self, n_samples: int = 1, *, random_state: Any = None) -> Any:
        """Draw samples from the generator and refine them.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState, Generator or None, default=None
            With None successive calls differ. After a fit with a `random_state` they advance the refiner's own stream.
            Every copy of the refiner, in another process or from a file, repeats that stream from where it stood. Give
            each worker its own `random_state`. After a fit without one every call draws fresh entropy, in copies too.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In X's units and container, and in its dtype if that is a float.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples", "sample")
        return self._record.restore(self._sample(n_samples, self._key(random_state)))

    @undisturbed()
    def log_ratio(self, X: Any) -> np.ndarray:
        """Estimate log p_data(x)/p_model(x), where the model is the generator before refinement.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
        """
        check_is_fitted(self)
        array, _ = self._read(X, reset=False)
        return values_at(array, self._field(), self._points_of, resolve_device(self.device))

    @undisturbed()
    def score(self, X: Any, y: Any = None) -> float:
        """Minus the energy distance between X and refined samples. Greater is better.

        At most 5,000 rows of X, drawn at random, are compared with as many refined samples, in scaled units. Both
        draws are the same at each call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        array, _ = self._read(X, reset=False)
        key = (self._entropy, _SCORE_KEY)
        rows = array[some_rows(len(array), _SCORED, chunk_seed(*key))]
        refined = self._sample(len(rows), key)
        return -energy_distance(self._compared(rows), self._compared(refined))

    def save(self, path: str | os.PathLike[str], *, license: str | None = None, report: Any = None) -> None:
        """Write the fitted refiner to one file without pickle, which :func:`fdgm.load` reads.

        The file holds a generator of this package. It omits any other generator: give that to
        ``load(path, generator=...)``. It also omits the parameters `device` and `n_jobs`.

        Parameters
        ----------
        path : str or path
        license : str or None, default=None
            Licence of the refiner, for its card.
        report : DataFrame or None, default=None
            Figures for the card, as :func:`fdgm.metrics.report` gives them.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If the ratio is a function or a module, or a parameter cannot be stored without pickle.
        ValueError, OSError
            If the path is a folder or a device, or cannot be written.
        """
        super().save(path, license=license, report=report)

    def to_state(self) -> State:
        ratio = self.ratio_
        if not isinstance(ratio, Savable):
            raise TypeError(
                f"ratio of {type(self).__name__} must be 'auto', a density ratio or a sampler to be saved, got"
                f" {self._params.ratio!r}, which cannot be stored without pickle."
            )
        state = State(
            {} if self._rows is None else {"rows": as_tensor(self._rows)},
            {
                "columns": plain_columns(self),
                "clamp": None if self._clamp is None else [float(bound) for bound in self._clamp],
                "entropy": self._entropy,
                "n_calls": self._n_calls,
                "n_stages": len(self._stages),
            },
            {"record": self._record.to_state(), "scaler": self._scaler.to_state(), "units": self._units.to_state()},
        )
        if ratio is not self.generator_ and "ratio" not in self._held_estimators():
            state.parts["ratio"] = describe(ratio)
        state.parts |= {f"stage{k}": stage.to_state() for k, stage in enumerate(self._stages)}
        return state

    def from_state(self, state: State) -> Self:
        self._params = at_fit(self, without=_NOT_OF_FIT)
        self._record = Record.from_state(state.part("record"))
        shape = self._row_shape = self._record.shape
        self.n_features_in_ = shape[0]
        set_columns(self, state.value("columns"), shape[0])
        self._scaler, self._units = (Scaler.from_state(state.part(name), shape) for name in ("scaler", "units"))
        self._clamp = _checked_clamp(state.value("clamp"))
        self._entropy = state.integer("entropy", most=2**128 - 1)
        self._n_calls = None if state.value("n_calls") is None else state.integer("n_calls")
        self._rows = None
        if state.has("rows"):
            self._rows = state.array("rows", (None, *shape), str(state.tensors["rows"].dtype).removeprefix("torch."))
        self.generator_ = kept(f"generator of {type(self).__name__}", self._restored_generator())
        if state.has("ratio"):
            self.ratio_ = revive(state.part("ratio"), device=self.device)
        else:
            given = isinstance(self.ratio, Savable)
            self.ratio_ = kept(f"ratio of {type(self).__name__}", self.ratio) if given else self.generator_
        self._stages, self._readings = [], []
        for k in range(state.integer("n_stages", most=len(state.parts))):
            stage = self._stage()
            self._stages.append(stage.from_state(state.part(f"stage{k}")))
        if self.generator_ is None or isinstance(self.generator_, Savable):
            self._check()  # a foreign generator may have its own stream, which must not advance
        return self

    def _restored_generator(self) -> Any:
        """The generator from a file or from the user, checked."""
        generator = self.generator
        if generator is None:
            if self._rows is None:
                raise FileError("it must hold a generator or rows, and holds neither")
            return None
        generator = check_generator(type(self).__name__, generator)
        if isinstance(generator, GenerativeModel) and generator._record.shape != self._record.shape:
            raise FileError(f"generator must make rows of shape {self._record.shape}, got {generator._record.shape}")
        return generator

    def _fitted_params(self) -> dict[str, Any]:
        params = {**self.get_params(deep=False), **vars(self._params)}
        if self.generator_ is None:
            params["generator"] = None
        if self.ratio_ is self.generator_:
            params["ratio"] = "auto"
        return params

    def _held_estimators(self) -> dict[str, Savable]:
        held: dict[str, Savable] = {}
        if _can_be_held(self.generator_):
            held["generator"] = self.generator_
        if isinstance(self.ratio_, (GenerativeModel, CorrectedRatio)) and self.ratio_ is not self.generator_:
            held["ratio"] = self.ratio_
        return held

    def _left_out(self) -> dict[str, str]:
        if self.generator_ is None or _can_be_held(self.generator_):
            return {}
        return {"generator": type(self.generator_).__name__}

    def __sklearn_clone__(self) -> Self:
        """As scikit-learn's clone, except that a fitted generator or sampler is kept, which clone would unfit."""
        shell = copy.copy(self)
        kept = {
            name: value for name, value in vars(self).items() if name in ("generator", "ratio") and _is_model(value)
        }
        for name, value in kept.items():
            setattr(shell, name, FrozenEstimator(value))
        made = BaseEstimator.__sklearn_clone__(shell)
        for name, value in kept.items():
            setattr(made, name, value)
        return made

    def _default_generator(self) -> Any:
        return VGrowSampler(device=self.device) if self.generator is None else self.generator

    def _seed(self, key: int) -> int:
        return chunk_seed(self._entropy, key)

    def _scaling(self, array: np.ndarray) -> tuple[Scaler, tuple[float, float] | None]:
        """The map to scaled units, and the range there."""
        owner, generator = type(self).__name__, self.generator_
        if isinstance(generator, GenerativeModel):
            if generator._record.shape != self._record.shape:
                raise ValueError(
                    f"X of {owner} must have rows of the generator's shape {generator._record.shape}, got"
                    f" {self._record.shape}."
                )
            if generator._record.ranks is not None and ranks_of(self.generator) is None:
                raise ValueError(
                    f"generator of {owner} must be fitted already where it learns ranks, so that X has the same, got"
                    f" {self.generator!r}; fit it first, or take a refiner that chooses, as RejectionRefiner does."
                )
            order = column_order(f"generator of {owner}", generator, self._record.columns)
            scaler, self._units = generator._scaler.ordered(order), generator._units.ordered(order)
            if self.data_range == "auto":
                return scaler, generator._scaled_range(self._record.shape)
        else:
            # Samples of another generator have that generator's range.
            scaler = self._units = Scaler.of(array, scaling="shared").within(-np.inf, np.inf)
        if self.data_range is None:
            return scaler.within(-np.inf, np.inf), None
        if self.data_range == "auto" and array.ndim == 2:
            return scaler, None
        bounds = (array.min(), array.max()) if self.data_range == "auto" else self.data_range
        try:
            low, high = (float(bound) for bound in bounds)
        except (TypeError, ValueError):
            low = high = np.nan
        constant = self.data_range == "auto" and low == high
        if not (np.isfinite([low, high]).all() and (low < high or constant)):
            raise ValueError(
                f"data_range of {owner} must be 'auto', None or two growing finite numbers, got {self.data_range!r}."
            )
        if isinstance(generator, GenerativeModel):
            least, greatest = float(array.min()), float(array.max())
            if not low <= least <= greatest <= high:
                raise ValueError(
                    f"X of {owner} must lie in the data_range ({low:g}, {high:g}), got numbers from {least:g} to"
                    f" {greatest:g}."
                )
            scaler = scaler.within(low, high)
            ends = [scaler.to_tensor(np.full((1, *array.shape[1:]), bound)).numpy() for bound in (low, high)]
            if any(np.ptp(end) > 1e-6 * (1 + np.abs(end).max()) for end in ends):
                return scaler, None
            return scaler, (float(ends[0].min()), float(ends[1].max()))
        # One map for all columns, so that one range fits them.
        scaler = self._units = Scaler.to_range(array, (-1.0, 1.0), (low, high))
        return scaler, (-1.0, 1.0)

    def _fit_ratio(self, array: np.ndarray) -> Any:
        # If the generator is also the ratio, both use the same copy.
        given = self.generator_ if self.ratio is self.generator and self.generator is not None else self.ratio
        seed = self._seed(_RATIO_KEY)
        ratio = self._resolved_ratio(given, seed)
        if isinstance(ratio, DensityRatio):
            real = self._points_of(self._training_rows(array))
            generated = self._generate(self._at_most(self._n_ratio_rows(len(real))), (self._entropy, _RATIO_KEY))
            ratio._fit_silently(self._in_units_of(ratio, real), self._in_units_of(ratio, generated))
            if ratio._constant() is not None:
                warnings.warn(
                    f"ratio of {type(self).__name__} has come out constant to three digits: the {type(ratio).__name__}"
                    " tells generated samples from X nowhere, and refined samples are distributed as the generator's."
                    " If the generator does differ from X, give another ratio, one that is trained for longer, or more"
                    " rows.",
                    ConstantRatioWarning,
                    stacklevel=_OUTSIDE,
                )
        return ratio

    def _n_ratio_rows(self, n_real: int) -> int:
        """Generated samples that a density ratio is fitted on, if so many can be made."""
        return _RATIO_ROWS

    def _resolved_ratio(self, ratio: Any, seed: int) -> Any:
        """The estimator of the log-ratio. A density ratio is not fitted yet, and has a seed."""
        return resolve_ratio(type(self).__name__, ratio, self.generator_, seed, needs_gradient=self._needs_gradient)

    def _stage(self) -> DensityRatio:
        """An unfitted density ratio that continues from `ratio_`.

        Raises
        ------
        ValueError
            If `ratio_` cannot be trained further.
        """
        ratio = self.ratio_
        made = clone(ratio) if isinstance(ratio, DensityRatio) else None
        if isinstance(ratio, (GenerativeModel, nn.Module)):
            settings = LogisticRatio(**_GOING_ON)
            made = warm_start(f"ratio of {type(self).__name__}", ratio, self._scaler, settings, self._record.columns)
        if made is None:
            raise ValueError(
                f"ratio of {type(self).__name__} must be one of {with_gradient()}, a DensityRatio, or a sampler or a"
                f" torch.nn.Module whose critic can be trained on, for refresh to estimate it anew, got {self.ratio!r}."
            )
        return made

    def _in_units_of(self, ratio: DensityRatio, rows: Tensor) -> Any:
        """Scaled rows as a density ratio is fitted on them: in X's units and with its names, if it needs them."""
        if isinstance(ratio, CorrectedRatio):
            return self._record.restore(self._scaler.to_array(rows, self._record.dtype))
        return rows.cpu().numpy()

    def _check_generator(self) -> None:
        """Test a generator of latents on two of them.

        Raises
        ------
        ValueError
            If it does not take latents of that size.
        """
        source = self._source()
        if not isinstance(source, LatentSource) or isinstance(self.generator_, GenerativeModel):
            return
        latents = source.prior.sample(2, torch.Generator("cpu").manual_seed(0)).to(resolve_device(self.device))
        try:
            with torch.no_grad():
                source.generate(latents)
        except (RuntimeError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"generator of {type(self).__name__} must take latents of shape (n, {source.prior.size}), as its"
                f" latent_size says, and give a tensor of rows, got: {error}"
            ) from error

    def _check(self) -> None:
        """Test generator and log-ratio on a few samples."""
        points = self._generate(_PROBE, (self._entropy, _PROBE_KEY))
        check_field(type(self).__name__, self._field(), points, needs_gradient=self._needs_gradient)

    def _key(self, random_state: Any) -> tuple[int, ...]:
        return key_of_call(self, random_state, (self._entropy, _PUBLIC_KEY))

    def _source(self) -> LatentSource | RowSource:
        if self.generator_ is None:
            return RowSource(self._given)
        record, generator = self._record, self.generator_
        if isinstance(record, Record) and record.ranks is not None and generator._scaled_generator() is None:
            return RowSource(
                lambda n, seed: record.spread(record.scores(drawn(generator, n, seed)), seed)[shuffled(n, seed)]
            )
        device = resolve_device(self.device)
        return source_of(type(self).__name__, self.generator_, self._scaler, device, self._record.columns)

    def _given(self, n: int, seed: int) -> np.ndarray:
        """n of the given samples in random order, each equally often."""
        rows = self._rows
        if rows is None:
            raise ValueError(f"{type(self).__name__} has neither a generator nor rows; call fit.")
        order = np.random.default_rng(seed).permutation(len(rows))
        return rows[np.resize(order, n)]

    def _at_most(self, n: int) -> int:
        """n, or the number of given samples if there is no generator to make more."""
        return n if self._rows is None else min(n, len(self._rows))

    def _field(self) -> Callable[[Tensor], Tensor]:
        """T of scaled rows."""
        return self._stage_field(0)

    def _fields(self) -> list[Callable[[Tensor], Tensor]]:
        """T of scaled rows, for the first samples and for each later stage of their refinement."""
        return [self._stage_field(stage) for stage in range(1 + len(self._stages))]

    def _stage_field(self, stage: int) -> Callable[[Tensor], Tensor]:
        """T of scaled rows at one stage of their refinement. 0 is the first one."""
        field = self._bare_field(self._stages[stage - 1] if stage else self.ratio_)
        return self._readings[stage].of(field) if self._readings else field

    def _bare_field(self, ratio: Any) -> Callable[[Tensor], Tensor]:
        """A log-ratio's output at scaled rows."""
        owner, device = type(self).__name__, resolve_device(self.device)
        return field_of(owner, ratio, self.generator_, self._scaler, device, self._record.columns)

    def _generate(self, n: int, key: tuple[int, ...]) -> Tensor:
        """n scaled samples, checked but not refined."""
        source = self._source()
        if isinstance(source, RowSource):
            return self._scaled_rows(source.sample(n, chunk_seed(*key)))
        latents = source.prior.sample(n, torch.Generator("cpu").manual_seed(chunk_seed(*key)))
        return self._from_latents(source, latents.to(resolve_device(self.device)))

    def _from_latents(self, source: LatentSource, latents: Tensor) -> Tensor:
        """Scaled samples of these latents, clamped to their range.

        Raises
        ------
        ValueError
            If their shape differs from X's, or if they are not finite.
        """
        with torch.no_grad():
            points = source.generate(latents)
        self._check_rows(tuple(points.shape[1:]), torch.isfinite(points).flatten(1).all(1).cpu().numpy())
        return points if self._clamp is None else points.clamp(*self._clamp)

    def _scaled_rows(self, rows: np.ndarray) -> Tensor:
        """A generator's samples, checked, clamped and on the device."""
        self._check_rows(rows.shape[1:], np.isfinite(rows).reshape(len(rows), -1).all(1))
        return self._scaler.restore_constants(self._scaler.to_tensor(rows)).to(resolve_device(self.device))

    def _check_rows(self, shape: tuple[int, ...], finite: np.ndarray) -> None:
        owner = type(self).__name__
        if shape != self._record.shape:
            raise ValueError(f"generator of {owner} must give rows of X's shape {self._record.shape}, got {shape}.")
        if not finite.all():
            raise ValueError(
                f"generator of {owner} must give finite rows, got NaN or infinity in {int((~finite).sum())} of"
                f" {len(finite)}."
            )


def _is_model(value: Any) -> bool:
    """Whether a parameter is a fitted model to keep."""
    return isinstance(value, BaseEstimator) and not isinstance(value, DensityRatio) and is_fitted(value)


def ranks_of(generator: Any) -> Record | None:
    """The record of a generator of this package that was fitted to ranks."""
    generator = generator.estimator if isinstance(generator, FrozenEstimator) else generator
    record = vars(generator).get("_record") if isinstance(generator, GenerativeModel) else None
    return record if record is not None and record.ranks is not None else None


def _can_be_held(generator: Any) -> bool:
    """Whether a file can hold a generator and all that it needs."""
    if not isinstance(generator, Savable) or generator._left_out():
        return False
    return registry.registered(type(generator), families=("estimator",)) is not None


def _checked_clamp(bounds: Any) -> tuple[float, float] | None:
    """A range in scaled units, read from a file."""
    if bounds is None:
        return None
    finite = isinstance(bounds, list) and all(isinstance(b, float) and abs(b) < np.inf for b in bounds)
    if not finite or len(bounds) != 2 or bounds[0] > bounds[1]:
        raise FileError("clamp must be None or two growing finite numbers, and is not")
    return bounds[0], bounds[1]
