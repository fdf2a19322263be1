"""The principal components of rows, which generators and encoders are first fitted to."""

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

__all__ = ["PrincipalComponents"]

_LEAST = 1e-4  # standard deviation, as a share of the greatest, below which a direction is none


@dataclass(frozen=True)
class PrincipalComponents:
    """Mean, unit directions and standard deviations, the greatest first; of images as of vectors.

    Parameters
    ----------
    mean : Tensor of shape ``row_shape``
    directions : Tensor of shape (k, d)
        Of flattened rows.
    deviations : Tensor of shape (k,)
    """

    mean: Tensor
    directions: Tensor
    deviations: Tensor

    @classmethod
    def of(cls, rows: Tensor, k: int) -> Self:
        """The first k of the rows ``(n, *row_shape)``, or as many as they have."""
        mean = rows.mean(dim=0)
        _, scales, directions = torch.linalg.svd((rows - mean).flatten(1), full_matrices=False)
        k = min(k, int((scales > _LEAST * scales[0]).sum()))
        return cls(mean, directions[:k], scales[:k] / math.sqrt(len(rows)))

    def scores(self, rows: Tensor) -> Tensor:
        """Coordinates of rows along the directions, each of variance 1 over the rows that they are of: (n, k)."""
        return (rows - self.mean).flatten(1) @ self.directions.T / self.deviations
