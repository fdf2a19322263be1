"""Guards against modes of torch that a caller may be in."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["one_thread", "undisturbed", "without_autocast"]

_AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def without_autocast() -> Iterator[None]:
    """Inside, the caller's autocast is off. The caller still decides whether gradients are taken."""
    with ExitStack() as stack:
        _leave_autocast(stack)
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, gradients can be taken, tensors are no inference tensors, and the caller's autocast is off.

    Torch keeps these modes by thread, so no other thread is affected. The default dtype and the default device stay:
    the user's code may run inside and rely on them. Every tensor made in this package states its own.
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
        if torch.is_autocast_enabled(device):
            stack.enter_context(torch.autocast(device, enabled=False))
