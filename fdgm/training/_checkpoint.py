"""Checkpoints: a fit that was killed resumes from the last whole state that it wrote."""

import hashlib
import json
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

from ..distributed import current
from ..exceptions import TrainingWarning
from ..inputs import chunks, plain_columns
from ..nets import Clock, MultiNet, restore_stream
from ..persistence import State, encode_params, read, refusing, write
from ._options import option_of
from ._shared import is_replicated

__all__ = ["NO_MATTER", "Checkpointer", "resume"]

_MOST_PROCESSES = 2**16

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
    if not all([is_replicated(array) for array in arrays]):
        arrays = ()  # another number of processes has the rows in other parts
    group = current()
    fingerprint = group.first(_fingerprint(estimator, arrays) if group.rank == 0 else "")
    checkpointer = Checkpointer(estimator, path, fingerprint, clock, seconds=option.seconds)
    begun = False
    with _file_of_first(path) as found:
        if found is not None:
            begun = _take_up(estimator, found, fingerprint, clock, path)
    checkpointer.try_to_write(begun=begun)
    return checkpointer


@contextmanager
def _file_of_first(path: Path) -> Iterator[Path | None]:
    """The file, if there is one. Of processes that share a fit, the first one's: the others may not see its disk."""
    group = current()
    if group.size == 1:
        yield path if path.is_file() else None
        return
    data = group.first(path.read_bytes() if group.rank == 0 and path.is_file() else None)
    if data is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="fdgm-") as folder:
        copy = Path(folder) / "checkpoint"
        copy.write_bytes(data)
        yield copy


def _take_up(estimator: Any, path: Path, fingerprint: str, clock: Clock, named: Path) -> bool:
    """Set estimator and clock to the checkpoint's state. Return whether an iteration had ended by then."""
    owner = f"checkpoint of {type(estimator).__name__}"
    with refusing(path, owner):
        held = read(path)
        belongs = held.has("fingerprint") and held.value("fingerprint") == fingerprint
    if not belongs:
        raise ValueError(
            f"{owner} must be a new file or one written by a fit with the same arguments and data, got {str(named)!r},"
            " which another fit wrote; remove it, or choose another path."
        )
    with refusing(path, owner):
        if not held.has("state"):
            return False
        estimator.from_state(held.part("state"))
        _restore_streams(estimator.net_, held)
        readings = held.tensor("readings", (None,), torch.float64, least=0.0).tolist()
        seconds = held.number("seconds", least=0.0)
        held.finish()
    clock.resume(readings, seconds)
    return True


def _restore_streams(net: MultiNet, held: State) -> None:
    """Take this process's own streams, if as many processes as now wrote the file. The net has those of the first."""
    if not held.has("streams"):
        return
    group, streams = current(), held.part("streams")
    for rank in range(1, streams.integer("n_processes", least=2, most=_MOST_PROCESSES)):
        own = streams.part(str(rank))
        for name in net.stream_names:
            if rank == group.rank:
                restore_stream(getattr(net, name), name, own)
            else:
                own.tensor(name, (None,), torch.uint8)


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
            elif current().rank == 0:  # a fit that finds this file starts afresh; it is as large as the networks
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

    def between(self, wanted: bool) -> None:
        """Write the state if it is time by the clock of the first of the processes that share the fit, or `wanted`."""
        late = time.perf_counter() - self._written >= self.seconds
        if current().first(late or wanted):
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
        if current().rank:
            return
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
        group, net = current(), self.estimator.net_
        parts = {}
        if group.size > 1:
            streams = group.each({name: getattr(net, name).get_state() for name in net.stream_names})
            own = {str(rank): State(one) for rank, one in enumerate(streams) if rank}
            parts["streams"] = State({}, {"n_processes": group.size}, own)
        if group.rank == 0:
            self._write({"state": self.estimator.to_state(), **parts})
        self._n_loops = n_loops

    def _write(self, parts: dict[str, State]) -> None:
        readings = torch.tensor(self.clock.readings, dtype=torch.float64, device="cpu")
        values = {"fingerprint": self.fingerprint, "seconds": self.clock.seconds}
        owner = f"checkpoint of {type(self.estimator).__name__}"
        write(self.path, State({"readings": readings}, values, parts), owner)
        self._written = time.perf_counter()
