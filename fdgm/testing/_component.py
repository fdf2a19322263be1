"""What is checked of anything that an estimator holds: it can be cloned, pickled and saved."""

import json
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone

from ..persistence import decode, encode
from ._check import require

__all__ = ["check_copies", "given_by_plugin", "global_states", "instance"]


def instance(check: str, spec: Any, base: type) -> Any:
    """`spec`, or an instance of it with its defaults where it is a class.

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
    """Whether the component's class has a method of its own where `base` derives one, or refuses."""
    return getattr(type(component), name) is not getattr(base, name)


def global_states() -> dict[str, object]:
    """The state of each global source of randomness, as something that can be compared."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy": (kind, np.asarray(keys).tobytes(), *rest),
        "random": random.getstate(),
    }


def check_copies(component: BaseEstimator, same: Callable[[Any, Any], bool]) -> None:
    """A clone, a pickle, and what saving and loading gives back must all be the `same`."""
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
