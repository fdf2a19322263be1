"""What processes that share a fit must have alike before they begin."""

import hashlib
from typing import Any

import numpy as np

from ..distributed import current
from ..inputs import Record, some_rows

__all__ = ["check_alike", "common_rows", "is_replicated"]

_MOST_ROWS = 100_000  # of all processes together, from which scaling is learned if each has rows of its own
_MARKED = 1000  # rows by which processes see whether they have the same
_OWN = ("callbacks", "checkpoint", "device", "random_state", "verbose")  # parameters that may differ


def check_alike(model: Any, *samples: np.ndarray, record: Record | None = None) -> None:
    """Check that all processes fit the same estimator to rows of the same shape.

    Raises
    ------
    ValueError
        In all processes, if they do not.
    """
    group = current()
    if group.size == 1:
        return
    owner = type(model).__name__
    given = {name: repr(value) for name, value in model.get_params(deep=False).items() if name not in _OWN}
    mine: dict[str, Any] = {"class": owner, **{f"shape of rows {k}": X.shape[1:] for k, X in enumerate(samples)}}
    mine |= {name: text for name, text in given.items() if " at 0x" not in text}
    if record is not None and record.ranks is not None:
        mine["ranks of rows, which must be the same"] = _digest(record)
    mine["columns"] = getattr(model, "feature_names_in_", np.array([])).tolist()
    told = group.each(mine)
    for rank, other in enumerate(told):
        if differing := [name for name in {**told[0], **other} if told[0].get(name) != other.get(name)]:
            name = differing[0]
            raise ValueError(
                f"{owner} must be fitted with the same parameters and columns in all {group.size} processes, got"
                f" {name} {told[0].get(name)!r} in process 0 and {other.get(name)!r} in process {rank};"
                " fdgm.distributed.alone() fits in one process."
            )


def _digest(record: Record) -> str:
    tensors, json = record.to_state()
    digest = hashlib.sha256(repr(json).encode())
    for name in sorted(tensors):
        digest.update(tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def is_replicated(X: np.ndarray) -> bool:
    """Whether all processes that share a fit have the same rows."""
    group = current()
    if group.size == 1:
        return True
    some = np.ascontiguousarray(X[np.unique(np.linspace(0, len(X) - 1, _MARKED).astype(int))])
    marks = group.each((X.shape, X.dtype.str, hashlib.sha256(some.tobytes()).hexdigest()))
    return all(mark == marks[0] for mark in marks)


def common_rows(X: np.ndarray) -> tuple[np.ndarray, int]:
    """Rows from which all processes learn the same scaling, and the number of rows that they have together.

    X itself if all have the same. Otherwise up to 100,000 rows of all together, with those that hold the smallest and
    the largest value of a column.
    """
    if is_replicated(X):
        return X, len(X)
    group = current()
    index = some_rows(len(X), _MOST_ROWS // group.size, seed=0)
    flat = X.reshape(len(X), -1)
    index = np.union1d(index, np.concatenate([flat.argmin(axis=0), flat.argmax(axis=0)]))
    return np.concatenate(group.each(np.asarray(X[index]))), sum(group.each(len(X)))
