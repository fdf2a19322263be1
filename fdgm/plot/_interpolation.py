"""Rows between two rows."""

from typing import Any, Self

import numpy as np

from ._rows import RowsDisplay

__all__ = ["InterpolationDisplay"]


class InterpolationDisplay(RowsDisplay):
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

    def _labels(self) -> list[str]:
        return [f"{fraction:.2f}" for fraction in np.linspace(0, 1, self.rows.shape[1])]
