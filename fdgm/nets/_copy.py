"""Copies of a user's modules."""

import copy
from typing import TypeVar

import torch
from torch import nn

__all__ = ["dtype_of", "own_copy"]

_Module = TypeVar("_Module", bound=nn.Module)


def own_copy(what: str, module: _Module) -> _Module:
    """Copy a module, so that the user's own keeps its mode, device and weights.

    Parameters
    ----------
    what : str
        Description of the module and its owner, for the error.
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
    """The dtype that a module computes in: that of its first floating-point weight, or float32 if there is none."""
    tensors = (*module.parameters(), *module.buffers())
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float32)
