"""Where batches come from: rows that are resident on the device, or gathered from a memory-mapped array."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

__all__ = ["MappedRows", "ResidentRows", "Rows", "Samples", "hold_out"]


def hold_out(n_rows: int, n_held_out: int, rng: np.random.Generator) -> np.ndarray:
    """The indices (n_held_out,), growing, of rows to hold out; it takes no memory of the size of `n_rows`."""
    return np.sort(rng.choice(n_rows, size=n_held_out, replace=False, shuffle=False))


class Rows(ABC):
    """A sample, in scaled units, of which batches are drawn with replacement."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """The rows at `index` (n,), of shape (n, *row_shape), on the index's device."""

    def draw(self, n: int, stream: torch.Generator) -> Tensor:
        """`n` rows, each drawn at random by `stream`, on its device."""
        return self.take(torch.randint(len(self), (n,), generator=stream, device=stream.device))


class ResidentRows(Rows):
    """The whole sample as one tensor on the device.

    Parameters
    ----------
    tensor : Tensor of shape (n_rows, *row_shape)
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __len__(self) -> int:
        return len(self.tensor)

    def take(self, index: Tensor) -> Tensor:
        return self.tensor[index]


class MappedRows(Rows):
    """Rows that stay in a file: those of a batch are gathered, then scaled, then moved to the device.

    Parameters
    ----------
    array : memmap of shape (n_rows, *row_shape)
    to_tensor : callable
        From an array of rows in the user's units to a tensor in scaled ones.
    held_out : ndarray of int, of shape (n_held_out,), or None, default=None
        Growing indices of rows that are not among these: the others keep their order.
    """

    def __init__(
        self, array: np.ndarray, to_tensor: Callable[[np.ndarray], Tensor], held_out: np.ndarray | None = None
    ) -> None:
        self.array = array
        self.to_tensor = to_tensor
        self._n_held_out = 0 if held_out is None else len(held_out)
        # How many rows of the others come before each of these: an index grows by as many as it has passed.
        self._passed_at = None if held_out is None else held_out - np.arange(len(held_out))

    def __len__(self) -> int:
        return len(self.array) - self._n_held_out

    def take(self, index: Tensor) -> Tensor:
        where = index.cpu().numpy()
        if self._passed_at is not None:
            where = where + np.searchsorted(self._passed_at, where, side="right")
        return self.to_tensor(self.array[where]).to(index.device)


class Samples(Dataset):
    """What skorch is handed: it looks at the length alone, and the training step at the rows.

    Parameters
    ----------
    rows : tuple of Rows
    """

    def __init__(self, rows: tuple[Rows, ...]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows[0])
