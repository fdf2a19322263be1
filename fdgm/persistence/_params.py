"""Parameters of constructors as JSON, and back."""

import inspect
import os
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .. import registry
from ..exceptions import FileError
from ._state import State

__all__ = ["OF_A_CALL", "decode", "decode_params", "encode", "encode_params"]

#: Parameters that act, or say where and how a call runs. They are the caller's, and no file holds them.
OF_A_CALL = frozenset({"callbacks", "checkpoint", "device", "n_jobs", "verbose"})


def encode(owner: str, name: str, value: Any) -> Any:
    """A parameter's value as JSON.

    Raises
    ------
    TypeError
        If it cannot be stored without pickle: it is refused by name.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, (list, tuple, np.ndarray, range)):
        return [encode(owner, name, v) for v in value]
    if isinstance(value, BaseEstimator) and (entry := registry.registered(type(value))) is not None:
        params = value.get_params(deep=False)
        return {
            "family": entry.family,
            "name": entry.name,
            "params": {key: encode(owner, f"{name}__{key}", v) for key, v in params.items() if key not in OF_A_CALL},
        }
    raise TypeError(
        f"{name} of {owner} must be a number, a string, None, a list of them or a registered component to be saved,"
        f" got {value!r}; set it to None first, and again after loading."
    )


def encode_params(owner: str, params: Mapping[str, Any], *, without: Collection[str] = ()) -> dict[str, Any]:
    """Constructor parameters as JSON, except those of a call."""
    left_out = {*OF_A_CALL, *without}
    return {name: encode(owner, name, value) for name, value in params.items() if name not in left_out}


def decode(value: Any, *, device: str = "auto") -> Any:
    """The inverse of `encode`, except that every sequence is a tuple; classes come from the registry alone.

    Raises
    ------
    FileError
        If it describes no component.
    """
    if isinstance(value, dict):
        described = State(json=value, where="a component's ")
        cls = registry.get(described.text("family"), described.text("name"))
        params = decode_params(cls, described.value("params"), device=device)
        described.finish()
        return cls(**params)
    return tuple(decode(v, device=device) for v in value) if isinstance(value, list) else value


def decode_params(cls: type, params: Any, *, without: Collection[str] = (), device: str = "auto") -> dict[str, Any]:
    """All parameters of a class's constructor, but those `without` and those of a call, which get a `device`.

    Raises
    ------
    FileError
        If one is missing, or not known.
    """
    known = inspect.signature(cls).parameters
    stored = known.keys() - OF_A_CALL - set(without)
    if not isinstance(params, dict) or params.keys() != stored:
        odd = sorted(stored ^ (params.keys() if isinstance(params, dict) else set()))
        raise FileError(f"params of {cls.__name__} must be those of its constructor, and differ in {odd[:3]}")
    decoded = {name: decode(value, device=device) for name, value in params.items()}
    return decoded | ({"device": device} if "device" in known else {})
