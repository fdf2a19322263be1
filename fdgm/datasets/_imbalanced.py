"""AGE's Gaussians on a grid, every second of them rare."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import as_generator, check_count, check_number
from ._mixtures import grid_centers

__all__ = ["make_imbalanced_grid"]


@overload
def make_imbalanced_grid(
    side: int = ...,
    *,
    n_majority: int = ...,
    n_minority: int = ...,
    std: float = ...,
    spacing: float = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_imbalanced_grid(
    side: int = ...,
    *,
    n_majority: int = ...,
    n_minority: int = ...,
    std: float = ...,
    spacing: float = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_imbalanced_grid(
    side: int = 5,
    *,
    n_majority: int = 10_000,
    n_minority: int = 500,
    std: float = 0.3,
    spacing: float = 2.0,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Draw AGE's Gaussians on a square grid: even-indexed ones have many samples, odd-indexed ones few.

    ``side=3`` gives the paper's 9 Gaussians with 52,000 samples, ``side=5`` its 25 with 136,000 samples.

    Parameters
    ----------
    side : int, default=5
        Gaussians along each axis, at least 1.
    n_majority, n_minority : int, default=10,000 and 500
        Number of samples of each even-indexed and each odd-indexed Gaussian, at least 1. Counts are exact, the order
        is random.
    std : float, default=0.3
        Standard deviation along each axis, >= 0.
    spacing : float, default=2.0
        Distance between neighbouring centres, > 0.
    return_labels : bool, default=False
        Whether to return the Gaussian of each sample too.
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

    See Also
    --------
    make_grid : Draws the mode of each sample, for any weights and number of samples.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, appendix E.1.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.datasets import make_imbalanced_grid
    >>> X, labels = make_imbalanced_grid(2, n_majority=30, n_minority=4, return_labels=True, random_state=0)
    >>> np.bincount(labels)
    array([30,  4, 30,  4])
    """
    function = "make_imbalanced_grid"
    check_count(side, "side", function)
    check_number(spacing, "spacing", function)
    std = check_number(std, "std", function, positive=False)
    many, few = check_count(n_majority, "n_majority", function), check_count(n_minority, "n_minority", function)
    rng = as_generator(random_state, function)
    centers = grid_centers(side=side, spacing=spacing)
    labels = rng.permutation(np.repeat(np.arange(len(centers)), np.where(np.arange(len(centers)) % 2, few, many)))
    X = centers[labels] + std * rng.standard_normal((len(labels), 2))  # (n, 2)
    return (X, labels) if return_labels else X
