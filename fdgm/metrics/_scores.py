"""Scores from a classifier's probabilities: Inception score and mode score."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import rel_entr

from .._checks import as_generator, check_count
from .._columns import align_all
from ._extractors import Features, as_probabilities

__all__ = ["inception_score", "mode_score"]


def inception_score(
    probabilities: Any,
    *,
    n_splits: int = 1,
    classifier: Features = None,
    random_state: Any = None,
    chunk_size: int = 500,
) -> float:
    """Inception score exp(E KL(p(y|x) ‖ p(y))) of the generated samples.

    It rewards samples that a classifier is sure of, spread evenly over its classes. It never looks at the data: one
    perfect image of each class has the highest possible score. It is the published score only with
    ``classifier="inception"``. With another classifier, compare it with the real test set's own score, its ceiling.

    Parameters
    ----------
    probabilities : array-like of shape (n, n_classes)
        Class probabilities p(y|x) of the generated samples, each row >= 0 and with sum 1. With a `classifier`, the
        generated samples themselves.
    n_splits : int, default=1
        Number of parts, from 1 to n. The rows are shuffled and cut into parts, and the parts' scores are averaged.
        Published figures have 10 parts of 5,000 rows. A small part has a score with a downward bias.
    classifier : str, callable or None, default=None
        An extractor's name, or a callable from an array (n, ...) to class probabilities.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the shuffle. It has no effect if `n_splits` is 1. A RandomState shuffles as torch-fidelity
        does.
    chunk_size : int, default=500
        Number of rows to give to `classifier` at once, at least 1.

    Returns
    -------
    score : float
        From 1 to n_classes. Higher is better.

    Raises
    ------
    ValueError
        If a row is not a distribution, or if a parameter is out of its range.

    References
    ----------
    Salimans et al., "Improved Techniques for Training GANs", NIPS 2016, section 4.
    Barratt and Sharma, "A Note on the Inception Score", 2018.

    Examples
    --------
    >>> from fdgm.metrics import inception_score
    >>> round(inception_score([[1.0, 0.0], [0.0, 1.0]]), 12)  # sure, and of both classes
    2.0
    >>> inception_score([[1.0, 0.0], [1.0, 0.0]])  # sure, and of one
    1.0
    """
    name = "inception_score"
    chunk_size = check_count(chunk_size, "chunk_size", name)
    p = as_probabilities(probabilities, classifier, "probabilities", name, chunk_size=chunk_size)
    n_splits = check_count(n_splits, "n_splits", name)
    if n_splits > len(p):
        raise ValueError(f"n_splits of {name} must be at most {len(p)}, the number of rows, got {n_splits}.")
    rng = random_state if isinstance(random_state, np.random.RandomState) else as_generator(random_state, name)
    if n_splits > 1:
        p = p[rng.permutation(len(p))]
    edges = [i * len(p) // n_splits for i in range(n_splits + 1)]
    scores = [math.exp(_information(p[low:high])) for low, high in pairwise(edges)]
    return math.fsum(scores) / n_splits


def mode_score(
    probabilities_real: Any, probabilities_generated: Any, *, classifier: Features = None, chunk_size: int = 500
) -> float:
    """Mode score exp(E KL(p(y|x) ‖ p(y)) − KL(p(y) ‖ p(y*))) of the generated samples.

    p(y|x) and its mean p(y) are those of the generated samples, and p(y*) is the mean over the real samples. Unlike
    the Inception score it falls if the fractions of the classes differ from the real ones.

    Parameters
    ----------
    probabilities_real : array-like of shape (n_real, n_classes)
        Class probabilities of the real samples, each row >= 0 and with sum 1. With a `classifier`, the samples.
    probabilities_generated : array-like of shape (n_generated, n_classes)
        Class probabilities of the generated samples or, with a `classifier`, the samples.
    classifier : str, callable or None, default=None
        An extractor's name, or a callable from an array (n, ...) to class probabilities.
    chunk_size : int, default=500
        Number of rows to give to `classifier` at once, at least 1.

    Returns
    -------
    score : float
        From 0 to n_classes. Higher is better. It is 0 if generated samples are in a class that has probability 0 for
        all real samples.

    Raises
    ------
    ValueError
        If a row is not a distribution, or if the numbers of classes differ.

    References
    ----------
    Che et al., "Mode Regularized Generative Adversarial Networks", ICLR 2017, section 3.4.
    Xu et al., "An empirical study on evaluation metrics of generative adversarial networks", 2018, equation 3.

    Examples
    --------
    >>> from fdgm.metrics import mode_score
    >>> both, one = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]
    >>> round(mode_score(both, both), 12), round(mode_score(both, one), 12)
    (2.0, 0.5)
    """
    name = "mode_score"
    chunk_size = check_count(chunk_size, "chunk_size", name)
    names = ("probabilities_real", "probabilities_generated")
    probabilities_real, probabilities_generated = align_all((probabilities_real, probabilities_generated), names, name)
    real = as_probabilities(probabilities_real, classifier, "probabilities_real", name, chunk_size=chunk_size)
    generated = as_probabilities(
        probabilities_generated, classifier, "probabilities_generated", name, chunk_size=chunk_size
    )
    if real.shape[1] != generated.shape[1]:
        raise ValueError(
            f"probabilities_generated of {name} must have as many classes as probabilities_real, which has "
            f"{real.shape[1]}, got {generated.shape[1]}."
        )
    between = float(rel_entr(generated.mean(axis=0), real.mean(axis=0)).sum())
    return math.exp(_information(generated) - between)


def _information(p: np.ndarray) -> float:
    """Mean of KL(p_i ‖ mean of p), the mutual information of row and class, in nats."""
    return max(float(rel_entr(p, p.mean(axis=0)).sum(axis=1).mean()), 0.0)
