"""Checks that components and estimators share: copies, files and global state."""

import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone

from .. import registry
from ..persistence import Savable, State, decode, encode, encode_params, load, read, write
from ._check import require

__all__ = ["check_copies", "given_by_plugin", "global_states", "instance", "stored"]


def instance(check: str, spec: Any, base: type) -> Any:
    """Return `spec`, or if it is a class, an instance with its defaults.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(spec, type) and issubclass(spec, base):
        return spec()
    if isinstance(spec, base) and not isinstance(spec, type):
        return spec
    raise TypeError(f"{check} takes a subclass of {base.__name__} or an instance of one, got {spec!r}.")


def given_by_plugin(component: object, base: type, name: str) -> bool:
    """Whether the component's class overrides a method of `base`."""
    return getattr(type(component), name) is not getattr(base, name)


def global_states() -> dict[str, object]:
    """The state of each global source of randomness, as something that can be compared."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (kind, np.asarray(keys).tobytes(), *rest),
        "random": random.getstate(),
    }


def stored(fitted: Savable, path: Path) -> Any:
    """Save a fitted estimator, and load it again.

    If its class is not registered yet, only its parameters and what `to_state` gives are stored.
    """
    cls = type(fitted)
    try:
        if registry.registered(cls, families=("estimator", "density_ratio")) is not None:
            fitted.save(path)
            return load(path, generator=getattr(fitted, "generator_", None) if fitted._left_out() else None)
        held = {name: getattr(fitted, f"{name}_") for name in {*fitted._left_out(), *fitted._held_estimators()}}
        params = encode_params(cls.__name__, fitted._fitted_params(), without=held)
        write(path, State({}, {"params": params}, {"state": fitted.to_state()}))
        file = read(path)
        kept: dict[str, Any] = {key: decode(value) for key, value in file.value("params").items()}
        again = cls(**kept, **held).from_state(file.part("state"))
        file.finish()
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{cls.__name__} cannot be saved without pickle: {error}") from error
    return again


def check_copies(component: BaseEstimator, same: Callable[[Any, Any], bool]) -> None:
    """Check that a clone, a pickle and a saved and loaded copy are the `same`."""
    name = type(component).__name__
    copies = {"sklearn.base.clone": clone, "pickle": lambda value: pickle.loads(pickle.dumps(value))}
    for way, copied in copies.items():
        try:
            copy = copied(component)
        except Exception as error:
            raise AssertionError(f"{name} cannot be copied by {way}: {type(error).__name__}: {error}") from error
        require(same(component, copy), f"a copy of {name} made by {way} differs from it")
    params = {}
    for key, value in component.get_params(deep=False).items():
        try:
            params[key] = decode(json.loads(json.dumps(encode(name, key, value))))
        except (TypeError, ValueError) as error:
            raise AssertionError(f"{name} cannot be saved without pickle: {error}") from error
    require(
        same(component, type(component)(**params)),
        f"{name} differs after saving and loading, which keep its class and its parameters {params} and nothing else",
    )
