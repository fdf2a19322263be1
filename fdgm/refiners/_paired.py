"""Whether refinement brings samples closer to rows, tested on pairs: each sample before and after."""

import math
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from ..exceptions import FileError

__all__ = ["Confirmation", "Distances", "compare", "energy_of_rows"]

_LEVEL = 1.645  # standard errors: a harmless plan passes once in twenty


@dataclass(frozen=True)
class Confirmation:
    """The change of the energy distance from held-out rows, with its standard error.

    Attributes
    ----------
    difference : float
        D = U(refined, rows) − U(as they came, rows), in scaled units. U is the unbiased energy distance. Below 0 is a
        gain.
    standard_error : float
        By a jackknife over the rows and over the pairs.
    n_rows : int
        Number of held-out rows.
    n_pairs : int
        Number of samples, each before and after.
    """

    difference: float
    standard_error: float
    n_rows: int
    n_pairs: int

    @property
    def accepted(self) -> bool:
        """Whether D + 1.645 standard errors is below 0: at most one harmful plan in twenty passes."""
        return self.difference + _LEVEL * self.standard_error < 0

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Restore it from the numbers in a file."""
        numbers = value if isinstance(value, list) and len(value) == 4 else []
        finite = [isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in numbers]
        if not numbers or not all(finite) or not all(isinstance(n, int) and n > 0 for n in numbers[2:]):
            raise FileError("confirmation must be two finite numbers and two counts, and is not")
        return cls(float(numbers[0]), float(numbers[1]), *numbers[2:])


@dataclass(frozen=True)
class Distances:
    """Mean distances of samples, as an energy distance and its jackknife need them.

    Parameters
    ----------
    of_samples : Tensor of shape (n,)
        Twice the mean distance of each sample from the rows.
    of_rows : Tensor of shape (m,)
        Twice the mean distance of each row from the samples.
    among : Tensor of shape (n,)
        Sum of each sample's distances from the others.
    """

    of_samples: Tensor
    of_rows: Tensor
    among: Tensor

    @classmethod
    def measured(cls, samples: Tensor, rows: Tensor) -> Self:
        """Of at least three samples (n, *shape) and two rows (m, *shape)."""
        x = _flat(samples)
        between = 2 * torch.cdist(x, _flat(rows))  # (n, m)
        return cls(between.mean(1), between.mean(0), _within(x).sum(1))

    @property
    def energy(self) -> float:
        """The unbiased energy distance 2E‖X − Y‖ − E‖X − X'‖, without the term of the rows alone."""
        n = len(self.among)
        return float(self.of_samples.mean() - self.among.sum() / (n * (n - 1)))


def energy_of_rows(rows: Tensor) -> float:
    """E‖Y − Y'‖ of rows (m, *shape), the term that `Distances.energy` leaves out."""
    y = _flat(rows)
    return float(_within(y).sum() / (len(y) * (len(y) - 1)))


def compare(before: Distances, after: Distances) -> Confirmation:
    """Compare samples with the same samples refined, by their energy distances from the same rows."""
    n, m = len(before.among), len(before.of_rows)
    of_pairs, among = after.of_samples - before.of_samples, after.among - before.among
    total = among.sum()
    difference = of_pairs.mean() - total / (n * (n - 1))
    without = (of_pairs.sum() - of_pairs) / (n - 1) - (total - 2 * among) / ((n - 1) * (n - 2))
    over_pairs = (n - 1) / n * (without - without.mean()).square().sum()
    over_rows = (after.of_rows - before.of_rows).var() / m
    return Confirmation(float(difference), math.sqrt(float(over_pairs + over_rows)), m, n)


def _flat(points: Tensor) -> Tensor:
    return points.detach().flatten(1).to("cpu", torch.float64)


def _within(x: Tensor) -> Tensor:
    """Distances (n, n) among samples, exactly 0 from each to itself."""
    return torch.cdist(x, x).fill_diagonal_(0.0)
