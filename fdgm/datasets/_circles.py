"""Concentric circles in the plane."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import as_generator, check_count, check_number

__all__ = ["make_circles"]


@overload
def make_circles(
    n_samples: int = ...,
    *,
    radii: Any = ...,
    std: float = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_circles(
    n_samples: int = ...,
    *,
    radii: Any = ...,
    std: float = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_circles(
    n_samples: int = 1000,
    *,
    radii: Any = (1.0, 2.0),
    std: float = 0.05,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw samples from equally likely concentric circles around the origin, with Gaussian noise.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples, at least 1. The circle of each sample is drawn, so counts per circle vary.
    radii : array-like of shape (n_circles,), default=(1.0, 2.0)
        Radii of the circles, each > 0.
    std : float, default=0.05
        Standard deviation of the noise along each axis, >= 0.
    return_labels : bool, default=False
        Whether to return the circle of each sample too.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), float64
    labels : ndarray of shape (n_samples,), int64
        The index in `radii` of each sample's circle. Only if `return_labels`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 5.1 (two circles,
    whose radii and noise it does not give).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.datasets import make_circles
    >>> X = make_circles(500, std=0.0, random_state=0)
    >>> np.unique(np.linalg.norm(X, axis=1).round(6))
    array([1., 2.])
    """
    n_samples = check_count(n_samples, "n_samples", "make_circles")
    try:
        r = np.asarray(radii, dtype=np.float64)
    except (TypeError, ValueError):
        r = np.empty(0)
    if r.ndim != 1 or r.size == 0 or not np.all((r > 0) & np.isfinite(r)):
        raise ValueError(f"radii of make_circles must be one or more finite numbers > 0, got {radii!r}.")
    std = check_number(std, "std", "make_circles", positive=False)
    rng = as_generator(random_state, "make_circles")
    labels = rng.integers(len(r), size=n_samples)  # (n,)
    angle = rng.uniform(0, 2 * np.pi, size=n_samples)  # (n,)
    X = r[labels, None] * np.column_stack([np.cos(angle), np.sin(angle)])  # (n, 2)
    X += std * rng.standard_normal((n_samples, 2))
    return (X, labels) if return_labels else X
