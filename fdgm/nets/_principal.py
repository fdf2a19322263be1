"""Principal components of rows, to which generators and encoders are fitted first."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ..distributed import current

__all__ = ["PrincipalComponents"]

_LEAST = 1e-4  # directions with a smaller fraction of the greatest standard deviation are dropped


@dataclass(frozen=True)
class PrincipalComponents:
    """Mean, unit directions and standard deviations of vectors or images, the greatest deviation first.

    Parameters
    ----------
    mean : Tensor of shape ``row_shape``
    directions : Tensor of shape (k, d)
        In the space of flattened rows.
    deviations : Tensor of shape (k,)
    """

    mean: Tensor
    directions: Tensor
    deviations: Tensor

    @classmethod
    def of(cls, rows: Tensor, k: int) -> Self:
        """The first k components of the rows ``(n, *row_shape)``, or fewer if there are fewer.

        Processes that share a fit put their rows together.
        """
        rows = current().gather(rows)
        mean = rows.mean(dim=0)
        _, scales, directions = torch.linalg.svd((rows - mean).flatten(1), full_matrices=False)
        k = min(k, int((scales > _LEAST * scales[0]).sum()))
        found = cls(mean, directions[:k], scales[:k] / math.sqrt(len(rows)))
        current().broadcast([found.mean, found.directions, found.deviations])  # signs are arbitrary
        return found

    def scores(self, rows: Tensor) -> Tensor:
        """Coordinates (n, k) along the directions. Each has variance 1 over the rows that gave the components."""
        return (rows - self.mean).flatten(1) @ self.directions.T / self.deviations
