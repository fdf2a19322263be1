"""The processes that share a fit. Everything that a fit exchanges goes through here.

A group of one does nothing: it gives back what it was given. The estimators therefore have one code for any number of
processes.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from ..exceptions import TrainingError

__all__ = ["Group", "alone", "current", "together"]

Value = TypeVar("Value")

_PATIENCE = 2.0  # seconds to wait for the message of a process that ended the fit


class Group:
    """A process by itself.

    Attributes
    ----------
    rank : int
        Number of this process, from 0.
    size : int
        Number of processes.
    """

    rank = 0
    size = 1

    def share(self, n: int) -> int:
        """The part of `n` rows that each process takes. The same in all, so that means of means are means."""
        return n

    def part(self, rows: Tensor) -> Tensor:
        """This process's rows of those that all have: every `size`-th."""
        return rows

    def first(self, value: Value) -> Value:
        """What the first process gives."""
        return value

    def each(self, value: Value) -> list[Value]:
        """What all processes give, in the order of their ranks."""
        return [value]

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean of a tensor over the processes."""
        return tensor

    def stacked(self, tensor: Tensor) -> Tensor:
        """A tensor of each process, of shape (size, *shape)."""
        return tensor[None]

    def gather(self, rows: Tensor) -> Tensor:
        """The rows of all processes. Each gives as many."""
        return rows

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace float32 tensors by their means over the processes, in one message."""

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by those of the first process."""

    def end(self, why: str) -> None:
        """Tell the others that this process cannot go on. What they wait for raises an error with this message."""


class _Processes(Group):
    """All processes of torch's default group, over connections of their own, which an error can cut.

    Parameters
    ----------
    number : int
        How many such groups there were before. The same in all processes.
    """

    def __init__(self, number: int) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._key = f"fdgm/{number}"
        self.ended = False
        self._gloo: Any = dist.new_group(backend="gloo")
        self._own = [self._gloo]
        self._data = self._gloo
        if dist.get_backend() != "gloo":
            self._data = dist.new_group()
            self._own.append(self._data)

    def share(self, n: int) -> int:
        return max(2, -(-n // self.size))  # batch norm and spreads need two

    def part(self, rows: Tensor) -> Tensor:
        return rows[self.rank :: self.size]

    def first(self, value: Value) -> Value:
        held = [value]
        with self._guarded():
            dist.broadcast_object_list(held, src=0, group=self._gloo)
        return held[0]

    def each(self, value: Value) -> list[Value]:
        held: list[Any] = [None] * self.size
        with self._guarded():
            dist.all_gather_object(held, value, group=self._gloo)
        return held

    def mean(self, tensor: Tensor) -> Tensor:
        return self.stacked(tensor).mean(dim=0)

    def stacked(self, tensor: Tensor) -> Tensor:
        given = tensor.detach().contiguous()
        held = [torch.empty_like(given) for _ in range(self.size)]
        with self._guarded():
            dist.all_gather(held, given, group=self._for(given))
        return torch.stack(held)

    def gather(self, rows: Tensor) -> Tensor:
        return self.stacked(rows).flatten(0, 1)

    def average(self, tensors: Sequence[Tensor]) -> None:
        if not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with self._guarded():
            dist.all_reduce(flat, group=self._for(flat))
        flat /= self.size
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
            alike = [tensor for tensor in tensors if tensor.dtype == dtype]
            flat = torch.cat([tensor.detach().reshape(-1) for tensor in alike])
            with self._guarded():
                dist.broadcast(flat, src=0, group=self._for(flat))
            with torch.no_grad():
                for tensor, part in zip(alike, flat.split([tensor.numel() for tensor in alike]), strict=True):
                    tensor.copy_(part.view_as(tensor))

    def end(self, why: str) -> None:
        if self.ended:
            return
        self.ended = True
        with _quietly():
            _store().set(self._key, f"process {self.rank} of {self.size} ended it: {why}")
        while self._own:
            with _quietly():
                dist.destroy_process_group(self._own.pop())
        self._gloo = self._data = None  # connections close with the last reference

    def _for(self, tensor: Tensor) -> Any:
        return self._gloo if tensor.device.type == "cpu" else self._data

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn the error of a cut connection into one with the reason."""
        if self.ended:
            raise TrainingError("this fit was ended in another process.")
        try:
            yield
        except RuntimeError as error:
            why = self._message()
            self.end(why)
            raise TrainingError(f"The fit has ended in all processes, because {why}") from error

    def _message(self) -> str:
        until = time.monotonic() + _PATIENCE
        with _quietly():
            while time.monotonic() < until:
                if _store().check([self._key]):
                    return str(_store().get(self._key).decode())
                time.sleep(0.05)
        return "another process was lost."


_ALONE = Group()
#: The group of the fit that runs. None outside one.
_CURRENT: ContextVar[Group | None] = ContextVar("fdgm_group", default=None)


class _Known:
    """The group of this process, kept from one fit to the next, since connecting takes time."""

    group: _Processes | None = None
    world: Any = None
    number = 0


def current() -> Group:
    """The processes that share the fit that runs; this one alone, where none is shared."""
    return _CURRENT.get() or _ALONE


@contextmanager
def together(owner: str) -> Iterator[Group]:
    """A context for a fit that all processes of torch's default group begin. Without one, this process fits alone.

    A fit inside of a fit is the process's own. If an error leaves the context, the other processes get it as a
    TrainingError at their next exchange.

    Parameters
    ----------
    owner : str
        The estimator, for the message.
    """
    group = _joined() if _CURRENT.get() is None else _ALONE
    token = _CURRENT.set(group)
    try:
        yield group
        group.each(None)  # so that it ends well in all of them or in none
    except BaseException as error:
        group.end(f"{owner}: {type(error).__name__}: {error}")
        raise
    finally:
        _CURRENT.reset(token)


@contextmanager
def alone() -> Iterator[None]:
    """Inside, this process fits alone, although torch.distributed runs.

    Examples
    --------
    >>> import numpy as np
    >>> import fdgm
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> with fdgm.distributed.alone():
    ...     model = fdgm.VGrowSampler(max_iter=1, random_state=0).fit(X)
    """
    token = _CURRENT.set(_ALONE)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def _joined() -> Group:
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return _ALONE
    if _Known.group is None or _Known.group.ended or _Known.world is not dist.group.WORLD:
        _Known.number += 1
        _Known.group, _Known.world = _Processes(_Known.number), dist.group.WORLD
    return _Known.group


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


@contextmanager
def _quietly() -> Iterator[None]:
    """Inside, a store or a connection that is gone is no error: the process that held it has ended."""
    with suppress(RuntimeError, ValueError):
        yield
