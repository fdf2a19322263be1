"""The Swiss roll in the plane."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import as_generator, check_count, check_number

__all__ = ["make_swiss_roll"]


@overload
def make_swiss_roll(
    n_samples: int = ...,
    *,
    noise: float = ...,
    scale: float = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_swiss_roll(
    n_samples: int = ...,
    *,
    noise: float = ...,
    scale: float = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_swiss_roll(
    n_samples: int = 1000,
    *,
    noise: float = 0.25,
    scale: float = 7.5,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw DGflow's 2DSwissroll: the spiral (t cos t, t sin t), t uniform on [3π/2, 9π/2], with Gaussian noise.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples, at least 1. The paper draws 100,000.
    noise : float, default=0.25
        Standard deviation along each axis before the division by `scale`, >= 0.
    scale : float, default=7.5
        Everything is divided by it, > 0.
    return_labels : bool, default=False
        Whether to return t too.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), float64
    labels : ndarray of shape (n_samples,), float64
        The position t of each sample on the spiral. Only if `return_labels`.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    sklearn.datasets.make_swiss_roll : The roll in three dimensions; these are the first and the last.

    References
    ----------
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, appendix D.1.

    Examples
    --------
    >>> from fdgm.datasets import make_swiss_roll
    >>> X, t = make_swiss_roll(500, return_labels=True, random_state=0)
    >>> X.shape, bool(4.7 < t.min() < t.max() < 14.2)
    ((500, 2), True)
    """
    n_samples = check_count(n_samples, "n_samples", "make_swiss_roll")
    noise = check_number(noise, "noise", "make_swiss_roll", positive=False)
    scale = check_number(scale, "scale", "make_swiss_roll")
    rng = as_generator(random_state, "make_swiss_roll")
    t = np.pi * rng.uniform(1.5, 4.5, size=n_samples)  # (n,)
    X = t[:, None] * np.column_stack([np.cos(t), np.sin(t)])  # (n, 2)
    X = (X + noise * rng.standard_normal((n_samples, 2))) / scale
    return (X, t) if return_labels else X
