"""Gaussian mixtures in the plane, on a ring and on a grid."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import as_generator, check_count, check_number, check_probabilities

__all__ = ["grid_centers", "make_grid", "make_ring", "ring_centers"]


def ring_centers(*, n_modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Centres of the modes that :func:`make_ring` draws from.

    Parameters
    ----------
    n_modes : int, default=8
        Number of modes, at least 1.
    radius : float, default=2.0
        Distance of each centre from the origin, > 0.

    Returns
    -------
    centers : ndarray of shape (n_modes, 2), float64
        The centre of mode k is at angle 2πk/n_modes.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from fdgm.datasets import ring_centers
    >>> ring_centers(n_modes=4, radius=1.0).round(12) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    return _ring(n_modes, radius, "ring_centers")


def grid_centers(*, side: int = 5, spacing: float = 2.0, scale: float = 1.0) -> np.ndarray:
    """Centres of the modes that :func:`make_grid` draws from.

    Parameters
    ----------
    side : int, default=5
        Modes along each axis, at least 1.
    spacing : float, default=2.0
        Distance between neighbouring centres before the division by `scale`, > 0.
    scale : float, default=1.0
        Everything is divided by it, > 0.

    Returns
    -------
    centers : ndarray of shape (side**2, 2), float64
        Centred at the origin. Mode ``i * side + j`` is the i-th from the left and the j-th from below.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from fdgm.datasets import grid_centers
    >>> grid_centers(side=2)
    array([[-1., -1.],
           [-1.,  1.],
           [ 1., -1.],
           [ 1.,  1.]])
    """
    return _grid(side, spacing, scale, "grid_centers")


@overload
def make_ring(
    n_samples: int = ...,
    *,
    n_modes: int = ...,
    radius: float = ...,
    std: float = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_ring(
    n_samples: int = ...,
    *,
    n_modes: int = ...,
    radius: float = ...,
    std: float = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_ring(
    n_samples: int = 1000,
    *,
    n_modes: int = 8,
    radius: float = 2.0,
    std: float = 0.05,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw samples from equally likely isotropic Gaussians on a ring around the origin.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples, at least 1. The mode of each sample is drawn, so counts per mode vary.
    n_modes : int, default=8
        Number of Gaussians, at least 1.
    radius : float, default=2.0
        Distance of each centre from the origin, > 0.
    std : float, default=0.05
        Standard deviation of each Gaussian along each axis, >= 0.
    return_labels : bool, default=False
        Whether to return the mode of each sample too.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), float64
    labels : ndarray of shape (n_samples,), int64
        The row of :func:`ring_centers` that each sample belongs to. Only if `return_labels`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 5.1 (eight
    Gaussians, whose radius and deviation it does not give).

    Examples
    --------
    >>> from fdgm.datasets import make_ring
    >>> X, labels = make_ring(500, return_labels=True, random_state=0)
    >>> X.shape, labels.max()
    ((500, 2), np.int64(7))
    """
    centers = _ring(n_modes, radius, "make_ring")
    return _mixture(centers, None, n_samples, std, return_labels, random_state, "make_ring")


@overload
def make_grid(
    n_samples: int = ...,
    *,
    side: int = ...,
    std: float = ...,
    spacing: float = ...,
    scale: float = ...,
    imbalance: Any = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_grid(
    n_samples: int = ...,
    *,
    side: int = ...,
    std: float = ...,
    spacing: float = ...,
    scale: float = ...,
    imbalance: Any = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_grid(
    n_samples: int = 1000,
    *,
    side: int = 5,
    std: float = 0.05,
    spacing: float = 2.0,
    scale: float = 1.0,
    imbalance: Any = None,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw samples from isotropic Gaussians on a square grid centred at the origin.

    ``scale=2 * 2**0.5`` gives DGflow's 25 Gaussians. AGE's have ``std=0.3`` and an `imbalance` of 1 to 20: 10,000
    samples in each of 13 modes and 500 in each of 12.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples, at least 1. The mode of each sample is drawn, so counts per mode vary.
    side : int, default=5
        Gaussians along each axis, at least 1.
    std : float, default=0.05
        Standard deviation along each axis before the division by `scale`, >= 0.
    spacing : float, default=2.0
        Distance between neighbouring centres before the division by `scale`, > 0.
    scale : float, default=1.0
        Everything is divided by it, > 0: the deviation in X is ``std / scale``.
    imbalance : array-like of shape (side**2,) or None, default=None
        Weights of the modes, > 0, in the order of :func:`grid_centers`. They are divided by their sum. None makes all
        modes equally likely.
    return_labels : bool, default=False
        Whether to return the mode of each sample too.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), float64
    labels : ndarray of shape (n_samples,), int64
        The row of :func:`grid_centers` that each sample belongs to. Only if `return_labels`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, appendix D.1.
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.2
    and appendix E.1.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.datasets import make_grid
    >>> X, labels = make_grid(10_000, side=2, imbalance=[1, 1, 1, 7], return_labels=True, random_state=0)
    >>> (np.bincount(labels) / 10_000).round(1)
    array([0.1, 0.1, 0.1, 0.7])
    """
    centers = _grid(side, spacing, scale, "make_grid")
    std = check_number(std, "std", "make_grid", positive=False) / scale
    weights = None if imbalance is None else check_probabilities(imbalance, len(centers), "imbalance", "make_grid")
    return _mixture(centers, weights, n_samples, std, return_labels, random_state, "make_grid")


def _ring(n_modes: int, radius: float, function: str) -> np.ndarray:
    n_modes = check_count(n_modes, "n_modes", function)
    radius = check_number(radius, "radius", function)
    angle = 2 * np.pi * np.arange(n_modes) / n_modes
    return radius * np.column_stack([np.cos(angle), np.sin(angle)])


def _grid(side: int, spacing: float, scale: float, function: str) -> np.ndarray:
    side = check_count(side, "side", function)
    spacing = check_number(spacing, "spacing", function)
    scale = check_number(scale, "scale", function)
    axis = spacing * (np.arange(side) - (side - 1) / 2) / scale
    return np.column_stack([np.repeat(axis, side), np.tile(axis, side)])


def _mixture(
    centers: np.ndarray,
    weights: np.ndarray | None,
    n_samples: int,
    std: float,
    return_labels: bool,
    random_state: Any,
    function: str,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    n_samples = check_count(n_samples, "n_samples", function)
    std = check_number(std, "std", function, positive=False)
    rng = as_generator(random_state, function)
    labels = rng.choice(len(centers), size=n_samples, p=weights)  # (n,)
    X = centers[labels] + std * rng.standard_normal((n_samples, 2))  # (n, 2)
    return (X, labels) if return_labels else X
