"""Rows beside those whose representations are nearest."""

from typing import Any, Self

import numpy as np

from ._rows import RowsDisplay

__all__ = ["NeighborsDisplay"]


class NeighborsDisplay(RowsDisplay):
    """Lines of rows: a row first, then its nearest in the representations of a model.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    rows : ndarray of shape (n_lines, 1 + k, n_features) or (n_lines, 1 + k, ...)
    image_shape : tuple of int or None, default=None
        Image shape of flat rows: (height, width) or (channels, height, width).

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import NeighborsDisplay
    >>> rows = np.random.default_rng(0).normal(size=(2, 5, 8, 8))
    >>> NeighborsDisplay.from_predictions(rows).axes_.size
    10
    """

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, k: int = 4, among: Any = None, image_shape: tuple[int, ...] | None = None
    ) -> Self:
        """Draw rows and their nearest of a fitted model.

        Parameters
        ----------
        estimator : object with ``neighbors``
        X : array-like of shape (n_lines, n_features) or (n_lines, ...)
        k : int, default=4
        among : array-like of shape (n_candidates, n_features) or None, default=None
            Candidates. None is X itself.
        image_shape : tuple of int or None, default=None

        Returns
        -------
        display : NeighborsDisplay
        """
        _, indices = estimator.neighbors(X, k, among=among)
        rows, candidates = np.asarray(X), np.asarray(X if among is None else among)
        return cls(np.concatenate([rows[:, None], candidates[indices]], axis=1), image_shape=image_shape).plot()

    def _labels(self) -> list[str]:
        return ["row", *(f"neighbour {number}" for number in range(1, self.rows.shape[1]))]
