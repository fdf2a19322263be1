"""Sources of batches: rows that are resident on the device, or rows of a memory-mapped array."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

__all__ = ["MemmapRows", "ResidentRows", "Rows", "RowsWithout", "Samples", "hold_out"]


def hold_out(n_rows: int, n_held_out: int, rng: np.random.Generator) -> np.ndarray:
    """Increasing indices (n_held_out,) of rows to hold out. Memory does not grow with `n_rows`."""
    return np.sort(rng.choice(n_rows, size=n_held_out, replace=False, shuffle=False))


class Rows(ABC):
    """A sample in scaled units, from which batches are drawn with replacement."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @abstractmethod
    def take(self, index: Tensor) -> Tensor:
        """The rows at `index` (n,), of shape (n, *row_shape), on the index's device."""

    def sample(self, n: int, stream: torch.Generator) -> Tensor:
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
        return self.tensor.index_select(0, index)  # several times as fast as indexing


class MemmapRows(Rows):
    """Rows that stay in a file. The rows of a batch are gathered, scaled and moved to the device.

    Parameters
    ----------
    array : memmap of shape (n_rows, *row_shape)
    to_tensor : callable
        Maps an array of rows in the user's units to a tensor in scaled units.
    """

    def __init__(self, array: np.ndarray, to_tensor: Callable[[np.ndarray], Tensor]) -> None:
        self.array = array
        self.to_tensor = to_tensor

    def __len__(self) -> int:
        return len(self.array)

    def take(self, index: Tensor) -> Tensor:
        return self.to_tensor(self.array[index.cpu().numpy()]).to(index.device)


class RowsWithout(Rows):
    """Rows of which some are held out. Nothing is copied, and memory does not grow with the number of rows.

    Parameters
    ----------
    rows : Rows
    held_out : ndarray of int, of shape (n_held_out,)
        Increasing indices of rows to leave out. The others keep their order.
    """

    def __init__(self, rows: Rows, held_out: np.ndarray) -> None:
        self.rows = rows
        # The number of kept rows before each held-out row: an index grows by the number of held-out rows it passes.
        self._passed_at = torch.from_numpy(held_out - np.arange(len(held_out)))

    def __len__(self) -> int:
        return len(self.rows) - len(self._passed_at)

    def take(self, index: Tensor) -> Tensor:
        self._passed_at = self._passed_at.to(index.device)
        return self.rows.take(index + torch.searchsorted(self._passed_at, index, right=True))


class Samples(Dataset):
    """The data set for skorch, which uses only its length. The training step uses the rows.

    Parameters
    ----------
    rows : tuple of Rows
    """

    def __init__(self, rows: tuple[Rows, ...]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows[0])
