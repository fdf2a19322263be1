"""Networks whose initial weights come from a seed, without torch's global state."""

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .._ambient import undisturbed
from ..component import Component

__all__ = ["is_built_in", "seeded"]

_Module = TypeVar("_Module", bound=nn.Module)

_FOREIGN = threading.RLock()  # held while code that is not ours may draw from torch's global generator

#: Functions that draw, and take a generator; beside them those of `torch.nn.init`.
_DRAWS = frozenset({"bernoulli", "multinomial", "normal", "rand", "randint", "randn", "randperm"}) | {
    f"{name}_"
    for name in ("bernoulli", "cauchy", "exponential", "geometric", "log_normal", "normal", "random", "uniform")
}
_OF_FLOATS = frozenset(["empty", "eye", "linspace", "logspace", "ones", "rand", "randn", "zeros"])
_OF_VALUES = frozenset(["arange", "full", "scalar_tensor", "tensor"])  # of floats where there is one among them
_FACTORIES = _OF_FLOATS | _OF_VALUES | {"randint", "randperm"}


def is_built_in(*components: Component) -> bool:
    """Whether all of these, with all components that they hold, are this package's own."""
    return all(
        type(one).__module__.partition(".")[0] == "fdgm"
        and is_built_in(*(value for value in one.get_params(deep=False).values() if isinstance(value, Component)))
        for one in components
    )


def seeded(make: Callable[[], _Module], seed: int, *, built_in: bool = False) -> _Module:
    """Call `make` with weights drawn from `seed` alone: float32, and on the CPU unless it says otherwise.

    Parameters
    ----------
    make : callable
    seed : int
    built_in : bool, default=False
        Whether only this package's own code is called. It draws by functions that take a generator, so torch's global
        state is not touched, and other threads can use it. Other code is called by one thread at a time, and torch's
        state is restored.
    """
    mode = _Private(torch.Generator("cpu").manual_seed(seed))
    if built_in:
        with undisturbed(), mode:
            return make()
    with undisturbed(), _restored(seed), mode:
        return make()


class _Private(TorchFunctionMode):
    """A context in which all draws use one generator, and new tensors are float32 and on the CPU unless they say
    otherwise. It affects only this thread.

    Parameters
    ----------
    generator : Generator
        On the CPU.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.generator = generator

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in _FACTORIES and kwargs.get("device") is None:
            kwargs["device"] = "cpu"
        if (name in _OF_FLOATS or (name in _OF_VALUES and _has_float((args, kwargs)))) and kwargs.get("dtype") is None:
            kwargs["dtype"] = torch.float32
        if _draws(func) and kwargs.get("generator") is None and _on_cpu(args, kwargs):
            kwargs["generator"] = self.generator
        return func(*args, **kwargs)


@contextmanager
def _restored(seed: int) -> Iterator[None]:
    """A context for one thread at a time, with torch's generator at `seed`. Its state is restored afterwards."""
    with _FOREIGN:
        generator, dtype = torch.default_generator, torch.get_default_dtype()
        state = generator.get_state()
        generator.manual_seed(seed)
        if dtype != torch.float32:
            torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            generator.set_state(state)
            if dtype != torch.float32:
                torch.set_default_dtype(dtype)


@cache
def _draws(func: Callable[..., Any]) -> bool:
    """Whether a function draws, and takes a generator."""
    if getattr(func, "__module__", None) == "torch.nn.init":
        return "generator" in inspect.signature(func).parameters
    return getattr(func, "__name__", "") in _DRAWS and not inspect.isfunction(func)


def _on_cpu(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a draw is on the generator's device: into the tensor that it is given, or where it says."""
    given = next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)), None)
    return (torch.device(kwargs.get("device") or "cpu") if given is None else given.device).type == "cpu"


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        value = tuple(value.values())
    return any(map(_has_float, value)) if isinstance(value, (list, tuple)) else type(value) is float
