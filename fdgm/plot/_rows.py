"""Figures of rows. matplotlib is imported when one is drawn, and its global state is left alone."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_rows"]


def draw_rows(
    rows: np.ndarray,
    labels: list[str],
    image_shape: tuple[int, ...] | None,
    owner: str,
    *,
    figure: "Figure | None" = None,
) -> "Figure":
    """Draw a line of pictures for each series of rows.

    Parameters
    ----------
    rows : ndarray of shape (n_series, n_steps, *row_shape)
        Rows are drawn as images if a row, or `image_shape`, has 1 or 3 channels. Rows of two numbers are drawn as
        paths in the plane. Others are drawn as a map of values with a column for each row.
    labels : list of str
        One for each step.
    image_shape : tuple of int or None
        (height, width) or (channels, height, width) of a flat row.
    owner : str
        Name of the caller for the message.
    figure : Figure or None, default=None
        Where to draw. None is a new figure, which pyplot does not know.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If a row is not an image of `image_shape`.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"{owner} needs matplotlib: pip install 'fdgm[plot]'.") from error
    n_series, n_steps = rows.shape[:2]
    if image_shape is not None:
        try:
            rows = rows.reshape(n_series, n_steps, *image_shape)
        except (TypeError, ValueError):
            raise ValueError(
                f"image_shape of {owner} must be that of a row, of {rows[0, 0].size} numbers, got {image_shape!r}."
            ) from None
    if rows.ndim == 4:
        rows = rows[:, :, None]
    figure = Figure(layout="constrained") if figure is None else figure
    if rows.ndim == 5 and rows.shape[2] in (1, 3):
        figure.set_size_inches(1.0 + 0.9 * n_steps, 0.4 + 0.9 * n_series)
        _draw_images(figure, rows, labels)
    elif rows.ndim == 3 and rows.shape[2] == 2:
        figure.set_size_inches(5.5, 5.0)
        _draw_paths(figure.add_subplot(), rows, labels)
    else:
        figure.set_size_inches(2.5 * n_series + 1, 4.0)
        _draw_values(figure, rows.reshape(n_series, n_steps, -1), labels)
    return figure


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
