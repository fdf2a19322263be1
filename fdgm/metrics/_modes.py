"""The modes that generated samples reach, and their fractions, for a known mixture or by a classifier."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import rel_entr

from .._checks import check_count, check_number, check_probabilities
from .._columns import align_all
from .._numbers import as_numbers
from ._extractors import Features, as_probabilities
from ._pairs import unit_scale
from ._rows import check_pair

__all__ = ["ModeCoverage", "high_quality_fraction", "mode_coverage"]


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """Result of :func:`mode_coverage`.

    Attributes
    ----------
    n_captured : int
        Number of modes with at least `min_count` samples near their centre, or in their class.
    n_modes : int
        Number of modes.
    counts : ndarray of shape (n_modes,), int64, read-only
        Number of samples within ``n_std * std`` of each centre, each counted at its nearest centre. By classes, the
        number of samples in each class.
    high_quality_fraction : float
        Fraction of the samples within ``n_std * std`` of any centre, in [0, 1]. NaN by classes.
    reverse_kl : float
        KL(generated‖real) in nats between the fractions of the modes, >= 0. Every sample belongs to its nearest
        centre, however far, or to its class. It is finite if modes are missing. It is infinite only if generated
        samples are in a class without real samples.

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
    high_quality_fraction: float
    reverse_kl: float


def mode_coverage(
    X_real: Any,
    X_generated: Any,
    *,
    std: float | None = None,
    n_std: float = 4.0,
    min_count: int | None = None,
    weights: Any = None,
    n_modes: int | None = None,
    classifier: Features = None,
    chunk_size: int = 500,
) -> ModeCoverage:
    """Count the captured modes, and compare their fractions with the real ones.

    With `std` the modes are those of a known mixture, and a sample belongs to its nearest centre. Without `std` they
    are the classes of a classifier, such as the 1,000 classes of Stacked MNIST.

    Parameters
    ----------
    X_real : array-like
        With `std`, the true centres of the modes, of shape (n_modes, ...). The trailing shape is flattened.

        Without `std`, one of:

        - the real samples' labels, ints of shape (n_real,) from 0 to n_modes - 1;
        - their class probabilities of shape (n_real, n_modes), of which the largest counts;
        - with a `classifier`, the samples themselves;
        - None, if `weights` or equal fractions replace them.
    X_generated : array-like
        With `std`, generated samples of shape (n_samples, ...), with as many features as the centres. Without `std`,
        their labels or probabilities or, with a `classifier`, the samples themselves.
    std : float or None, default=None
        Standard deviation of each mode along each axis, > 0. None compares by classes.
    n_std : float, default=4.0
        A sample is near a centre if its Euclidean distance is at most ``n_std * std``, > 0.
    min_count : int or None, default=None
        Number of samples near its centre, or in its class, from which on a mode is captured, at least 1. None is 20
        with `std`, and 1 without.
    weights : array-like of shape (n_modes,) or None, default=None
        Real fractions of the modes, > 0. They are divided by their sum. None means equal fractions with `std`. Without
        `std` it means the fractions of the real labels, or equal ones if `X_real` is None.
    n_modes : int or None, default=None
        Number of classes, if it is more than the largest label shows.
    classifier : str, callable or None, default=None
        An extractor's name, or a callable from an array (n, ...) to class probabilities.
    chunk_size : int, default=500
        Number of rows to give to `classifier` at once, at least 1.

    Returns
    -------
    coverage : ModeCoverage

    Raises
    ------
    ValueError
        If an array is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features or classes
        differ, if a label is no class, or if a parameter is out of its range or has no effect beside the others.

    See Also
    --------
    high_quality_fraction : Only the fraction of samples near any centre.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.2
    (number of modes and reverse KL).
    Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, section 3.3 (Stacked MNIST).
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 5.1
    (four standard deviations).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import mode_coverage
    >>> X = np.repeat([[-1.0], [1.0], [9.0]], [30, 60, 10], axis=0)
    >>> coverage = mode_coverage([[-1.0], [1.0]], X, std=0.1, weights=[0.3, 0.7])
    >>> coverage.n_captured, coverage.counts, coverage.high_quality_fraction, coverage.reverse_kl
    (2, array([30, 60]), 0.9, 0.0)
    >>> coverage = mode_coverage([0, 1, 2, 3], [0, 0, 1, 1])  # labels
    >>> coverage.n_captured, round(coverage.reverse_kl, 4)  # log 2
    (2, 0.6931)
    """
    if std is None:
        if n_std != 4.0:
            raise ValueError(f"n_std of mode_coverage means nothing without std, got {n_std!r}.")
        return _by_class(X_real, X_generated, min_count, weights, n_modes, classifier, chunk_size)
    for value, name in ((n_modes, "n_modes"), (classifier, "classifier")):
        if value is not None:
            raise ValueError(f"{name} of mode_coverage means nothing beside std, got {value!r}.")
    return _by_distance(X_real, X_generated, std, n_std, min_count, weights)


def _by_distance(
    X_real: Any, X_generated: Any, std: float, n_std: float, min_count: int | None, weights: Any
) -> ModeCoverage:
    centers, X = check_pair(X_real, X_generated, ("X_real", "X_generated"), "mode_coverage")
    radius = _radius(std, n_std, "mode_coverage")
    centers, X, scale = unit_scale(centers, X)
    distance, nearest = cKDTree(centers).query(X)  # (n,), (n,)
    near = distance <= radius / scale
    return _coverage(
        counts=np.bincount(nearest[near], minlength=len(centers)),
        generated=np.bincount(nearest, minlength=len(centers)) / len(X),
        real=check_probabilities(weights, len(centers), "weights", "mode_coverage"),
        min_count=20 if min_count is None else min_count,
        high_quality_fraction=float(near.mean()),
    )


def _by_class(
    X_real: Any,
    X_generated: Any,
    min_count: int | None,
    weights: Any,
    n_modes: int | None,
    classifier: Features,
    chunk_size: int,
) -> ModeCoverage:
    chunk_size = check_count(chunk_size, "chunk_size", "mode_coverage")
    X_real, X_generated = align_all((X_real, X_generated), ("X_real", "X_generated"), "mode_coverage")
    generated, known = _labels(X_generated, "X_generated", classifier, chunk_size)
    least = [int(generated.max()) + 1]
    real = None
    if X_real is not None:
        if weights is not None:
            raise ValueError(f"weights of mode_coverage must be None where X_real has labels, got {weights!r}.")
        real, also_known = _labels(X_real, "X_real", classifier, chunk_size)
        least.append(int(real.max()) + 1)
        if None not in (known, also_known) and known != also_known:
            raise ValueError(
                f"X_generated of mode_coverage must have as many classes as X_real, which has {also_known}, "
                f"got {known}."
            )
        known = known or also_known
    if n_modes is None:
        if known is None and real is None and weights is None:
            raise ValueError(
                "n_modes of mode_coverage must be given where labels come without X_real or weights, got None."
            )
        n_modes = known or (max(least) if weights is None else max(np.size(weights), 1))
    n_modes = check_count(n_modes, "n_modes", "mode_coverage")
    if n_modes < max(least) or n_modes < (known or 0):
        raise ValueError(f"n_modes of mode_coverage must be at least {max(*least, known or 0)}, got {n_modes}.")
    counts = np.bincount(generated, minlength=n_modes)  # (m,)
    return _coverage(
        counts=counts,
        generated=counts / len(generated),
        real=(
            check_probabilities(weights, n_modes, "weights", "mode_coverage")
            if real is None
            else np.bincount(real, minlength=n_modes) / len(real)
        ),
        min_count=1 if min_count is None else min_count,
        high_quality_fraction=float("nan"),
    )


def _coverage(
    counts: np.ndarray, generated: np.ndarray, real: np.ndarray, min_count: int, high_quality_fraction: float
) -> ModeCoverage:
    min_count = check_count(min_count, "min_count", "mode_coverage")
    counts.flags.writeable = False
    return ModeCoverage(
        n_captured=int(np.count_nonzero(counts >= min_count)),
        n_modes=len(counts),
        counts=counts,
        high_quality_fraction=high_quality_fraction,
        reverse_kl=max(float(rel_entr(generated, real).sum()), 0.0),  # rounding may make it negative
    )


def _labels(X: Any, name: str, classifier: Features, chunk_size: int) -> tuple[np.ndarray, int | None]:
    """Labels (n,), and the number of classes if probabilities tell it."""
    array = np.asarray(as_numbers(X, f"{name} of mode_coverage"))
    if classifier is None and array.ndim == 1:
        if array.size == 0 or array.dtype.kind not in "iu" or array.min() < 0:
            got = (
                f"dtype {array.dtype}"
                if array.dtype.kind not in "iu"
                else f"least {array.min()}"
                if array.size
                else "none"
            )
            raise ValueError(f"{name} of mode_coverage must hold labels, ints >= 0, where std is None, got {got}.")
        return array.astype(np.int64), None
    if classifier is None and array.ndim != 2:
        raise ValueError(
            f"{name} of mode_coverage must hold labels (n,) or class probabilities (n, n_modes) where std is None, "
            f"got shape {array.shape}."
        )
    p = as_probabilities(X, classifier, name, "mode_coverage", chunk_size=chunk_size)
    return p.argmax(axis=1), p.shape[1]


def high_quality_fraction(centers: Any, X_generated: Any, *, std: float, n_std: float = 4.0) -> float:
    """Fraction of the generated samples that are near the centre of any mode.

    Parameters
    ----------
    centers : array-like of shape (n_modes, ...)
        True centres of the modes. The trailing shape is flattened.
    X_generated : array-like of shape (n_samples, ...)
        Generated samples, with as many features.
    std : float
        Standard deviation of each mode along each axis, > 0.
    n_std : float, default=4.0
        A sample is near a centre if its Euclidean distance is at most ``n_std * std``, > 0.

    Returns
    -------
    fraction : float
        In [0, 1].

    Raises
    ------
    ValueError
        If an array is empty, is not numeric or holds a NaN or an infinity. Also if the numbers of features differ, or
        if a parameter is out of its range.

    References
    ----------
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 5.1.

    Examples
    --------
    >>> from fdgm.metrics import high_quality_fraction
    >>> high_quality_fraction([[0.0, 0.0]], [[0.1, 0.0], [3.0, 4.0]], std=0.1)
    0.5
    """
    centers, X = check_pair(centers, X_generated, ("centers", "X_generated"), "high_quality_fraction")
    radius = _radius(std, n_std, "high_quality_fraction")
    centers, X, scale = unit_scale(centers, X)
    distance, _ = cKDTree(centers).query(X)  # (n,)
    return float((distance <= radius / scale).mean())


def _radius(std: float, n_std: float, function: str) -> float:
    return check_number(std, "std", function) * check_number(n_std, "n_std", function)
