"""Particles as they evolve."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._axes import GENERATED, REAL, axes_of, import_pyplot
from ._columns import as_rows

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

__all__ = ["ParticlesDisplay"]


class ParticlesDisplay:
    """A panel of particles in the plane for each recorded iteration, and an animation of them.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    particles : dict of int to ndarray of shape (n_particles, n_features)
        Particles by iteration. Their first two columns are drawn.
    X : array-like of shape (n_samples, n_features) or None, default=None
        Data to draw behind them.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> from fdgm import VGrowSampler, datasets
    >>> from fdgm.plot import ParticlesDisplay
    >>> X = datasets.make_ring(500, random_state=0)
    >>> sampler = VGrowSampler(max_iter=3, record_particles=(1, 3), random_state=0).fit(X)
    >>> ParticlesDisplay.from_estimator(sampler, X).axes_.shape
    (1, 2)
    """

    def __init__(self, particles: Mapping[int, np.ndarray], X: Any = None) -> None:
        self.particles = particles
        self.X = X

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any = None, *, ax: Any = None) -> Self:
        """Draw the particles that a sampler recorded.

        Parameters
        ----------
        estimator : object with ``particles_``
            A sampler that was fitted with ``record_particles``.
        X : array-like of shape (n_samples, n_features) or None, default=None
        ax : array of Axes or None, default=None

        Returns
        -------
        display : ParticlesDisplay

        Raises
        ------
        ValueError
            If it recorded none.
        """
        if not estimator.particles_:
            raise ValueError(
                f"estimator of {cls.__name__} must have recorded particles, got a {type(estimator).__name__} with none;"
                " fit it with record_particles=(1, 10, 100)."
            )
        return cls(estimator.particles_, X).plot(ax=ax)

    @classmethod
    def from_predictions(cls, particles: Mapping[int, np.ndarray], X: Any = None, *, ax: Any = None) -> Self:
        """Draw particles.

        Parameters
        ----------
        particles : dict of int to ndarray of shape (n_particles, n_features)
        X : array-like of shape (n_samples, n_features) or None, default=None
        ax : array of Axes or None, default=None

        Returns
        -------
        display : ParticlesDisplay
        """
        return cls(particles, X).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw a panel for each iteration.

        Parameters
        ----------
        ax : array of Axes or None, default=None
            Where to draw. None makes a new figure.

        Returns
        -------
        display : ParticlesDisplay
            Itself.
        """
        loops = sorted(self.particles)
        self.figure_, self.axes_ = axes_of("ParticlesDisplay", ax, (1, len(loops)), size=(2.4 * len(loops), 2.6))
        limits = self._limits()
        for axis, loop in zip(self.axes_[0], loops, strict=True):
            self._prepare(axis, limits)
            axis.scatter(*self._plane(self.particles[loop]).T, s=3, color=GENERATED, alpha=0.6, linewidths=0)
            axis.set_title(f"iteration {loop}", fontsize=9)
        return self

    def animate(self, *, interval: float = 200.0) -> "FuncAnimation":
        """An animation of the particles, to save or to show in a notebook.

        Parameters
        ----------
        interval : float, default=200.0
            Milliseconds for each iteration.

        Returns
        -------
        animation : matplotlib FuncAnimation
        """
        plt = import_pyplot("ParticlesDisplay")
        from matplotlib.animation import FuncAnimation

        loops = sorted(self.particles)
        figure, axis = plt.subplots(figsize=(4.0, 4.2), layout="constrained")
        self._prepare(axis, self._limits())
        points = axis.scatter(*self._plane(self.particles[loops[0]]).T, s=4, color=GENERATED, alpha=0.7, linewidths=0)

        def draw(frame: int) -> tuple[Any, ...]:
            points.set_offsets(self._plane(self.particles[loops[frame]]))
            axis.set_title(f"iteration {loops[frame]}", fontsize=9)
            return (points,)

        return FuncAnimation(figure, draw, frames=len(loops), interval=interval)

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        rows = self._plane(as_rows(self.X)) if self.X is not None else self._plane(self.particles[max(self.particles)])
        low, high = rows.min(axis=0), rows.max(axis=0)
        return low - 0.15 * (high - low), high + 0.15 * (high - low)

    def _prepare(self, axis: "Axes", limits: tuple[np.ndarray, np.ndarray]) -> None:
        if self.X is not None:
            x, y = self._plane(as_rows(self.X))[:2000].T
            axis.scatter(x, y, s=3, color=REAL, alpha=0.25, linewidths=0)
        (left, bottom), (right, top) = limits
        axis.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], aspect="equal")

    @staticmethod
    def _plane(rows: np.ndarray) -> np.ndarray:
        if rows.ndim != 2 or rows.shape[1] < 2:
            raise ValueError(f"particles of ParticlesDisplay must be rows of two numbers or more, got {rows.shape}.")
        return rows[:, :2]
