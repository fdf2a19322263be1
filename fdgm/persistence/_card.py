"""A model's card: what data it saw, its parameters, versions, figures and licence. It holds no row of the data."""

import copy
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from .._version import version
from ..exceptions import FileError
from ._params import OF_A_CALL

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator

__all__ = ["checked_card", "completed_card", "forget_card", "make_card"]

_MAX_DEPTH, _MAX_ENTRIES = 4, 20_000
_MAX_TEXT = 2_000  # characters of a parameter or a licence
_LIBRARIES = ("torch", "numpy", "scikit-learn")


def make_card(estimator: "BaseEstimator") -> dict[str, Any]:
    """The card of a fitted estimator: that of its file, if it was loaded and not fitted since."""
    saved = vars(estimator).get("_saved_card")
    if saved is not None:
        return copy.deepcopy(saved)
    seconds = getattr(estimator, "history_", {}).get("seconds", ())
    training = {
        "iterations": getattr(estimator, "n_iter_", None),
        "ended_by": getattr(estimator, "stop_reason_", None),
        "seconds": round(float(seconds.iloc[-1]), 3) if len(seconds) else None,
    }
    params = {key: value for key, value in estimator.get_params(deep=False).items() if key not in OF_A_CALL}
    return {
        "model": type(estimator).__name__,
        "license": None,
        "data": copy.deepcopy(vars(estimator).get("_seen")),
        "training": training if training["iterations"] is not None else None,
        "parameters": {key: _short(value) for key, value in params.items()},
        "versions": {"fdgm": version(), "python": platform.python_version()}
        | {name: metadata.version(name) for name in _LIBRARIES},
        "report": None,
    }


def completed_card(card: dict[str, Any], license: str | None, report: "pd.DataFrame | None") -> dict[str, Any]:
    """A card with the licence and the figures that a person gives.

    Raises
    ------
    TypeError
        If the licence is no text, or the report no table of :func:`fdgm.metrics.report`.
    """
    if license is not None:
        if not isinstance(license, str):
            raise TypeError(f"license of save must be a text or None, got {license!r}.")
        card["license"] = license[:_MAX_TEXT]
    if report is not None:
        if not {"value", "held_out"}.issubset(getattr(report, "columns", ())):
            raise TypeError(f"report of save must be a table of fdgm.metrics.report or None, got {report!r}.")
        figures = report[["value", "held_out"]].to_numpy(dtype=np.float64)
        card["report"] = {
            str(name): [_number(number) for number in line] for name, line in zip(report.index, figures, strict=True)
        }
    return card


def checked_card(card: Any) -> dict[str, Any]:
    """A card that a file held: texts, numbers, lists and dicts, not deep and not many.

    Raises
    ------
    FileError
        If it is something else.
    """
    if not isinstance(card, dict) or not _is_plain(card, [_MAX_ENTRIES]):
        raise FileError("card must be a small dict of texts and numbers, and is not")
    return card


def _is_plain(value: Any, left: list[int], depth: int = 0) -> bool:
    left[0] -= 1
    if left[0] < 0 or depth > _MAX_DEPTH:
        return False
    if isinstance(value, Mapping):
        return all(_is_plain(inner, left, depth + 1) for inner in value.values())
    if isinstance(value, list):
        return all(_is_plain(inner, left, depth + 1) for inner in value)
    return value is None or isinstance(value, (str, int, float, bool))


def _number(value: float) -> float | None:
    """A number that JSON holds."""
    return float(value) if np.isfinite(value) else None


def _short(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    text = " ".join(repr(value).split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 3]}..."


def forget_card(estimator: Any) -> None:
    """Forget the card of a file, which another fit makes obsolete."""
    vars(estimator).pop("_saved_card", None)
