"""Parameters as they were at `fit`. Setting parameters later does not change what was fitted."""

import inspect
from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

__all__ = ["at_fit", "check_idle", "check_unchanged", "own", "same"]


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


def check_unchanged(estimator: Any) -> None:
    """Check that training continues with the parameters that the networks were made with.

    Raises
    ------
    ValueError
        If one was changed. The message names the first.
    """
    for name, made in estimator._made_with.items():
        if not same(getattr(estimator, name), made):
            raise ValueError(
                f"{name} of {type(estimator).__name__} must stay {made!r} for training to go on, got"
                f" {getattr(estimator, name)!r}; fit without warm_start to begin anew."
            )


def check_idle(estimator: Any, names: Sequence[str], reason: str) -> None:
    """Check that parameters without effect are at their defaults.

    Raises
    ------
    ValueError
        If one is not. The message names the first, with the reason.
    """
    for name in names:
        default = inspect.signature(type(estimator)).parameters[name].default
        if not same(getattr(estimator, name), default):
            raise ValueError(
                f"{name} of {type(estimator).__name__} must be {default!r} {reason}, got {getattr(estimator, name)!r}."
            )
