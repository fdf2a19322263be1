"""Which modes of a known mixture generated samples reach, and in what shares."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import rel_entr

from ..datasets._checks import check_count, check_probabilities, check_real
from ._rows import check_pair

__all__ = ["ModeCoverage", "high_quality_share", "mode_coverage"]


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """What :func:`mode_coverage` finds.

    Attributes
    ----------
    n_captured : int
        Modes with at least `min_count` samples near their centre.
    n_modes : int
        Modes that there are.
    counts : ndarray of shape (n_modes,), int64, read-only
        Samples within ``n_std * std`` of each centre, each counted at its nearest centre.
    high_quality_share : float
        Share of the samples that are within ``n_std * std`` of any centre, in [0, 1].
    reverse_kl : float
        KL(generated‖real) in nats between the shares of the modes, every sample assigned to its nearest
        centre however far; >= 0, and finite where modes are missing.

    Examples
    --------
    >>> from fdgm.datasets import make_ring, ring_centers
    >>> from fdgm.metrics import mode_coverage
    >>> coverage = mode_coverage(ring_centers(), make_ring(1000, random_state=0), std=0.05)
    >>> f"{coverage.n_captured} of {coverage.n_modes}"
    '8 of 8'
    """

    n_captured: int
    n_modes: int
    counts: np.ndarray
    high_quality_share: float
    reverse_kl: float


def mode_coverage(
    centers: Any,
    X_generated: Any,
    *,
    std: float,
    n_std: float = 4.0,
    min_count: int = 20,
    weights: Any = None,
) -> ModeCoverage:
    """How many modes of a known mixture are captured, and how far their shares are from the real ones.

    Parameters
    ----------
    centers : array-like of shape (n_modes, ...)
        True centres of the modes; the trailing shape is flattened.
    X_generated : array-like of shape (n_samples, ...)
        Generated samples, of as many features.
    std : float
        Standard deviation of each mode along each axis, > 0.
    n_std : float, default=4.0
        A sample within ``n_std * std`` of a centre, in Euclidean distance, is near it; > 0.
    min_count : int, default=20
        Samples near its centre that make a mode captured, at least 1.
    weights : array-like of shape (n_modes,) or None, default=None
        Real shares of the modes, > 0; they are divided by their sum. None is equal shares.

    Returns
    -------
    coverage : ModeCoverage

    Raises
    ------
    ValueError
        If an array is empty, is not numeric or holds a NaN or an infinity, if the numbers of features differ,
        or if a parameter is out of its range.

    See Also
    --------
    high_quality_share : The share of samples near any centre alone.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.2
    (number of modes and reverse KL).
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 5.1
    (four standard deviations).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import mode_coverage
    >>> X = np.repeat([[-1.0], [1.0], [9.0]], [30, 60, 10], axis=0)
    >>> coverage = mode_coverage([[-1.0], [1.0]], X, std=0.1, weights=[0.3, 0.7])
    >>> coverage.n_captured, coverage.counts, coverage.high_quality_share, coverage.reverse_kl
    (2, array([30, 60]), 0.9, 0.0)
    """
    centers, X = check_pair(centers, X_generated, ("centers", "X_generated"), "mode_coverage")
    radius = _radius(std, n_std, "mode_coverage")
    min_count = check_count(min_count, "min_count", "mode_coverage")
    n_modes = len(centers)
    real = check_probabilities(weights, n_modes, "weights", "mode_coverage")  # (m,)
    distance, nearest = cKDTree(centers).query(X)  # (n,), (n,)
    near = distance <= radius
    counts = np.bincount(nearest[near], minlength=n_modes)  # (m,)
    counts.flags.writeable = False
    generated = np.bincount(nearest, minlength=n_modes) / len(X)  # (m,)
    return ModeCoverage(
        n_captured=int(np.count_nonzero(counts >= min_count)),
        n_modes=n_modes,
        counts=counts,
        high_quality_share=float(near.mean()),
        reverse_kl=max(float(rel_entr(generated, real).sum()), 0.0),  # rounding can make equal shares' negative
    )


def high_quality_share(centers: Any, X_generated: Any, *, std: float, n_std: float = 4.0) -> float:
    """Share of the generated samples that are near the centre of any mode.

    Parameters
    ----------
    centers : array-like of shape (n_modes, ...)
        True centres of the modes; the trailing shape is flattened.
    X_generated : array-like of shape (n_samples, ...)
        Generated samples, of as many features.
    std : float
        Standard deviation of each mode along each axis, > 0.
    n_std : float, default=4.0
        A sample within ``n_std * std`` of a centre, in Euclidean distance, is near it; > 0.

    Returns
    -------
    share : float
        In [0, 1].

    Raises
    ------
    ValueError
        If an array is empty, is not numeric or holds a NaN or an infinity, if the numbers of features differ,
        or if a parameter is out of its range.

    References
    ----------
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 5.1.

    Examples
    --------
    >>> from fdgm.metrics import high_quality_share
    >>> high_quality_share([[0.0, 0.0]], [[0.1, 0.0], [3.0, 4.0]], std=0.1)
    0.5
    """
    centers, X = check_pair(centers, X_generated, ("centers", "X_generated"), "high_quality_share")
    radius = _radius(std, n_std, "high_quality_share")
    distance, _ = cKDTree(centers).query(X)  # (n,)
    return float((distance <= radius).mean())


def _radius(std: float, n_std: float, function: str) -> float:
    return check_real(std, "std", function) * check_real(n_std, "n_std", function)
