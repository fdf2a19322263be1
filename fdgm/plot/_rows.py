"""Lines of rows, such as an image and its neighbours: as images, as paths in the plane or as maps of values."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._axes import import_pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RowsDisplay"]


class RowsDisplay:
    """What displays of lines of rows have in common. A subclass names the steps of a line.

    Rows are drawn as images if a row, or `image_shape`, has 1 or 3 channels. Rows of two numbers are drawn as paths in
    the plane. Others are drawn as a map of values with a column for each row.

    Parameters
    ----------
    rows : ndarray of shape (n_lines, n_steps, n_features) or (n_lines, n_steps, ...)
    image_shape : tuple of int or None, default=None
        Image shape of flat rows: (height, width) or (channels, height, width).
    """

    def __init__(self, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> None:
        self.rows = rows
        self.image_shape = image_shape

    @classmethod
    def from_predictions(cls, rows: np.ndarray, *, image_shape: tuple[int, ...] | None = None) -> Self:
        """Draw lines of rows that were made before.

        Parameters
        ----------
        rows : ndarray of shape (n_lines, n_steps, n_features) or (n_lines, n_steps, ...)
        image_shape : tuple of int or None, default=None

        Returns
        -------
        display : object of this class
        """
        return cls(rows, image_shape=image_shape).plot()

    def plot(self) -> Self:
        """Draw in a new figure.

        Returns
        -------
        display : object of this class
            Itself.

        Raises
        ------
        ValueError
            If flat rows are not images of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        owner = type(self).__name__
        figure = import_pyplot(owner).figure(layout="constrained")
        rows, labels = self._shaped(owner), self._labels()
        n_lines, n_steps = rows.shape[:2]
        if rows.ndim == 5 and rows.shape[2] in (1, 3):
            figure.set_size_inches(1.0 + 0.9 * n_steps, 0.4 + 0.9 * n_lines)
            _draw_images(figure, rows, labels)
        elif rows.ndim == 3 and rows.shape[2] == 2:
            figure.set_size_inches(5.5, 5.0)
            _draw_paths(figure.add_subplot(), rows, labels)
        else:
            figure.set_size_inches(2.5 * n_lines + 1, 4.0)
            _draw_values(figure, rows.reshape(n_lines, n_steps, -1), labels)
        self.figure_, self.axes_ = figure, np.array(figure.axes, dtype=object)
        return self

    def _labels(self) -> list[str]:
        """One for each step of a line."""
        raise NotImplementedError

    def _shaped(self, owner: str) -> np.ndarray:
        rows = self.rows
        if self.image_shape is not None:
            try:
                rows = rows.reshape(*rows.shape[:2], *self.image_shape)
            except (TypeError, ValueError):
                raise ValueError(
                    f"image_shape of {owner} must be that of a row, of {rows[0, 0].size} numbers, got"
                    f" {self.image_shape!r}."
                ) from None
        return rows[:, :, None] if rows.ndim == 4 else rows


def _draw_images(figure: "Figure", rows: np.ndarray, labels: list[str]) -> None:
    low, high = float(rows.min()), float(rows.max())
    pictures = (np.moveaxis(rows, 2, -1) - low) / ((high - low) or 1.0)
    axes: Any = figure.subplots(*rows.shape[:2], squeeze=False)
    for i, line in enumerate(axes):
        for j, axis in enumerate(line):
            axis.imshow(pictures[i, j].squeeze(), cmap="gray", vmin=0, vmax=1)
            axis.axis("off")
            if i == 0:
                axis.set_title(labels[j], fontsize=8)


def _draw_paths(axis: "Axes", rows: np.ndarray, labels: list[str]) -> None:
    for path in rows:
        axis.plot(*path.T, marker="o", markersize=3, linewidth=1)
    for point, label in zip(rows[0], labels, strict=True):
        axis.annotate(label, point, fontsize=7, textcoords="offset points", xytext=(4, 4))
    axis.set_aspect("equal", adjustable="datalim")


def _draw_values(figure: "Figure", rows: np.ndarray, labels: list[str]) -> None:
    axes: Any = figure.subplots(1, len(rows), squeeze=False)[0]
    for axis, series in zip(axes, rows, strict=True):
        picture = axis.imshow(series.T, aspect="auto", vmin=rows.min(), vmax=rows.max())
        axis.set_xticks(range(len(labels)), labels, fontsize=7, rotation=90)
    axes[0].set_ylabel("feature")
    figure.colorbar(picture, ax=list(axes))
