"""Modes of torch that a caller may be in, and that must not reach in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["one_thread", "undisturbed", "without_autocast"]

_AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def without_autocast() -> Iterator[None]:
    """Inside, no autocast of the caller's is on. Whether gradients are taken is left to the caller."""
    with ExitStack() as stack:
        _leave_autocast(stack)
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, gradients can be taken, tensors are no inference tensors, and no autocast of the caller's is on.

    Torch keeps these modes by thread, so that no other thread notices. It has a default dtype and a default device too:
    these are not changed, since code of the user's may run inside, and every tensor made in this package says its own.
    """
    with ExitStack() as stack:
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        _leave_autocast(stack)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside, so that a chunk has the same bits in this process and in a worker."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _leave_autocast(stack: ExitStack) -> None:
    for device in _AUTOCAST_DEVICES:
        # An older torch raises for a device that it has no autocast for: 2.4 for mps.
        if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
            stack.enter_context(torch.autocast(device, enabled=False))
