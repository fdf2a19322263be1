"""A fitted estimator from a file, which may be a hostile one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .. import registry
from .._ambient import undisturbed
from ..exceptions import FileError
from ._file import read
from ._params import decode_params
from ._savable import Savable
from ._state import State

__all__ = ["load", "refusing", "revive"]

_FAMILIES = ("estimator", "density_ratio")


@undisturbed()
def load(path: str | os.PathLike[str], *, device: str = "auto", generator: Any = None) -> Any:
    """A fitted estimator from the file that its `save` wrote.

    A file from a stranger runs no code, makes none but registered classes, and takes no more memory than its size
    implies: everything in it is compared with what a fresh estimator of its parameters has. Nothing is promised of
    what the estimator learned.

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
        Its parameters of a call, such as `callbacks`, `n_jobs` and `verbose`, are at their defaults.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If it is not one of fdgm's, is damaged, comes from a version with another format, or holds anything that a
        fitted estimator of its class and parameters does not. It is a ValueError.
    ValueError
        If a generator is wanted and missing, or given and not wanted; or if there is no such device.
    """
    _check_device(device)
    with refusing(path, "path of load"):
        file = read(path)
        left_out = file.value("left_out")
        if not isinstance(left_out, dict) or not all(isinstance(value, str) for value in left_out.values()):
            raise FileError("left_out must be names of parameters and of classes, and is not")
        name = file.text("name")
    given = {} if generator is None else {"generator": generator}
    if left_out.keys() != given.keys():
        if given:
            raise ValueError(f"generator of load must be None for this {name}, which has its own, got {generator!r}.")
        wanted = str(left_out.get("generator"))[:80]
        raise ValueError(
            f"generator of load must be the fitted {wanted} that this {name} refines, since"
            " no file can hold it without pickle, got None; call load(path, generator=...)."
        )
    with refusing(path, "path of load"):
        made = revive(file, device=device, **given)
        file.finish()
    return made


@contextmanager
def refusing(path: str | os.PathLike[str], owner: str) -> Iterator[None]:
    """Every way in which a file can be malformed as one error, that names the file.

    Constructors and plugins refuse a value by whatever they raise; of a file, it is the file that is wrong.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        what = str(error) if isinstance(error, FileError) else f"it holds what cannot be ({_named(error)})"
        raise FileError(
            f"{owner} must be a file that fdgm wrote, got {os.fspath(path)!r}: {what.rstrip('.')}."
        ) from error


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300].rstrip('.')}"


def revive(file: State, *, device: str = "auto", **params: Any) -> Any:
    """A fitted estimator from what `describe` gave, with parameters that the state does not hold.

    Raises
    ------
    FileError
        If its class is no registered estimator; and by `from_state`.
    """
    family = file.choice("family", _FAMILIES)
    cls: type[Savable] = registry.get(family, file.text("name"))
    file.value("left_out")
    held = {name: revive(file.part(name), device=device) for name in cls._held if name in file.parts}
    params = {**held, **params}
    estimator = cls(**decode_params(cls, file.value("params"), without=params, device=device), **params)
    estimator._validate_params()
    return estimator.from_state(file.part("state"))


def _check_device(device: str) -> None:
    """That networks can go there.

    Raises
    ------
    ValueError
        If not.
    """
    if device == "auto":
        return
    try:
        torch.empty(0, dtype=torch.float32, device=device)
    except (RuntimeError, TypeError, AssertionError, ValueError) as error:
        raise ValueError(f"device of load must be 'auto' or one that torch can use here, got {device!r}.") from error
