"""Load a fitted estimator from a file, which may be hostile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .. import registry
from .._ambient import undisturbed
from ..exceptions import FileError
from ._card import checked_card
from ._file import read
from ._params import decode_params
from ._savable import Savable
from ._state import State

__all__ = ["load", "refusing", "revive"]

_FAMILIES = ("estimator", "density_ratio")
_LONGEST = 400  # characters of a reason


@undisturbed()
def load(path: str | os.PathLike[str], *, device: str = "auto", generator: Any = None) -> Any:
    """Load a fitted estimator from the file that its `save` wrote.

    A file from a stranger runs no code. It makes instances of registered classes only, and takes no more memory than
    its size implies. Everything in it is compared with a fresh estimator of the same parameters. What the estimator
    learned is not judged.

    Parameters
    ----------
    path : str or path
    device : str, default="auto"
        Device of the networks, whatever device they were trained on.
    generator : object or None, default=None
        The generator of a refiner that was saved without it, because it could not be stored without pickle.

    Returns
    -------
    estimator
        Parameters of a call, such as `callbacks`, `n_jobs` and `verbose`, have their defaults.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If fdgm did not write the file, if it is damaged, or if its version has another format. Also if it holds
        anything that a fitted estimator of its class and parameters does not. A FileError is a ValueError.
    ValueError
        If a generator is missing, or given but not needed. Also if the device does not exist.
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
        if file.has("card"):  # files of earlier versions have none
            made._saved_card = checked_card(file.value("card"))
        file.finish()
    return made


@contextmanager
def refusing(path: str | os.PathLike[str], owner: str) -> Iterator[None]:
    """Inside, turn every error about a malformed file into one FileError that names the file.

    Constructors and plugins refuse a value by errors of any class.
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
    message = str(error).rstrip(".")
    if len(message) > _LONGEST:  # what was expected stands first, and what was found last
        message = f"{message[: _LONGEST // 2]} ... {message[-_LONGEST // 2 :]}"
    return f"{type(error).__name__}: {message}"


def revive(file: State, *, device: str = "auto", **params: Any) -> Any:
    """Make a fitted estimator from what `describe` gave, with parameters that the state does not hold.

    Raises
    ------
    FileError
        If its class is no registered estimator, or if `from_state` refuses its state.
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
    """Check that networks can be put on this device.

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
