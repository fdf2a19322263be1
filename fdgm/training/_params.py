"""Parameters as they were at `fit`. Setting parameters later does not change what was fitted."""

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

__all__ = ["at_fit", "own", "same"]


def at_fit(estimator: BaseEstimator, *, without: Collection[str] = ()) -> SimpleNamespace:
    """The parameters by name. Components are copied."""
    params = estimator.get_params(deep=False).items()
    return SimpleNamespace(**{name: own(value) for name, value in params if name not in without})


def own(value: Any) -> Any:
    """A copy of a parameter's value, which later changes of a component, a list or an array do not reach."""
    if isinstance(value, (list, tuple)):
        return tuple(own(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.copy()
    return clone(value) if isinstance(value, BaseEstimator) else value


def same(value: Any, other: Any) -> bool:
    """Whether two values of a parameter are equal. Components are compared by their own parameters."""
    if isinstance(value, BaseEstimator):
        return type(value) is type(other) and same(value.get_params(deep=False), other.get_params(deep=False))
    if isinstance(value, dict):
        return all(same(value[name], other[name]) for name in value)
    if isinstance(value, (list, tuple, np.ndarray)):
        alike = isinstance(other, (list, tuple, np.ndarray)) and len(value) == len(other)
        return alike and all(map(same, value, other))
    return value is other or bool(value == other)
