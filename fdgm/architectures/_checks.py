"""Checks of an architecture's parameters, at the time when networks are made."""

from collections.abc import Collection
from numbers import Integral

from ..component import Component

__all__ = ["check_counts", "check_flags", "check_option"]


def check_counts(owner: Component, *names: str) -> None:
    """Check that each named parameter is an int of at least 1."""
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} of {type(owner).__name__} must be an int of at least 1, got {value!r}.")


def check_flags(owner: Component, *names: str) -> None:
    """Check that each named parameter is a bool."""
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, bool):
            raise ValueError(f"{name} of {type(owner).__name__} must be a bool, got {value!r}.")


def check_option(owner: Component, name: str, options: Collection[str]) -> None:
    """Check that the parameter is one of the options."""
    value = getattr(owner, name)
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} of {type(owner).__name__} must be one of {sorted(options)}, got {value!r}.")
