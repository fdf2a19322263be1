"""A limit on the size of networks, which holds before memory is allocated."""

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ..exceptions import FileError
from ..persistence import State

__all__ = ["Budget"]

_SPARE_TENSORS, _SPARE_NUMBERS = 256, 2**20  # for temporary tensors of a constructor, such as a random rotation
_TIMES = 4  # a file holds every tensor of its networks; a constructor may make each a few times, and copy it


class Budget(TorchDispatchMode):
    """A context that limits the number and size of new tensors to four times what a state holds.

    Networks are made from parameters alone, which may ask for a layer of 10⁷ units or for 20,000 layers. What the file
    holds is known beforehand. Torch calls this context before it makes a tensor, on this thread only.

    Parameters
    ----------
    state : State
        State of the networks to be made.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        held_tensors, held_numbers = state.size
        self.tensors = _TIMES * held_tensors + _SPARE_TENSORS
        self.numbers = _TIMES * held_numbers + _SPARE_NUMBERS

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if (numbers := _asked(func, args)) is not None:
            self.tensors -= 1
            self.numbers -= numbers
            if self.tensors < 0 or self.numbers < 0:
                raise FileError(
                    "the parameters of the networks must be those that its tensors are of, and ask for many more"
                    " numbers than it holds"
                )
        return func(*args, **(kwargs or {}))


def _asked(func: Any, args: tuple[Any, ...]) -> int | None:
    """The number of numbers that a call makes from sizes. None if it makes them from other tensors."""
    name = func.overloadpacket.__name__
    if name == "repeat":
        return int(args[0].numel()) * prod(args[1])
    if not name.startswith("new_") and any(isinstance(leaf, Tensor) for leaf in tree_leaves(args)):
        return None  # such as cat, which takes a list of them
    sizes = next((arg for arg in args if isinstance(arg, (list, tuple, torch.Size))), None)
    if sizes is None:  # such as eye(n) and arange(n)
        sizes = [abs(arg) + 1 for arg in args if isinstance(arg, int)]
    return int(prod(sizes))
