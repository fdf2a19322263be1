"""A fit that was killed goes on from the last whole state that it wrote."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from skorch.callbacks import Callback

from ..inputs import chunks, plain_columns
from ..nets import Clock
from ..persistence import encode_params, read, write
from ._state import restore, state_of

__all__ = ["NO_MATTER", "Checkpointer", "resume"]

NO_MATTER = ("device", "verbose", "callbacks", "checkpoint", "checkpoint_seconds")  # to whose checkpoint it is


def _fingerprint(estimator: Any, arrays: tuple[np.ndarray, ...]) -> str:
    """What a checkpoint belongs to: the parameters that matter, and the data, with their names and container."""
    params = encode_params(estimator, without=NO_MATTER)
    given = {"record": estimator._record.to_json(), "columns": plain_columns(estimator)}
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
    estimator._record.to_json()  # labels that a file cannot hold are refused now, and not once there is one to write
    fingerprint = _fingerprint(estimator, arrays)
    if path.exists():
        tensors, description = read(path)
        if description.get("fingerprint") != fingerprint:
            raise ValueError(
                f"checkpoint of {type(estimator).__name__} must be a new file or one written by a fit with the same"
                f" arguments and data, got {str(path)!r}, which another fit wrote; remove it, or choose another path."
            )
        restore(estimator, tensors, description["state"])
        clock.resume(description["readings"], description["seconds"])
    return Checkpointer(estimator, path, fingerprint, clock)


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
        tensors, state = state_of(self.estimator)
        write(
            self.path,
            tensors,
            {
                "class": "checkpoint",
                "fingerprint": self.fingerprint,
                "state": state,
                "readings": self.clock.readings,
                "seconds": self.clock.seconds,
            },
        )
        self._written = time.perf_counter()

    def finish(self) -> None:
        """The fit is over: a second one with the same arguments starts afresh."""
        self.path.unlink(missing_ok=True)
