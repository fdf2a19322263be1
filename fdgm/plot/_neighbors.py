"""Rows beside those whose representations are nearest."""

from typing import Any, Self

import numpy as np

from ._axes import import_pyplot
from ._rows import draw_rows

__all__ = ["NeighborsDisplay"]


class NeighborsDisplay:
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

    def __init__(self, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> None:
        self.rows = rows
        self.image_shape = image_shape

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

    @classmethod
    def from_predictions(cls, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> Self:
        """Draw rows whose neighbours were found before.

        Parameters
        ----------
        rows : ndarray of shape (n_lines, 1 + k, n_features) or (n_lines, 1 + k, ...)
        image_shape : tuple of int or None, default=None

        Returns
        -------
        display : NeighborsDisplay
        """
        return cls(rows, image_shape=image_shape).plot()

    def plot(self) -> Self:
        """Draw in a new figure.

        Returns
        -------
        display : NeighborsDisplay
            Itself.

        Raises
        ------
        ValueError
            If flat rows are not images of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        figure = import_pyplot("NeighborsDisplay").figure(layout="constrained")
        labels = ["row", *(f"neighbour {number}" for number in range(1, self.rows.shape[1]))]
        draw_rows(self.rows, labels, self.image_shape, "NeighborsDisplay", figure=figure)
        self.figure_, self.axes_ = figure, np.array(figure.axes, dtype=object)
        return self
