"""The margins of a model that should be normal in every column, and the map that makes them so."""

from typing import Self

import numpy as np
from scipy.special import ndtri

from ..exceptions import FileError
from ..persistence import State, as_tensor

__all__ = ["Margins"]

_QUANTILES = 513  # of each column, the tails' extremes among them


class Margins:
    """Increasing maps of columns that take a sample's margins to normal ones.

    Parameters
    ----------
    quantiles : ndarray of shape (n_quantiles, n_columns)
        Of the sample, at equal steps of probability. They increase down each column.
    """

    def __init__(self, quantiles: np.ndarray) -> None:
        self.quantiles = quantiles

    @classmethod
    def of(cls, sample: np.ndarray, varies: np.ndarray) -> Self:
        """Learn the margins of a sample (n, d). Columns that do not vary are left alone."""
        found = np.quantile(sample, _steps(), axis=0)
        return cls(np.where(varies, found, ndtri(_steps())[:, None]))

    def corrected(self, rows: np.ndarray) -> np.ndarray:
        """Rows (n, d) with normal margins. Beyond the outer quantiles, rows move as those do."""
        normal = ndtri(_steps())
        return np.column_stack(
            [
                np.interp(column, known, normal) + np.minimum(column - known[0], 0) + np.maximum(column - known[-1], 0)
                for column, known in zip(rows.T, self.quantiles.T, strict=True)
            ]
        )

    def to_state(self) -> State:
        """The whole state, for a file."""
        return State({"quantiles": as_tensor(self.quantiles)})

    @classmethod
    def from_state(cls, state: State, n_columns: int) -> Self:
        """Restore what `to_state` gave."""
        quantiles = state.array("quantiles", (_QUANTILES, n_columns))
        if (np.diff(quantiles, axis=0) < 0).any():
            raise FileError("quantiles of the margins must increase, and do not")
        return cls(quantiles)


def _steps() -> np.ndarray:
    """Probabilities, none of them 0 or 1."""
    return (np.arange(_QUANTILES) + 0.5) / _QUANTILES
