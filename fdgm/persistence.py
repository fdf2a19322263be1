"""One file for a fitted estimator: safetensors with a JSON description, and a SHA-256 over both. No pickle."""

import hashlib
import importlib
import inspect
import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from sklearn.base import BaseEstimator
from torch import Tensor

from . import registry
from ._ambient import undisturbed
from ._version import version

__all__ = ["as_tensor", "decode", "encode", "encode_params", "load", "read", "revive", "under", "write"]

FORMAT = 1


def as_tensor(array: np.ndarray) -> Tensor:
    """A copy of an array, laid out as files hold it."""
    return torch.from_numpy(np.array(array, order="C"))


def under(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Of values under names, those under a prefix, which is taken off."""
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


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
    if isinstance(value, BaseEstimator):
        cls = type(value)
        for entry in registry.report()[0]:
            if entry.cls is cls:
                params = value.get_params(deep=False)
                return {
                    "family": entry.family,
                    "name": entry.name,
                    "params": {key: encode(owner, f"{name}__{key}", v) for key, v in params.items()},
                }
    raise TypeError(
        f"{name} of {owner} must be a number, a string, None, a list of them or a registered component to be saved,"
        f" got {value!r}; set it to None first, and again after loading."
    )


def encode_params(estimator: BaseEstimator, *, without: Collection[str] = ("device",)) -> dict[str, Any]:
    """Constructor parameters as JSON; by default the device is left to whoever loads."""
    owner = type(estimator).__name__
    params = estimator.get_params(deep=False)
    return {name: encode(owner, name, value) for name, value in params.items() if name not in without}


def decode(value: Any) -> Any:
    """The inverse of `encode`, but that every sequence is a tuple; classes come from the registry alone."""
    if isinstance(value, dict):
        params = {key: decode(v) for key, v in value["params"].items()}
        return registry.make(value["family"], value["name"], **params)
    return tuple(decode(v) for v in value) if isinstance(value, list) else value


def _digest(description: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(description.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write(path: str | os.PathLike[str], tensors: dict[str, Tensor], description: dict[str, Any]) -> None:
    """Write the file at once or not at all: a reader never sees half of it."""
    description = {"format": FORMAT, "fdgm": version(), **description}
    text = json.dumps(description)
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    data = save_tensors(stored, metadata={"description": text, "sha256": _digest(text, stored)})
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors, on the CPU, and the description.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file was not written by fdgm, is damaged, or comes from a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path of load must be a file that save wrote, got {str(path)!r}, which is none.")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
        tensors = load_tensors(path.read_bytes())
        text, stored = header["description"], header["sha256"]
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError, TypeError, MemoryError) as error:
        raise ValueError(
            f"path of load must be a file that save wrote, got {str(path)!r}, which is damaged or something else"
            f" ({type(error).__name__}: {error})."
        ) from error
    if _digest(text, tensors) != stored:
        raise ValueError(
            f"path of load must be a file that save wrote, got {str(path)!r}, whose SHA-256 does not match:"
            " it is damaged."
        )
    description = json.loads(text)
    if description["format"] > FORMAT:
        raise ValueError(
            f"path of load must be a file of format {FORMAT} or older, got format {description['format']}, written by"
            f" fdgm {description['fdgm']}; upgrade fdgm."
        )
    return tensors, description


@undisturbed()
def load(path: str | os.PathLike[str], *, device: str = "auto", generator: Any = None) -> Any:
    """A fitted estimator from the file that its `save` wrote.

    Parameters
    ----------
    path : str or path
    device : str, default="auto"
        Where its networks go, whatever device they were trained on.
    generator : object or None, default=None
        What a refiner refines, where it was saved without it, since that could not be stored without pickle.

    Returns
    -------
    estimator

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not one of fdgm's, is damaged, or comes from a newer version; or if a
        generator is wanted and missing, or given and not wanted.
    """
    tensors, description = read(path)
    wanted = description.get("without", [])
    if (generator is None) == ("generator" in wanted):
        name = description["class"]
        what = f"the one that the {name} was saved without" if wanted else f"None for this {name}, which has its own"
        raise ValueError(f"generator of load must be {what}, got {generator!r}.")
    return revive(tensors, description, device=device, **({} if generator is None else {"generator": generator}))


def revive(tensors: dict[str, Tensor], description: dict[str, Any], *, device: str = "auto", **params: Any) -> Any:
    """A fitted estimator from its tensors and description, with parameters that these do not hold."""
    cls = _class_of(description)
    params |= {key: decode(value) for key, value in description["params"].items()}
    if "device" in inspect.signature(cls).parameters:
        params["device"] = device
    return cls(**params)._restore(tensors, description["state"])


def _class_of(description: dict[str, Any]) -> type:
    """The class whose `save` wrote the file: one of the package's own estimators, or a registered plugin."""
    name = description["class"]
    if "family" in description:
        return registry.get(description["family"], name)
    estimators = importlib.import_module("fdgm").ESTIMATORS
    if name not in estimators:
        raise ValueError(f"path of load must hold one of {sorted(estimators)}, got {name!r}.")
    return getattr(importlib.import_module("fdgm"), name)
