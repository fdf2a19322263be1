"""The latent space of a model with an encoder."""

from typing import Any, Self

import numpy as np

from ._axes import REAL, axes_of

__all__ = ["LatentDisplay"]

_MAX_CLASSES = 20


class LatentDisplay:
    """Representations in the plane of their two principal axes, coloured by a label.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, latent_size)
    y : array-like of shape (n_samples,) or None, default=None
        Up to 20 different values are classes with a legend. More numbers are a colour scale.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    explained_ : float
        Fraction of the variance of Z that the plane shows, in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import LatentDisplay
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> round(LatentDisplay.from_predictions(Z, Z[:, 0] > 0).explained_, 3)
    1.0
    """

    def __init__(self, Z: Any, y: Any = None) -> None:
        self.Z = Z
        self.y = y

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any = None, *, ax: Any = None) -> Self:
        """Draw the representations of X.

        Parameters
        ----------
        estimator : object with ``transform``
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        y : array-like of shape (n_samples,) or None, default=None
        ax : Axes or None, default=None

        Returns
        -------
        display : LatentDisplay
        """
        return cls(estimator.transform(X), y).plot(ax=ax)

    @classmethod
    def from_predictions(cls, Z: Any, y: Any = None, *, ax: Any = None) -> Self:
        """Draw representations.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_size)
        y : array-like of shape (n_samples,) or None, default=None
        ax : Axes or None, default=None

        Returns
        -------
        display : LatentDisplay
        """
        return cls(Z, y).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : LatentDisplay
            Itself.

        Raises
        ------
        ValueError
            If Z is not two-dimensional, or `y` has another length.
        """
        Z = np.asarray(self.Z, dtype=np.float64)
        if Z.ndim != 2 or not len(Z):
            raise ValueError(f"Z of LatentDisplay must have shape (n_samples, latent_size), got {Z.shape}.")
        y = None if self.y is None else np.asarray(self.y)
        if y is not None and y.shape != (len(Z),):
            raise ValueError(f"y of LatentDisplay must have shape ({len(Z)},), got {y.shape}.")
        points, self.explained_ = _principal(Z)
        self.figure_, axes = axes_of("LatentDisplay", ax)
        self.ax_ = axes[0, 0]
        size = min(14.0, max(3.0, 6000 / len(Z)))
        classes = np.unique(y) if y is not None else np.empty(0)
        if y is None:
            self.ax_.scatter(*points.T, s=size, color=REAL, linewidths=0)
        elif len(classes) <= _MAX_CLASSES or y.dtype.kind not in "iuf":
            for k, label in enumerate(classes):
                colour = f"C{k}" if len(classes) <= 10 else None
                self.ax_.scatter(*points[y == label].T, s=size, linewidths=0, color=colour, label=str(label))
            self.ax_.legend(fontsize=7, markerscale=2, ncols=1 + len(classes) // 11)
        else:
            self.figure_.colorbar(self.ax_.scatter(*points.T, s=size, c=y, linewidths=0), ax=self.ax_)
        self.ax_.set(xlabel="first principal axis", ylabel="second principal axis")
        self.ax_.set_title(f"{self.explained_:.0%} of the variance", fontsize=9)
        return self


def _principal(Z: np.ndarray) -> tuple[np.ndarray, float]:
    """Coordinates (n, 2) along the axes of largest variance, and the fraction of the variance in them."""
    centred = Z - Z.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    total = float(np.square(sizes).sum())
    points = np.zeros((len(Z), 2))
    points[:, : min(2, len(axes))] = centred @ axes[:2].T
    return points, float(np.square(sizes[:2]).sum() / total) if total > 0 else 1.0
