"""Checkpoints: a fit that was killed resumes from the last whole state that it wrote."""

import hashlib
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from ..exceptions import TrainingWarning
from ..inputs import chunks, plain_columns
from ..nets import Clock, MultiNet
from ..persistence import State, encode_params, read, refusing, write
from ._options import option_of

__all__ = ["NO_MATTER", "Checkpointer", "resume"]

NO_MATTER = ("device", "verbose", "callbacks", "checkpoint")  # parameters that a checkpoint does not depend on


def _fingerprint(estimator: Any, arrays: tuple[np.ndarray, ...]) -> str:
    """Identify what a checkpoint belongs to: the parameters that matter, and the data with names and container."""
    params = encode_params(type(estimator).__name__, estimator.get_params(deep=False), without=NO_MATTER)
    tensors, record = estimator._record.to_state()
    given = {"record": record, "columns": plain_columns(estimator)}
    digest = hashlib.sha256(json.dumps([params, given], sort_keys=True).encode())
    for array in (*(tensor.numpy() for tensor in tensors.values()), *arrays):
        digest.update(f"{array.shape} {array.dtype}".encode())
        for part in chunks(array):
            digest.update(np.ascontiguousarray(array[part]).tobytes())
    return digest.hexdigest()


def resume(estimator: Any, arrays: tuple[np.ndarray, ...], clock: Clock) -> "Checkpointer | None":
    """Resume from the checkpoint if there is one. Return the callback that writes the next one, if one is asked for.

    Raises
    ------
    ValueError
        If the file is a checkpoint of other arguments or other data, or no checkpoint.
    TypeError
        If a column of X has a label that a file cannot hold.
    OSError
        If a test shows that the file cannot be written.
    """
    if estimator.checkpoint is None:
        return None
    option = option_of(estimator, "checkpoint")
    path = Path(option.path)
    estimator._record.to_state()  # refuses labels that a file cannot hold now, not at the first write
    fingerprint = _fingerprint(estimator, arrays)
    checkpointer = Checkpointer(estimator, path, fingerprint, clock, seconds=option.seconds)
    begun = False
    if path.is_file():
        begun = _take_up(estimator, path, fingerprint, clock)
    checkpointer.try_to_write(begun=begun)
    return checkpointer


def _take_up(estimator: Any, path: Path, fingerprint: str, clock: Clock) -> bool:
    """Set estimator and clock to the checkpoint's state. Return whether an iteration had ended by then."""
    owner = f"checkpoint of {type(estimator).__name__}"
    with refusing(path, owner):
        held = read(path)
        belongs = held.has("fingerprint") and held.value("fingerprint") == fingerprint
    if not belongs:
        raise ValueError(
            f"{owner} must be a new file or one written by a fit with the same arguments and data, got {str(path)!r},"
            " which another fit wrote; remove it, or choose another path."
        )
    with refusing(path, owner):
        if not held.has("state"):
            return False
        estimator.from_state(held.part("state"))
        readings = held.tensor("readings", (None,), torch.float64, least=0.0).tolist()
        seconds = held.number("seconds", least=0.0)
        held.finish()
    clock.resume(readings, seconds)
    return True


class Checkpointer(Callback):
    """Write the whole state every `seconds` seconds.

    Parameters
    ----------
    estimator : Trainable
    path : Path
    fingerprint : str
    clock : Clock
    seconds : float
    """

    def __init__(self, estimator: Any, path: Path, fingerprint: str, clock: Clock, *, seconds: float) -> None:
        self.estimator = estimator
        self.path = path
        self.fingerprint = fingerprint
        self.clock = clock
        self.seconds = seconds
        self._written = time.perf_counter()
        self._n_loops = 0  # iterations that the file holds
        self._warned = False

    def try_to_write(self, *, begun: bool) -> None:
        """Write the state before the first iteration of this fit, to test that the file can be written.

        Raises
        ------
        OSError
            If it cannot be written. The message names the parameter.
        """
        try:
            if begun:
                self._write_state()
            else:  # a fit that finds this file starts afresh; it is as large as the networks
                self._write({"networks": MultiNet.weights(self.estimator.net_)})
        except OSError as error:
            owner = type(self.estimator).__name__
            raise OSError(
                error.errno,
                f"checkpoint of {owner} must be a path that can be written, which was tried, got one that cannot"
                f" ({error.strerror or error}); choose another",
                str(self.path),
            ) from error

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if time.perf_counter() - self._written >= self.seconds:
            self.write()

    def write(self) -> None:
        """Write the state now, unless the file holds it. If that fails, warn once and keep the last file.

        Warns
        -----
        TrainingWarning
        """
        if len(self.estimator.net_.history) == self._n_loops:
            return
        try:
            self._write_state()
        except (OSError, MemoryError) as error:
            self._written = time.perf_counter()
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"checkpoint of {type(self.estimator).__name__} could not be written to {str(self.path)!r} after"
                    f" iteration {len(self.estimator.net_.history)} ({type(error).__name__}: {error}). Training goes"
                    f" on, and the file holds what it did; writing is tried again every"
                    f" {self.seconds:g} s, without a word.",
                    TrainingWarning,
                    stacklevel=2,
                )

    def finish(self) -> None:
        """End the checkpoint with the fit, so that a second fit with the same arguments starts afresh."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            warnings.warn(
                f"checkpoint of {type(self.estimator).__name__} could not be removed after the fit, which it would"
                f" begin with when called again: {error}.",
                TrainingWarning,
                stacklevel=2,
            )

    def _write_state(self) -> None:
        n_loops = len(self.estimator.net_.history)
        self._write({"state": self.estimator.to_state()})
        self._n_loops = n_loops

    def _write(self, parts: dict[str, State]) -> None:
        readings = torch.tensor(self.clock.readings, dtype=torch.float64, device="cpu")
        values = {"fingerprint": self.fingerprint, "seconds": self.clock.seconds}
        owner = f"checkpoint of {type(self.estimator).__name__}"
        write(self.path, State({"readings": readings}, values, parts), owner)
        self._written = time.perf_counter()
