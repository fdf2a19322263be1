"""What every display shares: matplotlib when it is needed, axes to draw into, and one pair of colours."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FAILURE", "GENERATED", "REAL", "axes_of", "flat_axes", "import_pyplot"]

REAL, GENERATED, FAILURE = "#3b6ea5", "#e07b39", "#c0392b"  # apart for colour-blind eyes, on white and on black


def import_pyplot(owner: str) -> Any:
    """matplotlib.pyplot, for `owner`.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(f"{owner} needs matplotlib: pip install 'fdgm[plot]'.") from error
    return plt


def axes_of(
    owner: str, ax: Any, shape: tuple[int, int] = (1, 1), *, size: tuple[float, float] = (4.5, 4.0)
) -> tuple["Figure", np.ndarray]:
    """A figure and an array of axes of this shape: those given, or new ones.

    Raises
    ------
    ValueError
        If `ax` has another number of axes.
    """
    if ax is None:
        figure, axes = import_pyplot(owner).subplots(*shape, figsize=size, layout="constrained", squeeze=False)
        return figure, axes
    axes = np.array(ax, dtype=object)
    if axes.size != shape[0] * shape[1]:
        wanted = "one Axes" if shape == (1, 1) else f"an array of {shape[0]} times {shape[1]} Axes"
        raise ValueError(f"ax of {owner}.plot must be None or {wanted} for this picture, got {axes.size}.")
    axes = axes.reshape(shape)
    return axes[0, 0].figure, axes


def flat_axes(axes: np.ndarray, n: int) -> list[Any]:
    """The first n axes of a grid. The others are hidden."""
    for axis in axes.flat[n:]:
        axis.set_visible(False)
    return list(axes.flat[:n])
