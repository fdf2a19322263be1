"""What a fitted sampler is made of, as tensors and JSON: for its files and its checkpoints."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor

from ..inputs import AffineScaler, Record, Seeds
from ..nets import Clock, net_tensors, restore_net
from ..persistence import encode_params, read, write
from ._base import Sampler

__all__ = ["Checkpointer", "restore", "resume", "state_of"]

_NO_MATTER = ("device", "verbose", "callbacks", "checkpoint", "checkpoint_seconds")  # to whose checkpoint it is


def state_of(sampler: Sampler) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors, and everything else that was learned."""
    net, scaler = sampler.net_, sampler._scaler
    tensors = {f"net/{name}": tensor for name, tensor in net_tensors(net).items()}
    for name in ("mean", "scale", "varies"):
        tensors[f"scaler/{name}"] = torch.from_numpy(np.array(getattr(scaler, name), order="C"))
    for loop, particles in sampler.particles_.items():
        tensors[f"particles/{loop}"] = torch.from_numpy(np.array(particles, order="C"))
    names = getattr(sampler, "feature_names_in_", None)
    state = {
        "seeds": vars(net.seeds),
        "record": vars(sampler._record),
        "n_calls": sampler._n_calls,
        "schedule": sampler.schedule_,
        "n_features_in": sampler.n_features_in_,
        "feature_names_in": None if names is None else list(names),
        "history": [{name: row[name] for name in net.history_names} for row in net.history if "seconds" in row],
        "stop_reason": getattr(sampler, "stop_reason_", None),
    }
    return tensors, state


def restore(sampler: Sampler, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Give a sampler of the same parameters what `state_of` took from a fitted one."""
    record = state["record"]
    columns = None if record["columns"] is None else tuple(record["columns"])
    sampler._record = Record(tuple(record["shape"]), record["dtype"], columns)
    sampler._scaler = AffineScaler(*(tensors[f"scaler/{name}"].numpy() for name in ("mean", "scale", "varies")))
    sampler._make_net(sampler._record.shape, Seeds(**state["seeds"]))
    restore_net(sampler.net_, {k.removeprefix("net/"): v for k, v in tensors.items() if k.startswith("net/")})
    sampler._n_calls = state["n_calls"]
    sampler.schedule_ = state["schedule"]
    sampler.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        sampler.feature_names_in_ = np.array(state["feature_names_in"], dtype=object)
    sampler.particles_ = {
        int(name.removeprefix("particles/")): tensor.numpy()
        for name, tensor in tensors.items()
        if name.startswith("particles/")
    }
    for row in state["history"]:
        sampler.net_.history.new_epoch()
        sampler.net_.history.record("epoch", len(sampler.net_.history))
        for name, value in row.items():
            sampler.net_.history.record(name, value)
    sampler.net_.remember_good()


def _fingerprint(sampler: Sampler, X: Tensor) -> str:
    """What a checkpoint belongs to: the parameters that matter, and the data."""
    params = encode_params(sampler, without=_NO_MATTER)
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode())
    digest.update(X.numpy().tobytes())
    return digest.hexdigest()


def resume(sampler: Sampler, X: Tensor, clock: Clock) -> "Checkpointer":
    """Take up the checkpoint where there is one, and return the callback that writes the next.

    Raises
    ------
    ValueError
        If the file is a checkpoint of other arguments or other data, or none.
    """
    path = Path(sampler.checkpoint)
    fingerprint = _fingerprint(sampler, X)
    if path.exists():
        tensors, description = read(path)
        if description.get("fingerprint") != fingerprint:
            raise ValueError(
                f"checkpoint of {type(sampler).__name__} must be a new file or one written by a fit with the same"
                f" arguments and data, got {str(path)!r}, which another fit wrote; remove it, or choose another path."
            )
        restore(sampler, tensors, description["state"])
        clock.resume(description["readings"], description["seconds"])
    return Checkpointer(sampler, path, fingerprint, clock)


class Checkpointer(Callback):
    """Write the whole state every `checkpoint_seconds`.

    Parameters
    ----------
    sampler : Sampler
    path : Path
    fingerprint : str
    clock : Clock
    """

    def __init__(self, sampler: Sampler, path: Path, fingerprint: str, clock: Clock) -> None:
        self.sampler = sampler
        self.path = path
        self.fingerprint = fingerprint
        self.clock = clock
        self._written = time.perf_counter()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if time.perf_counter() - self._written < self.sampler.checkpoint_seconds:
            return
        net.history.record("seconds", self.clock.seconds)
        tensors, state = state_of(self.sampler)
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
