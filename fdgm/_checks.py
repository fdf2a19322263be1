"""Checks of single values: counts, numbers, flags, names, probabilities and seeds.

All raise scikit-learn's InvalidParameterError, which is a ValueError and a TypeError.
"""

from collections.abc import Callable, Collection
from numbers import Integral, Real
from typing import Any

import numpy as np

from ._sklearn import InvalidParameterError

__all__ = [
    "as_generator",
    "check_count",
    "check_flag",
    "check_fraction",
    "check_number",
    "check_option",
    "check_params",
    "check_probabilities",
]


def check_count(value: Any, name: str, owner: str, *, minimum: int = 1) -> int:
    """`value` as an int of at least `minimum`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < minimum:
        raise InvalidParameterError(f"{name} of {owner} must be an int of at least {minimum}, got {value!r}.")
    return int(value)


def check_params(owner: object, check: Callable[..., Any], *names: str, **limits: Any) -> None:
    """Check the attributes with these names, all by the same check."""
    for name in names:
        check(getattr(owner, name), name, type(owner).__name__, **limits)


def check_number(value: Any, name: str, owner: str, *, positive: bool = True) -> float:
    """`value` as a finite float above 0 or, if not `positive`, at least 0."""
    number = isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))
    if not number or value < 0 or (positive and value == 0):
        bound = "above 0" if positive else "of at least 0"
        raise InvalidParameterError(f"{name} of {owner} must be a finite number {bound}, got {value!r}.")
    return float(value)


def check_fraction(value: Any, name: str, owner: str) -> float:
    """`value` as a float between 0 and 1, both excluded."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < 1:
        raise InvalidParameterError(f"{name} of {owner} must be a number in (0, 1), got {value!r}.")
    return float(value)


def check_flag(value: Any, name: str, owner: str) -> bool:
    """`value` as a bool."""
    if not isinstance(value, bool | np.bool_):
        raise InvalidParameterError(f"{name} of {owner} must be a bool, got {value!r}.")
    return bool(value)


def check_option(value: Any, name: str, owner: str, options: Collection[str]) -> str:
    """`value` as one of the options."""
    if not isinstance(value, str) or value not in options:
        raise InvalidParameterError(f"{name} of {owner} must be one of {sorted(options)}, got {value!r}.")
    return value


def check_probabilities(weights: Any, n_modes: int, name: str, owner: str) -> np.ndarray:
    """Positive `weights` (n_modes,) divided by their sum. None gives equal weights."""
    if weights is None:
        return np.full(n_modes, 1 / n_modes)
    try:
        w = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        w = np.empty(0)
    if w.shape != (n_modes,) or not np.all((w > 0) & np.isfinite(w)):
        raise InvalidParameterError(
            f"{name} of {owner} must be None or {n_modes} finite numbers > 0, one for each mode, got {weights!r}."
        )
    w = w / w.max()  # so that the sum of large ones does not overflow
    return w / w.sum()


def as_generator(random_state: Any, owner: str) -> np.random.Generator:
    """A private generator. A Generator is used itself, and a RandomState gives one draw as seed."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, Integral) and int(random_state) >= 0:
        return np.random.default_rng(int(random_state))
    raise InvalidParameterError(
        f"random_state of {owner} must be None, an int >= 0, a numpy Generator or a RandomState, got {random_state!r}."
    )
