"""Nearest neighbours: 1-NN accuracy, and precision, recall, density and coverage."""

from typing import Any, Literal, NamedTuple

import numpy as np

from .._checks import check_count
from ._extractors import Features, feature_pair
from ._pairs import unit_scale
from ._search import TIE, Search, nearest, within

__all__ = ["PrecisionRecallDensityCoverage", "one_nn_accuracy", "precision_recall_density_coverage"]


class PrecisionRecallDensityCoverage(NamedTuple):
    """Result of :func:`precision_recall_density_coverage`.

    Attributes
    ----------
    precision : float
        Fraction of generated samples within the balls of the real ones, in [0, 1].
    recall : float
        Fraction of real samples within the balls of the generated ones, in [0, 1].
    density : float
        Mean number of real samples' balls that contain a generated sample, divided by k. It is >= 0, and about 1 for
        samples of one distribution.
    coverage : float
        Fraction of real samples whose ball contains a generated sample, in [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def one_nn_accuracy(
    X_real: Any,
    X_generated: Any,
    *,
    of: Literal["both", "real", "generated"] = "both",
    features: Features = None,
    chunk_size: int = 500,
) -> float:
    """Leave-one-out accuracy of the 1-nearest-neighbour classifier of real against generated samples.

    - Near 1/2: the two have one distribution.
    - Near 1: they are separated.
    - *Below* 1/2: generated samples are closer to real ones than these are to one another. Copies of the training set
      are an example.

    Two models can reach 1/2 by opposite errors, so also compute it for the real and for the generated samples
    separately. Collapsed samples lie close together: the accuracy on generated samples is then near 1, and low on the
    real samples whose neighbours they are.

    Parameters
    ----------
    X_real : array-like of shape (n, ...)
        Real samples, at least 2. The trailing shape is flattened.
    X_generated : array-like of shape (n, ...)
        Generated samples, *as many* as real ones, with as many features.
    of : {"both", "real", "generated"}, default="both"
        Samples to classify. The neighbours are always all others.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows of each sample to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    accuracy : float
        In [0, 1]. A sample with nearest real and generated neighbours at equal distance counts one half.

    Raises
    ------
    ValueError
        If the numbers of rows differ or are below 2. Also if a sample is not numeric or holds a NaN or an infinity, or
        if a parameter is out of its range.

    References
    ----------
    Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
    Xu et al., "An empirical study on evaluation metrics of generative adversarial networks", 2018, section 2.2.

    Examples
    --------
    >>> from fdgm.metrics import one_nn_accuracy
    >>> one_nn_accuracy([[0.0], [1.0]], [[5.0], [6.0]])  # apart
    1.0
    >>> one_nn_accuracy([[0.0], [1.0]], [[0.0], [1.0]])  # copied
    0.0
    """
    name = "one_nn_accuracy"
    x, y, chunk_size = feature_pair(X_real, X_generated, features, name, chunk_size)
    if len(x) != len(y) or len(x) < 2:
        raise ValueError(
            f"{name} needs as many generated as real samples, at least 2 of each, got {len(x)} real and {len(y)} "
            "generated; leave some out of the larger sample, at random."
        )
    if of not in ("both", "real", "generated"):
        raise ValueError(f"of of {name} must be 'both', 'real' or 'generated', got {of!r}.")
    x, y, _ = unit_scale(x, y)
    accuracies = []
    for rows, others, which in ((x, y, "real"), (y, x, "generated")):
        if of in ("both", which):
            own, other = nearest(rows, None, 1, chunk_size), nearest(rows, others, 1, chunk_size)
            tie = np.abs(own - other) <= TIE * np.maximum(own, other)
            accuracies.append(float(np.mean(np.where(tie, 0.5, own < other))))
    return sum(accuracies) / len(accuracies)


def precision_recall_density_coverage(
    X_real: Any, X_generated: Any, *, n_neighbors: int = 5, features: Features = None, chunk_size: int = 500
) -> PrecisionRecallDensityCoverage:
    """Measure quality and variety separately, by balls that reach to each sample's k-th neighbour of its kind.

    - Precision (quality) and recall (variety) are fractions of samples in the union of the other kind's balls. The
      large ball of one outlier can contain many samples.
    - Density counts the balls that contain a generated sample. Coverage counts the real balls that contain a generated
      sample. Outliers affect both less.

    Parameters
    ----------
    X_real : array-like of shape (n_real, ...)
        Real samples, more than `n_neighbors`. The trailing shape is flattened.
    X_generated : array-like of shape (n_generated, ...)
        Generated samples, more than `n_neighbors`, with as many features.
    n_neighbors : int, default=5
        k, at least 1. Kynkäänniemi et al. use 3 for precision and recall, Naeem et al. 5 for density and coverage.
    features : str, callable or None, default=None
        Compare ``features(X)`` instead of the rows. Either an extractor's name, or a callable from an array to an
        array of shape (n, d).
    chunk_size : int, default=500
        Number of rows of each sample to compare, or to give to `features`, at once, at least 1. It changes no result.

    Returns
    -------
    result : PrecisionRecallDensityCoverage
        A named tuple (precision, recall, density, coverage). Exchanging the samples exchanges precision and recall.

    Raises
    ------
    ValueError
        If a sample has no more than `n_neighbors` rows, is not numeric or holds a NaN or an infinity. Also if the
        numbers of features differ, or if a parameter is out of its range.

    Notes
    -----
    Balls are closed. All four measures depend on the numbers of samples and on k, so compare models at the same
    values. For samples of one distribution the mean density is 1. For n real and m generated samples the mean coverage
    is 1 − Π (n − i)/(n + m − i) over i = 1 to k. That is about 1 − 2^(−k) at equal numbers, 0.97 at k = 5.

    References
    ----------
    Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019,
    section 2.
    Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", ICML 2020, section 3.

    Examples
    --------
    >>> from fdgm.metrics import precision_recall_density_coverage
    >>> result = precision_recall_density_coverage([[0.0], [1.0], [8.0], [9.0]], [[0.0], [1.0]], n_neighbors=1)
    >>> result.precision, result.recall, result.coverage  # good samples, of half of the data
    (1.0, 0.5, 0.5)
    """
    name = "precision_recall_density_coverage"
    x, y, chunk_size = feature_pair(X_real, X_generated, features, name, chunk_size)
    k = check_count(n_neighbors, "n_neighbors", name)
    if k >= min(len(x), len(y)):
        raise ValueError(
            f"n_neighbors of {name} must be less than {min(len(x), len(y))}, the rows of the smaller sample, got {k}."
        )
    x, y, _ = unit_scale(x, y)
    squared_radii = nearest(x, None, k, chunk_size), nearest(y, None, k, chunk_size)  # (n,), (m,)
    balls = np.zeros(len(y), dtype=np.int64)  # number of real balls that contain each generated sample
    recalled, covered = np.zeros(len(x), dtype=bool), np.zeros(len(x), dtype=bool)
    for i, j, within_real, within_generated in within(Search(x, y), *squared_radii, chunk_size):
        np.add.at(balls, j[within_real], 1)
        covered[i[within_real]] = True
        recalled[i[within_generated]] = True
    return PrecisionRecallDensityCoverage(
        precision=float((balls > 0).mean()),
        recall=float(recalled.mean()),
        density=float(balls.mean() / k),
        coverage=float(covered.mean()),
    )
