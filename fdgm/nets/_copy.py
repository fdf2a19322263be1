"""A user's modules, of which copies are used."""

import copy
from typing import TypeVar

import torch
from torch import nn

__all__ = ["dtype_of", "own_copy"]

_Module = TypeVar("_Module", bound=nn.Module)


def own_copy(what: str, module: _Module) -> _Module:
    """A copy, so that the user's module stays in its mode, on its device and with its weights.

    Parameters
    ----------
    what : str
        What the module is of whom, for the error.
    module : Module

    Raises
    ------
    TypeError
        If it cannot be copied.
    """
    try:
        return copy.deepcopy(module)
    except (RuntimeError, TypeError) as error:
        raise TypeError(
            f"{what} must be a module that copy.deepcopy can copy, got a {type(module).__name__} that it cannot:"
            f" {error} Layers of torch.nn.utils.weight_norm are such; torch.nn.utils.parametrizations.weight_norm's are"
            " none."
        ) from error


def dtype_of(module: nn.Module) -> torch.dtype:
    """What a module computes in: the dtype of its first floating-point weight, and float32 where there is none."""
    tensors = (*module.parameters(), *module.buffers())
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float32)
