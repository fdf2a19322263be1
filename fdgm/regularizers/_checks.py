"""Checks of parameters at their use, and the critic's last layer, which several stabilizers need."""

import math
from numbers import Integral, Real

import numpy as np
from torch import nn

from ..component import Component

__all__ = ["check_count", "check_flag", "check_positive", "last_layer"]


def check_count(owner: Component, name: str, least: int = 1) -> int:
    """The parameter, an int of at least `least`."""
    value = getattr(owner, name)
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} of {type(owner).__name__} must be an int of at least {least}, got {value!r}.")
    return int(value)


def check_flag(owner: Component, name: str) -> bool:
    """The parameter, a bool."""
    value = getattr(owner, name)
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} of {type(owner).__name__} must be a bool, got {value!r}.")
    return bool(value)


def check_positive(owner: Component, name: str) -> float:
    """The parameter, a finite number above 0."""
    value = getattr(owner, name)
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < float(value) < math.inf:
        raise ValueError(f"{name} of {type(owner).__name__} must be a finite number above 0, got {value!r}.")
    return float(value)


def last_layer(owner: Component, critic: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the critic's last linear layer, whose inputs are its features.

    Raises
    ------
    ValueError
        If it has none.
    """
    layers = [(name, layer) for name, layer in critic.named_modules() if isinstance(layer, nn.Linear)]
    if not layers:
        raise ValueError(
            f"the critic that {type(owner).__name__} looks into must have a linear layer, whose inputs are its"
            f" features, got {type(critic).__name__} without one; take an architecture whose critic has."
        )
    return layers[-1]
