"""Rows between two rows."""

from typing import Any, Self

import numpy as np

from ._axes import import_pyplot
from ._rows import draw_rows

__all__ = ["InterpolationDisplay"]


class InterpolationDisplay:
    """Lines of rows that lead from one row to another through the representations of a model.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    rows : ndarray of shape (n_lines, n_steps, n_features) or (n_lines, n_steps, ...)
    image_shape : tuple of int or None, default=None
        Image shape of flat rows: (height, width) or (channels, height, width).

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import InterpolationDisplay
    >>> rows = np.linspace([[0.0, 0.0]], [[1.0, 2.0]], 5, axis=1)
    >>> InterpolationDisplay.from_predictions(rows).axes_.size
    1
    """

    def __init__(self, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> None:
        self.rows = rows
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls, estimator: Any, X1: Any, X2: Any, *, steps: int = 8, image_shape: tuple[int, ...] | None = None
    ) -> Self:
        """Draw the rows between X1 and X2 of a fitted model.

        Parameters
        ----------
        estimator : object with ``interpolate``
        X1, X2 : array-like of shape (n_lines, n_features) or (n_lines, ...)
        steps : int, default=8
        image_shape : tuple of int or None, default=None

        Returns
        -------
        display : InterpolationDisplay
        """
        return cls(estimator.interpolate(X1, X2, steps), image_shape=image_shape).plot()

    @classmethod
    def from_predictions(cls, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> Self:
        """Draw rows that were interpolated before.

        Parameters
        ----------
        rows : ndarray of shape (n_lines, n_steps, n_features) or (n_lines, n_steps, ...)
        image_shape : tuple of int or None, default=None

        Returns
        -------
        display : InterpolationDisplay
        """
        return cls(rows, image_shape=image_shape).plot()

    def plot(self) -> Self:
        """Draw in a new figure.

        Returns
        -------
        display : InterpolationDisplay
            Itself.

        Raises
        ------
        ValueError
            If flat rows are not images of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        figure = import_pyplot("InterpolationDisplay").figure(layout="constrained")
        labels = [f"{fraction:.2f}" for fraction in np.linspace(0, 1, self.rows.shape[1])]
        draw_rows(self.rows, labels, self.image_shape, "InterpolationDisplay", figure=figure)
        self.figure_, self.axes_ = figure, np.array(figure.axes, dtype=object)
        return self
