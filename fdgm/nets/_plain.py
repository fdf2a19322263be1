"""A copy of a network without its parametrisations."""

import copy
from typing import TypeVar, cast

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

__all__ = ["plain_copy"]

Module = TypeVar("Module", bound=nn.Module)


def plain_copy(module: Module) -> Module:
    """A copy in evaluation mode, with the weights that the network has in that mode.

    Weights that a parametrisation computes, such as spectral normalisation, are plain parameters of the copy. The copy
    can be trained without normalisation, and can be pickled.
    """
    plain = copy.deepcopy(module).eval()
    for part in list(plain.modules()):
        if is_parametrized(part):
            _make_plain(part)
    return plain


@torch.no_grad()
def _make_plain(part: nn.Module) -> None:
    """Replace parametrisations by parameters with the same values.

    torch's `remove_parametrizations` cannot be used: it removes properties from a class that the copy shares with the
    original.
    """
    values = {name: getattr(part, name).clone() for name in cast(nn.ModuleDict, part.parametrizations)}
    del part.parametrizations
    part.__class__ = type(part).__bases__[0]
    for name, value in values.items():
        part.register_parameter(name, nn.Parameter(value))
