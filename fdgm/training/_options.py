"""The options of an estimator, as training uses them: checked, and with defaults for what they leave open."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from .. import registry
from ..options import Option

__all__ = ["as_object", "option_of", "settings_of"]


def option_of(estimator: Any, name: str) -> Any:
    """The option of a parameter: checked, with defaults for what it leaves open.

    Raises
    ------
    ValueError, TypeError
        If one of its parameters is out of range.
    """
    value, default = getattr(estimator, name), estimator._default_option(name)
    if _means_default(estimator, name, value):
        value = default
    elif not isinstance(value, Option):
        value = type(default).of(value)
    return value.check(f"{name} of {type(estimator).__name__}").filled(default)


def as_object(estimator: Any, name: str) -> Any:
    """The object that the value of a parameter stands for, if that object has its own parameters."""
    value = getattr(estimator, name)
    if isinstance(value, BaseEstimator):
        return value
    if name in estimator._option_defaults:
        default = estimator._default_option(name)
        return clone(default) if _means_default(estimator, name, value) else type(default).of(value)
    if isinstance(value, str) and name in estimator._components:
        return registry.make(estimator._components[name], value)
    return value


def settings_of(estimator: Any, params: dict[str, Any]) -> SimpleNamespace:
    """Parameters by name, as networks are made from them.

    Options are filled, and numpy's numbers are Python's, since not all of torch takes them.
    """
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in params.items()}
    options = {name: option_of(estimator, name) for name in estimator._option_defaults if name in params}
    return SimpleNamespace(**{**plain, **options})


def _means_default(estimator: Any, name: str, value: Any) -> bool:
    return value is None or isinstance(value, bool) or (isinstance(value, str) and name in estimator._named_options)
