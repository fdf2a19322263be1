"""Jensen-Shannon divergence between the n-grams of texts."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._checks import check_count

__all__ = ["ngram_js"]


def ngram_js(X_real: Any, X_generated: Any, *, n: int = 4) -> float:
    """JS-n: the Jensen–Shannon divergence between the n-gram distributions of two collections of texts.

    Parameters
    ----------
    X_real : iterable of str, or of sequences of hashable tokens
        Real texts. The n-grams of a str consist of characters. For n-grams of tokens give lists of words, or an array
        of token ids of shape (n_texts, length).
    X_generated : iterable of str, or of sequences of hashable tokens
        Generated texts.
    n : int, default=4
        Length of the n-grams, at least 1. An n-gram lies within one text. A text shorter than n has none.

    Returns
    -------
    divergence : float
        In bits, from 0 (equal fractions of every n-gram) to 1 (no n-gram in common), as in the published figures.

    Raises
    ------
    TypeError
        If a collection is a single str, or if a text is not a sequence of hashable tokens.
    ValueError
        If a collection has no n-gram, or if `n` is not a positive int.

    Notes
    -----
    It has an upward bias for few texts: two halves of a corpus do not give 0. Compare a model's value with that of
    equally many held-out real texts.

    References
    ----------
    Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, and the code published with it.
    Ansari et al., "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, table 5 (JS-4, JS-6).

    Examples
    --------
    >>> from fdgm.metrics import ngram_js
    >>> ngram_js(["abab"], ["abab", "abab"], n=2), ngram_js(["ab"], ["xy"], n=2)
    (0.0, 1.0)
    >>> ngram_js([["to", "be"]], [["to", "be"], ["to", "do"]], n=1) < 0.2  # words
    True
    """
    n = check_count(n, "n", "ngram_js")
    real, generated = (_counts(X, n, name) for X, name in ((X_real, "X_real"), (X_generated, "X_generated")))
    n_real, n_generated = real.total(), generated.total()
    terms = []
    for gram in real.keys() | generated.keys():
        p, q = real[gram] / n_real, generated[gram] / n_generated
        middle = (p + q) / 2
        terms += [fraction * math.log2(fraction / middle) for fraction in (p, q) if fraction]
    return min(max(math.fsum(terms) / 2, 0.0), 1.0)  # rounding can leave the range


def _counts(X: Any, n: int, name: str) -> Counter[Any]:
    if isinstance(X, str | bytes) or not isinstance(X, Iterable):
        raise TypeError(f"{name} of ngram_js must be an iterable of texts, such as a list of str, got {X!r}.")
    counts: Counter[Any] = Counter()
    for text in X:
        tokens = text.tolist() if isinstance(text, np.ndarray) else text
        if not isinstance(tokens, str | list | tuple):
            raise TypeError(f"{name} of ngram_js must hold str or sequences of tokens, got {text!r}.")
        if not isinstance(tokens, str):
            tokens = tuple(tokens)
        try:
            counts.update(tokens[i : i + n] for i in range(len(tokens) - n + 1))
        except TypeError as error:
            raise TypeError(f"{name} of ngram_js must hold hashable tokens, got {text!r}.") from error
    if not counts:
        raise ValueError(f"{name} of ngram_js must have a text of at least n={n} tokens, got none.")
    return counts
