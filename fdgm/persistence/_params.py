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

#: Parameters that say how and where a call runs. They belong to the caller, and no file holds them.
OF_A_CALL = frozenset({"callbacks", "checkpoint", "device", "n_jobs", "verbose"})


def encode(owner: str, name: str, value: Any) -> Any:
    """Turn a parameter's value into JSON.

    Raises
    ------
    TypeError
        If the value cannot be stored without pickle. The message names the parameter.
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
    """Turn constructor parameters into JSON, except those of a call."""
    left_out = {*OF_A_CALL, *without}
    return {name: encode(owner, name, value) for name, value in params.items() if name not in left_out}


def decode(value: Any, *, device: str = "auto") -> Any:
    """Invert `encode`. Sequences become tuples, and classes come from the registry only.

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
    """Read the parameters of a class's constructor, except those in `without` and those of a call. Add the `device`.

    Raises
    ------
    FileError
        If a parameter is missing or unknown.
    """
    known = inspect.signature(cls).parameters
    stored = known.keys() - OF_A_CALL - set(without)
    if not isinstance(params, dict) or params.keys() != stored:
        odd = sorted(stored ^ (params.keys() if isinstance(params, dict) else set()))
        raise FileError(f"params of {cls.__name__} must be those of its constructor, and differ in {odd[:3]}")
    decoded = {name: decode(value, device=device) for name, value in params.items()}
    return decoded | ({"device": device} if "device" in known else {})
