"""Estimators by short names, their parameters from the command line, and fits that keep what they have."""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from ._errors import Mistake

__all__ = ["SHORT", "fitted", "interactive", "load_model", "make_estimator", "reading_of", "suited", "text_columns"]

#: Short names of estimators. Any registered name works too.
SHORT = {
    "vgrow": "VGrowSampler",
    "gan": "GANSampler",
    "age": "AGEBidirectional",
    "trees": "TreeSampler",
}


def suited(data: Any, condition: list[str] | None) -> str:
    """The estimator that suits data: trees for tables with text, dates or missing values, or with a condition."""
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        return "vgrow"
    plain = all(pd.api.types.is_numeric_dtype(dtype) for dtype in data.dtypes) and not data.isna().to_numpy().any()
    return "vgrow" if plain and not condition else "trees"


def interactive() -> bool:
    """Whether a person watches: progress is shown at a terminal, and nothing when piped."""
    return sys.stderr.isatty()


def make_estimator(
    name: str,
    settings: list[str],
    *,
    seed: int | None,
    max_seconds: float | None,
    condition: list[str] | None = None,
    verbose: bool = False,
) -> Any:
    """An estimator by its short or registered name, with settings as ``name=value``.

    Raises
    ------
    Mistake
        If there is no such estimator or parameter.
    """
    from .. import registry

    known = registry.available("estimator")
    registered = SHORT.get(name, name)
    trained = sorted({short for short, full in SHORT.items() if full in known})
    if registered not in known:
        raise Mistake(f"--estimator: unknown {name!r}; one of {', '.join(trained)}, or {', '.join(known)}")
    cls = registry.get("estimator", registered)
    parameters = inspect.signature(cls).parameters
    if "max_seconds" not in parameters:
        raise Mistake(f"--estimator: {registered} refines samples; use `fdgm refine`")
    chosen: dict[str, Any] = {"random_state": seed, "max_seconds": max_seconds, "verbose": int(verbose)}
    if max_seconds is not None and "max_iter" in parameters:
        chosen["max_iter"] = None
    if condition:
        if "condition" not in parameters:
            raise Mistake(f"--condition: {registered} takes no condition")
        chosen["condition"] = condition
    nested: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or key.partition("__")[0] not in parameters:
            raise Mistake(f"--set {setting}: must be name=value, with a parameter of {registered} as the name")
        (nested if "__" in key else chosen)[key] = _value(text)
    if "random_state" in parameters:
        return cls(**chosen).set_params(**nested)
    return cls(**{key: value for key, value in chosen.items() if key in parameters}).set_params(**nested)


def fitted(estimator: Any, *data: Any, **more: Any) -> bool:
    """Fit, and say whether it ended by itself. After Ctrl-C, the whole iterations are kept if there are any.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted before there was something to keep.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        estimator.fit(*data, **more)
    except KeyboardInterrupt:
        try:
            check_is_fitted(estimator)
        except NotFittedError:
            raise KeyboardInterrupt from None
        return False
    return True


def load_model(path: Path, generator: Any = None) -> Any:
    """A model from its file.

    Raises
    ------
    Mistake
        If there is no such file.
    """
    from ..persistence import load

    if not path.is_file():
        raise Mistake(f"{path}: no such file")
    return load(path, generator=generator)


def text_columns(model: Any) -> set[str]:
    """Columns whose values were text in `fit`, such as codes with leading zeros."""
    schema = getattr(model, "schema_", None)
    if schema is None:
        return set()
    return {
        label
        for label, column in zip(schema.labels, schema.columns, strict=True)
        if column.levels is not None and all(isinstance(level, str) for level in column.levels)
    }


def reading_of(estimator: Any) -> dict[str, Any]:
    """What a fit says of itself, for --json."""
    seconds = getattr(estimator, "history_", {}).get("seconds", ())
    return {
        "estimator": type(estimator).__name__,
        "n_iter": getattr(estimator, "n_iter_", None),
        "stop_reason": getattr(estimator, "stop_reason_", None),
        "seconds": round(float(seconds.iloc[-1]), 3) if len(seconds) else None,
    }


def _value(text: str) -> Any:
    """A value as JSON, or else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
