"""The velocity field that moves samples towards the data."""

from typing import Any, Self

import numpy as np
import torch

from .._checks import check_count
from ..divergences import Divergence, Scaling
from ..flows import differentiated, velocity
from ._axes import FAILURE, REAL, axes_of
from ._columns import as_rows

__all__ = ["VelocityDisplay"]


class VelocityDisplay:
    """Arrows of the velocity weight(−T) ∇T on a grid in the plane, over the log-ratio T.

    Use `from_estimator` to make one.

    Parameters
    ----------
    grid : ndarray of shape (n, n, 2)
        Points.
    velocities : ndarray of shape (n, n, 2)
    log_ratios : ndarray of shape (n, n)
    X : array-like of shape (n_samples, 2) or None, default=None
        Data to draw behind the arrows.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.plot import VelocityDisplay
    >>> from fdgm.ratios import KLIEP
    >>> data, model = np.random.default_rng(0).normal([[[1.0]], [[0.0]]], 1, size=(2, 300, 2))
    >>> ratio = KLIEP(random_state=0).fit(data, model)
    >>> VelocityDisplay.from_estimator(ratio, data, n=10).velocities.shape
    (10, 10, 2)
    """

    def __init__(self, grid: np.ndarray, velocities: np.ndarray, log_ratios: np.ndarray, X: Any = None) -> None:
        self.grid = grid
        self.velocities = velocities
        self.log_ratios = log_ratios
        self.X = X

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        divergence: str | Divergence = "kl",
        scale_clip: float | None = None,
        n: int = 20,
        ax: Any = None,
    ) -> Self:
        """Draw the velocity by the log-ratio of a sampler's critic or of a density ratio.

        Parameters
        ----------
        estimator : object with ``log_ratio_tensor``
            Its log-ratio T is of data to model.
        X : array-like of shape (n_samples, 2)
            Data, which set the range of the grid.
        divergence : str or Divergence, default="kl"
            Gives the weight, of D(model‖data).
        scale_clip : float or None, default=None
            The ratio is clamped to [scale_clip, 1/scale_clip] before the weight.
        n : int, default=20
            Number of arrows along each axis.
        ax : Axes or None, default=None

        Returns
        -------
        display : VelocityDisplay

        Raises
        ------
        ValueError
            If X has not two columns.
        """
        rows, n = as_rows(X), check_count(n, "n", cls.__name__, minimum=2)
        if rows.ndim != 2 or rows.shape[1] != 2:
            raise ValueError(f"X of {cls.__name__} must have shape (n_samples, 2), got {rows.shape}.")
        low, high = rows.min(axis=0), rows.max(axis=0)
        margin = 0.15 * (high - low)
        grid = np.stack(np.meshgrid(*np.linspace(low - margin, high + margin, n).T), axis=-1)  # (n, n, 2)
        points = torch.tensor(grid.reshape(-1, 2), dtype=torch.float64, device="cpu")
        scaling = Scaling.make(divergence, scale_clip)
        v, t = velocity(differentiated(estimator.log_ratio_tensor), points, scaling)
        return cls(grid, v.numpy().reshape(n, n, 2), t.numpy().reshape(n, n), X).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : VelocityDisplay
            Itself.
        """
        self.figure_, axes = axes_of("VelocityDisplay", ax, size=(5.2, 4.4))
        self.ax_ = axes[0, 0]
        x, y = self.grid[..., 0], self.grid[..., 1]
        bound = float(np.abs(self.log_ratios).max()) or 1.0
        levels = np.linspace(-bound, bound, 21)
        filled = self.ax_.contourf(x, y, self.log_ratios, levels=levels, cmap="RdBu", alpha=0.5)
        self.figure_.colorbar(filled, ax=self.ax_, label="log-ratio of data to model")
        if self.X is not None:
            self.ax_.scatter(*as_rows(self.X)[:2000].T, s=2, color=REAL, alpha=0.4, linewidths=0)
        self.ax_.quiver(x, y, self.velocities[..., 0], self.velocities[..., 1], color=FAILURE, angles="xy", width=0.004)
        self.ax_.set_aspect("equal", adjustable="datalim")
        return self
