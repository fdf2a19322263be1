"""Whether refinement brings samples closer to rows, tested on pairs: each sample before and after."""

import math
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from ..exceptions import FileError

__all__ = ["Change", "Confirmation", "Distances", "compare", "energy_of_rows"]

_BLOCK = 1000  # samples whose distances from all others are held at once
_LEVEL = 1.645  # standard errors: a harmless plan passes once in twenty


@dataclass(frozen=True)
class Change:
    """The change of the energy distance from rows, with its standard error, in one unit.

    Parameters
    ----------
    difference, standard_error : float
    n_rows, n_pairs : int
    """

    difference: float
    standard_error: float
    n_rows: int
    n_pairs: int


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
    difference_in_x, standard_error_in_x : float
        The same in X's own units.
    """

    difference: float
    standard_error: float
    n_rows: int
    n_pairs: int
    difference_in_x: float
    standard_error_in_x: float

    @property
    def accepted(self) -> bool:
        """Whether there is a gain in scaled units, and no loss in X's own units.

        A gain is D + 1.645 standard errors < 0: at most one harmful plan in twenty passes. A loss is the opposite.
        """
        return self.gains and not self.spoils

    @property
    def gains(self) -> bool:
        """Whether samples come closer in scaled units."""
        return self.difference + _LEVEL * self.standard_error < 0

    @property
    def spoils(self) -> bool:
        """Whether samples come farther away in X's own units."""
        return self.difference_in_x - _LEVEL * self.standard_error_in_x > 0

    @classmethod
    def of(cls, scaled: Change, in_x: Change) -> Self:
        """From the change in scaled units and that in X's."""
        return cls(
            scaled.difference, scaled.standard_error, scaled.n_rows, scaled.n_pairs,
            in_x.difference, in_x.standard_error,
        )  # fmt: skip

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Restore it from the numbers in a file."""
        numbers = value if isinstance(value, list) and len(value) == 6 else []
        finite = [isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in numbers]
        if not numbers or not all(finite) or not all(isinstance(n, int) and n > 0 for n in numbers[2:4]):
            raise FileError("confirmation must be four finite numbers and two counts, and is not")
        return cls.of(Change(*numbers[:4]), Change(*numbers[4:], *numbers[2:4]))


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
        return cls(between.mean(1), between.mean(0), _sums_within(x))

    @property
    def energy(self) -> float:
        """The unbiased energy distance 2E‖X − Y‖ − E‖X − X'‖, without the term of the rows alone."""
        n = len(self.among)
        return float(self.of_samples.mean() - self.among.sum() / (n * (n - 1)))


def energy_of_rows(rows: Tensor) -> float:
    """E‖Y − Y'‖ of rows (m, *shape), the term that `Distances.energy` leaves out."""
    y = _flat(rows)
    return float(_sums_within(y).sum() / (len(y) * (len(y) - 1)))


def compare(before: Distances, after: Distances) -> Change:
    """Compare samples with the same samples refined, by their energy distances from the same rows."""
    n, m = len(before.among), len(before.of_rows)
    of_pairs, among = after.of_samples - before.of_samples, after.among - before.among
    total = among.sum()
    difference = of_pairs.mean() - total / (n * (n - 1))
    without = (of_pairs.sum() - of_pairs) / (n - 1) - (total - 2 * among) / ((n - 1) * (n - 2))
    over_pairs = (n - 1) / n * (without - without.mean()).square().sum()
    over_rows = (after.of_rows - before.of_rows).var() / m
    return Change(float(difference), math.sqrt(float(over_pairs + over_rows)), m, n)


def _flat(points: Tensor) -> Tensor:
    return points.detach().flatten(1).to("cpu", torch.float64)


def _sums_within(x: Tensor) -> Tensor:
    """Sum (n,) of each sample's distances from the others, in blocks, so that memory does not grow with n²."""
    sums = torch.empty(len(x), dtype=x.dtype, device=x.device)
    for first in range(0, len(x), _BLOCK):
        distances = torch.cdist(x[first : first + _BLOCK], x)
        distances.diagonal(first).zero_()  # exactly 0 from each to itself
        sums[first : first + _BLOCK] = distances.sum(1)
    return sums
