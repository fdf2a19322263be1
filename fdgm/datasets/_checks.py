"""Checks of scalars, weights and seeds that datasets and metrics share."""

from numbers import Integral, Real
from typing import Any

import numpy as np

__all__ = ["as_generator", "check_count", "check_probabilities", "check_real"]


def as_generator(random_state: Any, function: str) -> np.random.Generator:
    """A private generator. A Generator is used itself, and a RandomState gives one draw as seed."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    if random_state is None:
        return np.random.default_rng()
    if isinstance(random_state, Integral) and int(random_state) >= 0:
        return np.random.default_rng(int(random_state))
    raise ValueError(
        f"random_state of {function} must be None, an int >= 0, a numpy Generator or a RandomState, "
        f"got {random_state!r}."
    )


def check_count(value: Any, name: str, function: str, *, minimum: int = 1) -> int:
    """`value` as an int of at least `minimum`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < minimum:
        raise ValueError(f"{name} of {function} must be an int >= {minimum}, got {value!r}.")
    return int(value)


def check_real(value: Any, name: str, function: str, *, positive: bool = True) -> float:
    """`value` as a finite float above 0 or, if not `positive`, at least 0."""
    number = isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))
    if not number or value < 0 or (positive and value == 0):
        bound = "> 0" if positive else ">= 0"
        raise ValueError(f"{name} of {function} must be a finite number {bound}, got {value!r}.")
    return float(value)


def check_probabilities(weights: Any, n_modes: int, name: str, function: str) -> np.ndarray:
    """Positive `weights` (n_modes,) divided by their sum. None gives equal weights."""
    if weights is None:
        return np.full(n_modes, 1 / n_modes)
    try:
        w = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        w = np.empty(0)
    if w.shape != (n_modes,) or not np.all((w > 0) & np.isfinite(w)):
        raise ValueError(
            f"{name} of {function} must be None or {n_modes} finite numbers > 0, one for each mode, got {weights!r}."
        )
    w = w / w.max()  # so that the sum of large ones does not overflow
    return w / w.sum()
