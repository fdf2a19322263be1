"""A fit that was killed goes on from the last whole state that it wrote."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from ..inputs import chunks, plain_columns
from ..nets import Clock
from ..persistence import State, encode_params, read, refusing, write

__all__ = ["NO_MATTER", "Checkpointer", "resume"]

NO_MATTER = ("device", "verbose", "callbacks", "checkpoint", "checkpoint_seconds")  # to whose checkpoint it is


def _fingerprint(estimator: Any, arrays: tuple[np.ndarray, ...]) -> str:
    """What a checkpoint belongs to: the parameters that matter, and the data, with their names and container."""
    params = encode_params(type(estimator).__name__, estimator.get_params(deep=False), without=NO_MATTER)
    given = {"record": estimator._record.to_state().json, "columns": plain_columns(estimator)}
    digest = hashlib.sha256(json.dumps([params, given], sort_keys=True).encode())
    for array in arrays:
        digest.update(f"{array.shape} {array.dtype}".encode())
        for part in chunks(array):
            digest.update(np.ascontiguousarray(array[part]).tobytes())
    return digest.hexdigest()


def resume(estimator: Any, arrays: tuple[np.ndarray, ...], clock: Clock) -> "Checkpointer":
    """Take up the checkpoint where there is one, and return the callback that writes the next.

    Raises
    ------
    ValueError
        If the file is a checkpoint of other arguments or other data, or none.
    TypeError
        If a column of X has a label that a file cannot hold.
    """
    path = Path(estimator.checkpoint)
    estimator._record.to_state()  # labels that a file cannot hold are refused now, and not once there is one to write
    fingerprint = _fingerprint(estimator, arrays)
    if path.exists():
        _take_up(estimator, path, fingerprint, clock)
    return Checkpointer(estimator, path, fingerprint, clock)


def _take_up(estimator: Any, path: Path, fingerprint: str, clock: Clock) -> None:
    """Put estimator and clock where the checkpoint has them."""
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
        estimator.from_state(held.part("state"))
        readings = held.tensor("readings", (None,), torch.float64, least=0.0).tolist()
        seconds = held.number("seconds", least=0.0)
        held.finish()
    clock.resume(readings, seconds)


class Checkpointer(Callback):
    """Write the whole state every `checkpoint_seconds`.

    Parameters
    ----------
    estimator : Trainable
    path : Path
    fingerprint : str
    clock : Clock
    """

    def __init__(self, estimator: Any, path: Path, fingerprint: str, clock: Clock) -> None:
        self.estimator = estimator
        self.path = path
        self.fingerprint = fingerprint
        self.clock = clock
        self._written = time.perf_counter()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if time.perf_counter() - self._written < self.estimator.checkpoint_seconds:
            return
        net.history.record("seconds", self.clock.seconds)
        readings = torch.tensor(self.clock.readings, dtype=torch.float64)
        values = {"fingerprint": self.fingerprint, "seconds": self.clock.seconds}
        write(self.path, State({"readings": readings}, values, {"state": self.estimator.to_state()}), "checkpoint")
        self._written = time.perf_counter()

    def finish(self) -> None:
        """The fit is over: a second one with the same arguments starts afresh."""
        self.path.unlink(missing_ok=True)
