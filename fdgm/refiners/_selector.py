"""The base class of the refiners that choose among samples by a calibrated log-ratio."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, ClassVar, Self, overload

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from .._ambient import undisturbed
from .._literals import Calibration
from .._sklearn import Interval, StrOptions
from ..exceptions import FileError
from ..inputs import Record, Scaler, chunk_seed, given_key, index_of, with_seed
from ..nets import resolve_device
from ..persistence import State, as_tensor
from ..ratios import DensityRatio
from ..trees import TreeSampler
from ._base import Refiner, ranks_of
from ._corrected import CorrectedRatio
from ._generators import LatentSource, RowSource, drawn, shuffled
from ._isotonic import isotonic_log_ratio
from ._mixed import Mixed, boosted_ratio
from ._split import held_out_rows

__all__ = ["CANDIDATES", "Selector"]

CANDIDATES = 4096  # candidates made at once
_FRUITLESS = 500  # chunks of candidates without an accepted one, after which `sample` gives up
_CALIBRATED = 5000  # generated samples for the calibration and for the greatest T
_OF_TREES = 3, 100_000  # generated samples for each row that boosted trees are fitted on, and at most so many
_CALIBRATION_KEY, _REFINE_KEY = 20, 22  # streams of the fit's own seed, in addition to the base class's


class Selector(Refiner):
    """Base class of the refiners that choose among samples, and so return fewer than they were given.

    A subclass chooses in `_select` which candidates of a chunk stay.
    """

    _selector_constraints: ClassVar[dict[str, Any]] = {
        **{name: rule for name, rule in Refiner._refiner_constraints.items() if name not in ("n_jobs", "data_range")},
        "calibration": [StrOptions({"sigmoid", "isotonic"}), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    }
    data_range = "auto"

    _needs_gradient: ClassVar = False

    calibration: Calibration | None
    validation_fraction: float

    _knots: list[list[float]] | None
    _held_out_t: np.ndarray
    _generated_t: np.ndarray

    @abstractmethod
    def _select(self, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Indices, in order, of the candidates that stay, by their calibrated log-ratios (n,)."""

    @overload
    def refine(self, X: pd.DataFrame, *, random_state: Any = ...) -> pd.DataFrame: ...
    @overload
    def refine(self, X: np.ndarray, *, random_state: Any = ...) -> np.ndarray: ...
    @overload
    def refine(self, X: Any, *, random_state: Any = ...) -> Any: ...
    @undisturbed()
    def refine(self, X: Any, *, random_state: Any = None) -> Any:
        """Choose rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples of the generator.
        random_state : int, RandomState, Generator or None, default=None
            None gives the same randomness at each call.

        Returns
        -------
        X_chosen : ndarray or DataFrame of shape (n_chosen, n_features)
            At most as many rows as X, possibly none.
        """
        check_is_fitted(self)
        array, record = self._read(X, reset=False)
        key = (self._entropy, _REFINE_KEY) if random_state is None else given_key(random_state)
        chosen = self._select(self._calibrated(self.log_ratio(X)), np.random.default_rng(chunk_seed(*key)))
        index = index_of(X)
        return record.restore(array[chosen], None if index is None else index[chosen])

    def _sample(self, n_samples: int, key: tuple[int, ...]) -> np.ndarray:
        parts, found = [], 0
        for chunk, rows in enumerate(self._candidates(key)):
            t = self._calibrated(self._field_of(rows))
            chosen = rows[self._select(t, np.random.default_rng(chunk_seed(*key, chunk, 1)))]
            parts.append(chosen[: n_samples - found])
            found += len(parts[-1])
            if found == n_samples:
                break
            if chunk + 1 >= _FRUITLESS and not found:
                raise ValueError(
                    f"generator of {type(self).__name__} must give rows that can be accepted, got none among"
                    f" {(chunk + 1) * CANDIDATES}; the ratio tells it from the data without fail."
                )
        chosen = np.concatenate(parts)
        if isinstance(self._record, Mixed):
            return chosen
        return self._scaler.to_array(torch.from_numpy(chosen), self._record.dtype)

    def _candidates(self, key: tuple[int, ...]) -> Iterator[np.ndarray]:
        """Scaled samples of the generator, chunk after chunk, without end."""
        chunk = 0
        while True:
            yield self._generate(CANDIDATES, (*key, chunk, 0)).cpu().numpy()
            chunk += 1

    def _field_of(self, rows: np.ndarray) -> np.ndarray:
        """Uncalibrated T (n,) of scaled rows."""
        with torch.no_grad():
            return (
                self._field()(torch.from_numpy(rows).to(resolve_device(self.device))).cpu().numpy().astype(np.float64)
            )

    def _held_out(self, n: int) -> np.ndarray:
        return held_out_rows(n, self._params.validation_fraction, self._entropy)

    def _prepare(self, array: np.ndarray) -> None:
        held_out = array[self._held_out(len(array))]
        t_p = self._field_of(self._points_of(held_out).numpy())
        generated = self._generate(_CALIBRATED, (self._entropy, _CALIBRATION_KEY))
        t_q = self._field_of(generated.cpu().numpy())
        self._knots = self._calibrate(t_p, t_q)
        self._held_out_t, self._generated_t = self._calibrated(t_p), self._calibrated(t_q)

    def _read(self, X: Any, *, reset: bool, min_samples: int = 1) -> tuple[np.ndarray, Record | Mixed]:
        owner = type(self).__name__
        ranked = ranks_of(self.generator) is not None
        mixed = Mixed.of(X, owner, numbers=ranked) if reset else vars(self).get("_record")
        if not isinstance(mixed, Mixed):
            return super()._read(X, reset=reset, min_samples=min_samples)
        codes = mixed.read(self, X, f"X of {owner}", reset=reset)
        if len(codes) < min_samples:
            raise ValueError(f"X of {owner} must have at least {min_samples} rows, got {len(codes)}.")
        return codes, mixed

    def _points_of(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(rows) if isinstance(self._record, Mixed) else super()._points_of(rows)

    def _compared(self, rows: np.ndarray) -> np.ndarray:
        return self._record.units(rows) if isinstance(self._record, Mixed) else super()._compared(rows)

    def _default_generator(self) -> Any:
        if self.generator is None and isinstance(self._record, Mixed):
            return TreeSampler()
        return super()._default_generator()

    def _scaling(self, array: np.ndarray) -> tuple[Scaler, tuple[float, float] | None]:
        if not isinstance(self._record, Mixed):
            return super()._scaling(array)
        self._units = Scaler.identity(array.shape[1:])
        return self._units, None

    def _source(self) -> LatentSource | RowSource:
        mixed, generator = self._record, self.generator_
        if generator is None or not isinstance(mixed, Mixed):
            return super()._source()
        what = f"samples of the generator of {type(self).__name__}"
        return RowSource(lambda n, seed: mixed.schema.encode(drawn(generator, n, seed), what)[shuffled(n, seed)])

    def _scaled_rows(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(rows) if isinstance(self._record, Mixed) else super()._scaled_rows(rows)

    @property
    def _is_boosted(self) -> bool:
        """Whether T comes from boosted trees."""
        ratio = self._params.ratio
        return isinstance(ratio, str) and (ratio == "boosted" or (ratio == "auto" and isinstance(self._record, Mixed)))

    @property
    def effective_sample_size_(self) -> float:
        """Fraction of the generator's samples that, each with its weight e^T, are worth as much as samples of the data.

        It is (Σ w)² / n Σ w² of 5,000 fresh samples. Their number goes down by this factor, or more, in choosing.
        """
        check_is_fitted(self)
        weights = np.exp(self._generated_t - self._generated_t.max())
        return float(weights.sum() ** 2 / np.square(weights).sum() / len(weights))

    def _n_ratio_rows(self, n_real: int) -> int:
        few = super()._n_ratio_rows(n_real)
        return max(few, min(_OF_TREES[0] * n_real, _OF_TREES[1])) if self._is_boosted else few

    def _resolved_ratio(self, ratio: Any, seed: int) -> Any:
        if self._is_boosted:
            return with_seed(boosted_ratio(), seed)
        if not isinstance(self._record, Mixed):
            return super()._resolved_ratio(ratio, seed)
        if isinstance(ratio, CorrectedRatio) or not isinstance(ratio, (str, DensityRatio)):
            raise TypeError(
                f"ratio of {type(self).__name__} must be 'auto' or a DensityRatio of rows for a table with categories,"
                f" dates or missing values, got {ratio!r}."
            )
        return super()._resolved_ratio(ratio, seed)

    def _in_units_of(self, ratio: DensityRatio, rows: torch.Tensor) -> Any:
        if isinstance(self._record, Mixed):
            return self._record.numbers(rows.numpy())
        return super()._in_units_of(ratio, rows)

    def _bare_field(self, ratio: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        mixed = self._record
        if not isinstance(mixed, Mixed):
            return super()._bare_field(ratio)
        return lambda rows: torch.from_numpy(ratio.log_ratio(mixed.numbers(rows.detach().cpu().numpy())))

    def _calibrate(self, t_p: np.ndarray, t_q: np.ndarray) -> list[list[float]] | None:
        """The map from T to a calibrated T, as points: two of a straight line, or those of an isotonic curve."""
        if self._params.calibration is None:
            return None
        if self._params.calibration == "sigmoid":
            t, label = np.concatenate([t_p, t_q]), np.repeat([1, 0], [len(t_p), len(t_q)])
            weight = np.where(label, 1 / len(t_p), 1 / len(t_q))  # without weights T would contain log n_p/n_q
            model = LogisticRegression(C=1e6).fit(t[:, None], label, sample_weight=weight * len(t) / 2)
            ends = np.array([t.min(), t.max()])
            return [list(ends), list(model.decision_function(ends[:, None]))]
        return [knots.tolist() for knots in isotonic_log_ratio(t_p, t_q)]

    def _calibrated(self, t: np.ndarray) -> np.ndarray:
        if self._knots is None:
            return t
        x, y = (np.asarray(knots) for knots in self._knots)
        if self._params.calibration == "sigmoid" and x[0] < x[1]:
            return y[0] + (t - x[0]) * ((y[1] - y[0]) / (x[1] - x[0]))
        return np.interp(t, x, y)

    def to_state(self) -> State:
        state = super().to_state()
        state.tensors |= {"held_out_t": as_tensor(self._held_out_t), "generated_t": as_tensor(self._generated_t)}
        if self._knots is not None:
            state.tensors["knots"] = as_tensor(np.array(self._knots, dtype=np.float64))
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        self._knots = state.array("knots", (2, None)).tolist() if self.calibration is not None else None
        self._held_out_t, self._generated_t = (state.array(name, (None,)) for name in ("held_out_t", "generated_t"))
        if not (len(self._held_out_t) and len(self._generated_t)) or (self._knots is not None and not self._knots[0]):
            raise FileError("held_out_t, generated_t and knots must hold numbers, and one of them holds none")
        return self
