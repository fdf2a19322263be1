"""What one column of a table is, and its values as numbers and back."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import ModuleType
from typing import Any, Self

import narwhals as nw
import numpy as np
import pandas as pd

from .._literals import Unknown
from ..exceptions import FileError
from ._levels import from_json, grown, looked_up, to_json

__all__ = ["KINDS", "Column"]

KINDS = ("number", "integer", "boolean", "category", "date", "duration")

_EXACT = 2**53  # integers up to here are float64 as they are
_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 6 * 10**10, "h": 36 * 10**11, "D": 864 * 10**11}
_DECIMALS = 10  # digits after the point that are looked for
_LISTED = 5  # levels that an error shows
_MARKERS = {"None": None, "NaN": np.nan, "NA": pd.NA, "NaT": pd.NaT}


class Refused(ValueError):
    """A column cannot be represented. The message says what to do, without the column's name."""


@dataclass(frozen=True)
class Column:
    """What one column is, learned from its values.

    Parameters
    ----------
    kind : str
        "number", "integer", "boolean", "category", "date" or "duration".
    dtype : object
        The dtype in the table's library.
    levels : tuple or None
        The distinct values where a value is coded by its position among them. None where values are numbers: floats;
        integers up to 2**53; dates and durations as multiples of `unit`.
    ordered : bool
        Whether the codes have an order: always, except of categories whose values have none.
    low, high : float
        The least and the greatest finite code, NaN without any.
    decimals : int or None
        Of numbers: the digits after the point that all of them have at most. None beyond 10.
    unit : str or None
        Of dates and durations: the largest unit of time that all of them are multiples of.
    missing : float
        The fraction of missing values.
    marker : str
        How a missing value is written: "None", "NaN", "NA" or "NaT".
    """

    kind: str
    dtype: Any
    levels: tuple[Any, ...] | None
    ordered: bool
    low: float
    high: float
    decimals: int | None = None
    unit: str | None = None
    missing: float = 0.0
    marker: str = "None"

    @classmethod
    def of(cls, native: Any) -> Self:
        """Learn what a column of a library is.

        Raises
        ------
        Refused
            If it cannot be represented.
        """
        series = nw.from_native(native, series_only=True)
        missing, dtype = _holes(series), native.type if hasattr(native, "type") else native.dtype
        common: dict[str, Any] = {
            "dtype": dtype,
            "missing": float(missing.mean()) if len(missing) else 0.0,
            "marker": _marker(native, series, missing),
        }
        if series.dtype.is_nested():
            raise Refused(f"its values are {series.dtype}; make columns or strings of their parts")
        if series.dtype.is_integer() or series.dtype.is_float():
            values = _numbers(series, missing)
            if series.dtype.is_integer() and any(abs(int(v)) > _EXACT for v in _ends(values)):
                return cls._by_levels(values.astype(object), missing, "integer", **common)
            kind = "integer" if series.dtype.is_integer() else "number"
            codes = np.where(missing, np.nan, values.astype(np.float64))
            found = cls(kind, levels=None, ordered=True, low=np.nan, high=np.nan, **common)._bounded(codes)
            return replace(found, decimals=decimals_of(codes) if kind == "number" else 0)
        if series.dtype.is_temporal() and not isinstance(series.dtype, nw.Time):
            stamps, ticks = _ticks(series, missing)
            kind = "duration" if isinstance(series.dtype, nw.Duration) else "date"
            unit = _unit(stamps[~missing], ticks)
            codes = np.where(missing, 0, stamps) // (_UNITS[unit] // _UNITS[ticks])
            if any(abs(int(v)) > _EXACT for v in _ends(codes)):
                objects = np.where(missing, 0, stamps).astype(object)
                return cls._by_levels(objects, missing, kind, **common, unit=ticks)
            found = cls(kind, levels=None, ordered=True, low=np.nan, high=np.nan, unit=unit, **common)
            return found._bounded(np.where(missing, np.nan, codes.astype(np.float64)))
        if isinstance(dtype, pd.CategoricalDtype):
            levels = tuple(dtype.categories)
            _check_levels(levels)
            return cls("category", levels=levels, ordered=bool(dtype.ordered), low=0, high=len(levels) - 1, **common)
        kind = "boolean" if series.dtype == nw.Boolean else "category"
        return cls._by_levels(_objects(series, native), missing, kind, **common)

    @classmethod
    def _by_levels(cls, values: np.ndarray, holes: np.ndarray, kind: str, **common: Any) -> Self:
        try:
            levels, ordered = grown(values[~holes])
        except TypeError as error:
            raise Refused(f"its values cannot be compared ({error}); make columns or strings of their parts") from error
        _check_levels(levels)
        ordered = ordered or kind != "category"
        return cls(kind, levels=tuple(levels), ordered=ordered, low=0, high=len(levels) - 1, **common)

    def _bounded(self, codes: np.ndarray) -> Self:
        finite = codes[np.isfinite(codes)]
        low, high = (float(v) for v in _ends(finite)) if len(finite) else (np.nan, np.nan)
        return replace(self, low=low, high=high)

    def encode(self, native: Any, *, unknown: Unknown = "error") -> np.ndarray:
        """Codes (n,) of a column of a library, float64. NaN is missing.

        Parameters
        ----------
        native : Series or ChunkedArray
        unknown : str, default="error"
            "missing" takes levels that were not there when this was learned for missing values.

        Raises
        ------
        Refused
            If the column is of another kind, or has levels that were not there when this was learned.
        """
        series = nw.from_native(native, series_only=True)
        missing = _holes(series)
        found: np.ndarray
        if self.levels is None:
            found = self._as_numbers(series, missing)
        else:
            dtype = getattr(native, "dtype", None)
            if isinstance(dtype, pd.CategoricalDtype) and dtype == self.dtype:
                found = native.cat.codes.to_numpy()
            else:
                values = self._as_objects(series, native, missing)
                found = np.full(len(values), -1)
                found[~missing] = looked_up(values[~missing], self.levels)
                if unknown == "error":
                    self._refuse_unknown(values[~missing & (found < 0)])
                missing = missing | (found < 0)
        return np.where(missing, np.nan, found.astype(np.float64))

    def _as_numbers(self, series: Any, missing: np.ndarray) -> np.ndarray:
        if self.kind in ("number", "integer"):
            if missing.all():
                return np.full(len(missing), np.nan)
            if not (series.dtype.is_integer() or series.dtype.is_float()):
                raise Refused(f"it must hold numbers as in fit, got {series.dtype}; convert it")
            return _numbers(series, missing).astype(np.float64)
        wanted = nw.Duration if self.kind == "duration" else (nw.Date, nw.Datetime)
        if not isinstance(series.dtype, wanted):
            raise Refused(f"it must hold {self.kind}s as in fit, got {series.dtype}; convert it")
        stamps, ticks = _ticks(series, missing)
        size, step = _UNITS[ticks], _UNITS[str(self.unit)]
        return (
            stamps // (step // size) if step >= size and not (stamps % (step // size)).any() else stamps / step * size
        )

    def _as_objects(self, series: Any, native: Any, missing: np.ndarray) -> np.ndarray:
        if self.kind == "integer":
            return _numbers(series, missing).astype(object)
        if self.kind in ("date", "duration"):
            stamps, ticks = _ticks(series, missing)
            return np.array([int(v) * _UNITS[ticks] // _UNITS[str(self.unit)] for v in stamps], dtype=object)
        return _objects(series, native)

    def _refuse_unknown(self, values: np.ndarray) -> None:
        if not len(values):
            return
        value, levels = values[0], self.levels or ()
        near = get_close_matches(str(value), [str(level) for level in levels], 1, 0.0) if len(levels) < 1000 else []
        shown = f"{[*levels[:_LISTED]]}{f' and {len(levels) - _LISTED} more' if len(levels) > _LISTED else ''}"
        nearest = f"; the nearest is {near[0]!r}" if near else ""
        raise Refused(f"it must hold levels that fit saw, {shown}, got {value!r}{nearest}")

    def decode(self, codes: np.ndarray, library: ModuleType) -> Any:
        """The inverse of `encode`: a column of the library, whose dtype and missing values are as they were.

        Raises
        ------
        Refused
            If codes are missing and the dtype holds no missing values.
        """
        missing = np.isnan(codes)
        marker = _MARKERS[self.marker]
        try:
            if self.levels is not None:
                places = np.where(missing, -1, codes).astype(np.int64)
                if self.kind in ("integer", "date", "duration"):
                    table = np.array([*self.levels, 0], dtype=object)
                    whole = table[places].astype(np.uint64 if any(v >= 2**63 for v in self.levels) else np.int64)
                    return library.numbers(self._stamps(whole, missing), missing, self.dtype, self._zone)
                return library.taken(self.levels, marker, places, self.dtype)
            if self.kind == "number":
                holes = missing & (self.marker != "NaN")
                return library.numbers(codes, holes, self.dtype, None)
            whole = np.where(missing, 0, codes).astype(np.int64)
            return library.numbers(self._stamps(whole, missing), missing, self.dtype, self._zone)
        except ValueError as error:
            raise Refused(str(error)) from error

    def _stamps(self, whole: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Integers as what they stand for, in the resolution of the dtype."""
        if self.kind == "integer":
            return whole
        ticks = _resolution(self.dtype, str(self.unit))
        kind = "timedelta64" if self.kind == "duration" else "datetime64"
        return (whole * (_UNITS[str(self.unit)] // _UNITS[ticks])).view(f"{kind}[{ticks}]")

    @property
    def _zone(self) -> str | None:
        zone = getattr(self.dtype, "tz", getattr(self.dtype, "time_zone", None))
        zone = getattr(getattr(self.dtype, "pyarrow_dtype", None), "tz", zone)
        return None if zone is None else str(zone)

    @property
    def spread(self) -> str:
        """Levels or bounds, for people."""
        if self.levels is not None and self.kind in ("boolean", "category"):
            return f"{len(self.levels)} levels"
        return f"{self.shown(self.low)} to {self.shown(self.high)}"

    def shown(self, code: float) -> str:
        """A value for people."""
        if np.isnan(code):
            return "-"
        if self.levels is not None:
            return str(self.levels[int(code)])
        if self.kind == "date":
            return str(np.array(int(code)).astype(f"datetime64[{self.unit}]"))
        return f"{code:.10g}" + (f" {self.unit}" if self.kind == "duration" else "")

    def to_json(self, library: ModuleType) -> dict[str, Any]:
        """The description as JSON."""
        levels = None
        if self.levels is not None and not isinstance(self.dtype, pd.CategoricalDtype):
            levels = [to_json(level) for level in self.levels]
        return {
            "kind": self.kind,
            "dtype": library.describe_dtype(self.dtype),
            "levels": levels,
            "ordered": self.ordered,
            "bounds": None if np.isnan(self.low) else [self.low, self.high],
            "decimals": self.decimals,
            "unit": self.unit,
            "missing": self.missing,
            "marker": self.marker,
        }

    @classmethod
    def from_json(cls, described: Any, library: ModuleType) -> Self:
        """The inverse of `to_json`.

        Raises
        ------
        FileError
            If it is not what `to_json` gives.
        """
        try:
            dtype = library.dtype_of(described["dtype"])
            levels = described["levels"]
            if isinstance(dtype, pd.CategoricalDtype):
                levels = tuple(dtype.categories)
            elif levels is not None:
                levels = tuple(from_json(level) for level in levels)
            low, high = (np.nan, np.nan) if described["bounds"] is None else map(float, described["bounds"])
            kind, unit, marker = described["kind"], described["unit"], described["marker"]
            if kind not in KINDS or marker not in _MARKERS or not (unit is None or unit in _UNITS):
                raise ValueError("a kind, unit or marker that there is not")
            if (levels is None and kind in ("boolean", "category")) or (unit is None and kind in ("date", "duration")):
                raise ValueError("a column without levels or unit")
            ordered, missing = bool(described["ordered"]), float(described["missing"])
            return cls(kind, dtype, levels, ordered, low, high, described["decimals"], unit, missing, marker)
        except Exception as error:
            raise FileError(f"a column's description is none ({type(error).__name__}: {error})") from error


def _holes(series: Any) -> np.ndarray:
    """Missing values (n,): nulls and, of floats, NaN."""
    holes = np.asarray(series.is_null().to_numpy(), dtype=bool)
    if series.dtype.is_float():
        holes = holes | np.asarray(series.fill_null(0.0).is_nan().to_numpy(), dtype=bool)
    return holes


def _numbers(series: Any, missing: np.ndarray) -> np.ndarray:
    """Numbers (n,), 0 where they are missing."""
    filled = series.fill_null(0) if missing.any() else series
    values = np.asarray(filled.to_numpy())
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise Refused(f"its dtype {values.dtype} is wider than float64; convert it to float64")
    return np.where(missing, values.dtype.type(0), values)


def _ticks(series: Any, missing: np.ndarray) -> tuple[np.ndarray, str]:
    """Dates or durations as integers (n,), 0 where they are missing, and their unit."""
    kind = "m8" if isinstance(series.dtype, nw.Duration) else "M8"
    if isinstance(series.dtype, nw.Datetime) and series.dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    ticks = "D" if isinstance(series.dtype, nw.Date) else series.dtype.time_unit
    values = np.array(series.to_numpy())
    if values.dtype == object:
        values[missing] = None
    stamps = values.astype(f"{kind}[{ticks}]").astype(np.int64)
    return np.where(missing, 0, stamps), ticks


def _unit(stamps: np.ndarray, ticks: str) -> str:
    """The largest unit that all are multiples of."""
    for unit in ("D", "h", "m", "s", "ms", "us", "ns"):
        if _UNITS[unit] >= _UNITS[ticks] and not (stamps % (_UNITS[unit] // _UNITS[ticks])).any():
            return unit
    return ticks


def _resolution(dtype: Any, unit: str) -> str:
    """The unit in which a dtype counts, or a fine one where it counts days."""
    dtype = getattr(dtype, "pyarrow_dtype", dtype)
    if isinstance(dtype, np.dtype):
        return np.datetime_data(dtype)[0]
    found = getattr(dtype, "unit", getattr(dtype, "time_unit", None))
    return unit if found is None else str(found)


def _ends(values: np.ndarray) -> tuple[Any, ...]:
    return (values.min(), values.max()) if len(values) else ()


def decimals_of(codes: np.ndarray) -> int | None:
    """Digits after the point that suffice for all finite codes."""
    finite = codes[np.isfinite(codes)]
    with np.errstate(over="ignore", invalid="ignore"):
        return next((d for d in range(_DECIMALS + 1) if (np.round(finite, d) == finite).all()), None)


def _objects(series: Any, native: Any) -> np.ndarray:
    """Values (n,) as Python's objects."""
    values = native.to_numpy(dtype=object) if hasattr(native, "iloc") else series.to_list()
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _marker(native: Any, series: Any, missing: np.ndarray) -> str:
    """How missing values are written.

    Raises
    ------
    Refused
        If they are written in two ways.
    """
    if isinstance(native, pd.Series) and pd.api.types.is_object_dtype(native):
        held = {id(v) if v is None or v is pd.NA or v is pd.NaT else "NaN" for v in native[missing]}
        names = [name for name, v in _MARKERS.items() if id(v) in held or (name == "NaN" and "NaN" in held)]
        if len(names) > 1:
            raise Refused(f"its missing values are written as {' and '.join(names)}; write them in one way")
        return names[0] if names else "None"
    if not series.dtype.is_float():
        return "None"
    nulls = np.asarray(series.is_null().to_numpy(), dtype=bool)
    plain = isinstance(getattr(native, "dtype", None), np.dtype)  # numpy's floats have NaN alone
    if (missing & ~nulls).any() and nulls.any():
        raise Refused("its missing values are both null and NaN; write them in one way")
    return "NaN" if plain or (missing & ~nulls).any() else "None"


def _check_levels(levels: Any) -> None:
    """That they can be stored.

    Raises
    ------
    Refused
        If one cannot.
    """
    try:
        for kind in {type(level): level for level in levels}.values():
            to_json(kind)
    except TypeError as error:
        raise Refused(f"it holds {error}, which cannot be stored; turn them to strings or numbers") from error
