"""Samples beside data."""

from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np

from .._checks import check_count, check_option
from ._axes import GENERATED, REAL, axes_of, flat_axes
from ._columns import as_rows, is_numeric, shared_columns
from ._images import as_images, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SampleDisplay"]

Kind = Literal["auto", "scatter", "pairs", "columns", "images"]
_MAX_PAIRS = 5  # columns of a pair plot: a panel for each two of them
_MAX_COLUMNS = 12  # panels of distributions


class SampleDisplay:
    """Samples of a model beside the data that it learned.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    X_real : array-like of shape (n_real, n_features) or (n_real, ...)
    X_generated : array-like of shape (n_generated, n_features) or (n_generated, ...)
    kind : {"auto", "scatter", "pairs", "columns", "images"}, default="auto"
        What to draw:

        - ``"scatter"``: points of the first two columns;
        - ``"pairs"``: points of each two of the first five columns, and a histogram of each one;
        - ``"columns"``: the distribution of each of the first twelve columns, bars where it holds categories;
        - ``"images"``: a sheet of images of each sample.

        ``"auto"`` is images where rows are images or `image_shape` is given, a scatter for two columns of numbers,
        and distributions otherwise.
    image_shape : tuple of int or None, default=None
        Image shape of flat rows: (height, width) or (channels, height, width).
    n_images : int, default=64
        Number of images on a sheet.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    See Also
    --------
    fdgm.metrics.report : Measures how alike they are.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import SampleDisplay
    >>> rng = np.random.default_rng(0)
    >>> display = SampleDisplay.from_predictions(rng.normal(size=(99, 2)), rng.normal(size=(99, 2)))
    >>> display.axes_.shape
    (1, 1)
    """

    def __init__(
        self,
        X_real: Any,
        X_generated: Any,
        *,
        kind: Kind = "auto",
        image_shape: tuple[int, ...] | None = None,
        n_images: int = 64,
    ) -> None:
        self.X_real = X_real
        self.X_generated = X_generated
        self.kind = kind
        self.image_shape = image_shape
        self.n_images = n_images

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        n_samples: int | None = None,
        random_state: Any = None,
        kind: Kind = "auto",
        image_shape: tuple[int, ...] | None = None,
        n_images: int = 64,
        ax: Any = None,
    ) -> Self:
        """Draw samples from a fitted model, and show them beside X.

        Parameters
        ----------
        estimator : object with ``sample``
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        n_samples : int or None, default=None
            Number of samples. None is as many as X has rows, 5,000 at most.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the samples.
        kind, image_shape, n_images
            As in the constructor.
        ax : Axes, array of Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : SampleDisplay
        """
        n = min(len(X), 5000) if n_samples is None else check_count(n_samples, "n_samples", cls.__name__)
        generated = estimator.sample(n, random_state=random_state)
        return cls(X, generated, kind=kind, image_shape=image_shape, n_images=n_images).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        X_real: Any,
        X_generated: Any,
        *,
        kind: Kind = "auto",
        image_shape: tuple[int, ...] | None = None,
        n_images: int = 64,
        ax: Any = None,
    ) -> Self:
        """Show two samples.

        Parameters
        ----------
        X_real, X_generated : array-like of shape (n_samples, n_features) or (n_samples, ...)
        kind, image_shape, n_images
            As in the constructor.
        ax : Axes, array of Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : SampleDisplay
        """
        return cls(X_real, X_generated, kind=kind, image_shape=image_shape, n_images=n_images).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes, array of Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : SampleDisplay
            Itself.

        Raises
        ------
        ValueError
            If `kind` is unknown or does not suit the samples, if their columns differ, or if flat rows are not images
            of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        kind = check_option(self.kind, "kind", "SampleDisplay", get_args(Kind))
        if kind == "images" or (kind == "auto" and (self.image_shape is not None or np.ndim(as_rows(self.X_real)) > 2)):
            self._plot_images(ax)
            return self
        real, generated = shared_columns(self.X_real, self.X_generated, "SampleDisplay")
        numeric = [name for name in real if is_numeric(real[name]) and is_numeric(generated[name])]
        if kind == "auto":
            kind = "scatter" if len(numeric) == len(real) == 2 else "columns"
        if kind != "columns" and len(numeric) < 2:
            raise ValueError(
                "kind of SampleDisplay must be 'columns' for samples with fewer than two columns of numbers,"
                f" got {kind!r}."
            )
        if kind == "columns":
            self._plot_columns(real, generated, ax)
        elif kind == "scatter":
            self.figure_, self.axes_ = axes_of("SampleDisplay", ax)
            _scatter(self.axes_[0, 0], real, generated, *numeric[:2])
            _legend(self.axes_[0, 0])
        else:
            self._plot_pairs(real, generated, numeric[:_MAX_PAIRS], ax)
        return self

    def _plot_images(self, ax: Any) -> None:
        self.figure_, self.axes_ = axes_of("SampleDisplay", ax, (1, 2), size=(8.0, 4.3))
        n = check_count(self.n_images, "n_images", "SampleDisplay")
        real, generated = (
            as_images(as_rows(X)[:n], self.image_shape, "SampleDisplay") for X in (self.X_real, self.X_generated)
        )
        low, high = min(real.min(), generated.min()), max(real.max(), generated.max())
        for axis, images, title in zip(self.axes_[0], (real, generated), ("data", "samples"), strict=True):
            axis.imshow(sheet(images, float(low), float(high)), cmap="gray", vmin=0, vmax=1)
            axis.set_title(title)
            axis.axis("off")

    def _plot_columns(self, real: dict[str, np.ndarray], generated: dict[str, np.ndarray], ax: Any) -> None:
        names = list(real)[:_MAX_COLUMNS]
        n_across = min(len(names), 4)
        shape = (-(-len(names) // n_across), n_across)
        self.figure_, self.axes_ = axes_of("SampleDisplay", ax, shape, size=(2.8 * shape[1], 2.3 * shape[0]))
        for axis, name in zip(flat_axes(self.axes_, len(names)), names, strict=True):
            _distribution(axis, real[name], generated[name])
            axis.set_title(name, fontsize=9)
            axis.set_yticks([])
        _legend(self.axes_[0, 0])

    def _plot_pairs(
        self, real: dict[str, np.ndarray], generated: dict[str, np.ndarray], names: list[str], ax: Any
    ) -> None:
        shape = (len(names), len(names))
        self.figure_, self.axes_ = axes_of("SampleDisplay", ax, shape, size=(1.9 * len(names), 1.9 * len(names)))
        for i, below in enumerate(names):
            for j, across in enumerate(names):
                axis = self.axes_[i, j]
                if i == j:
                    _distribution(axis, real[across], generated[across])
                    axis.set_yticks([])
                else:
                    _scatter(axis, real, generated, across, below)
                axis.set(xlabel=across if i == len(names) - 1 else "", ylabel=below if j == 0 else "")
        _legend(self.axes_[0, 0])


def _scatter(
    axis: "Axes", real: dict[str, np.ndarray], generated: dict[str, np.ndarray], across: str, below: str
) -> None:
    for sample, colour, label in ((real, REAL, "data"), (generated, GENERATED, "samples")):
        size = min(12.0, max(2.0, 6000 / len(sample[across])))
        axis.scatter(sample[across], sample[below], s=size, alpha=0.5, color=colour, linewidths=0, label=label)
    axis.set(xlabel=across, ylabel=below)


def _distribution(axis: "Axes", real: np.ndarray, generated: np.ndarray) -> None:
    """Histograms of numbers, or bars of categories, of both samples, as fractions."""
    if is_numeric(real) and is_numeric(generated):
        both = np.concatenate([real, generated])
        edges = np.histogram_bin_edges(both[np.isfinite(both)], bins=40)
        for values, colour, label in ((real, REAL, "data"), (generated, GENERATED, "samples")):
            axis.hist(values, list(edges), density=True, color=colour, alpha=0.5, label=label)
        return
    names = list(np.unique(real.astype(str)))
    names += [name for name in np.unique(generated.astype(str)) if name not in names]
    places = np.arange(len(names))
    for values, colour, label, shift in ((real, REAL, "data", -0.2), (generated, GENERATED, "samples", 0.2)):
        fractions = [float(np.mean(values.astype(str) == name)) for name in names]
        axis.bar(places + shift, fractions, 0.4, color=colour, label=label)
    axis.set_xticks(places, names, fontsize=7, rotation=45 if max(map(len, names)) > 3 else 0)


def _legend(axis: "Axes") -> None:
    axis.legend(loc="best", fontsize=8, framealpha=0.6, markerscale=3)
