"""JS-n: against scipy's divergence, at its ends, and over characters and tokens."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from fdgm.metrics import ngram_js

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True)
texts = st.lists(st.text("abc", min_size=2, max_size=8), min_size=1, max_size=6)


@SETTINGS
@given(texts, texts)
def test_agrees_with_scipy(real, generated):
    bigrams = [[a + b for text in t for a, b in itertools.pairwise(text)] for t in (real, generated)]
    fractions = [[grams.count(gram) for gram in sorted({*bigrams[0], *bigrams[1]})] for grams in bigrams]
    # Its root is returned by scipy, so that rounding near 0 shows enlarged there and is squared away here.
    assert ngram_js(real, generated, n=2) == pytest.approx(jensenshannon(*fractions, base=2) ** 2, rel=1e-9, abs=1e-15)


@SETTINGS
@given(texts, st.integers(1, 4))
def test_zero_on_the_same_texts_however_often(real, repeats):
    assert ngram_js(real, real * repeats, n=2) <= 1e-15


def test_one_without_an_ngram_in_common():
    assert ngram_js(["abab", "ba"], ["xyz"], n=2) == 1.0


def test_half_of_the_mass_in_common():
    # Fractions (1/2, 1/2, 0) and (1/2, 0, 1/2): half of the mass agrees, the other half is told apart entirely.
    assert ngram_js(["ab", "cd"], ["ab", "ef"], n=2) == pytest.approx(0.5, rel=1e-15)


def test_symmetric():
    real, generated = ["the cat", "the dog"], ["the cow", "a cat"]
    assert ngram_js(real, generated) == ngram_js(generated, real)


def test_ngrams_do_not_cross_from_text_to_text():
    # "ab" is in the one text only where the first ends; the fractions are (1/3, 1/3, 1/3) and (1/2, 0, 1/2).
    assert ngram_js(["aabb"], ["aa", "bb"], n=2) == pytest.approx(
        jensenshannon([1, 1, 1], [1, 0, 1], base=2) ** 2, rel=1e-12
    )


def test_default_is_js_4():
    assert ngram_js(["abcdefg"], ["abcdxyz"]) == ngram_js(["abcdefg"], ["abcdxyz"], n=4)


def test_tokens_are_compared_whole():
    assert ngram_js([["ab", "c"]], [["a", "bc"]], n=1) == 1.0


def test_arrays_of_token_ids():
    X, Y = np.random.default_rng(0).integers(3, size=(2, 20, 8))
    letters = [["".join("abc"[i] for i in row) for row in a] for a in (X, Y)]
    assert ngram_js(X, Y, n=3) == pytest.approx(ngram_js(*letters, n=3), rel=1e-12)


@pytest.mark.parametrize(
    ("X", "error", "received"),
    [
        ("a text", TypeError, "X_generated of ngram_js must be an iterable of texts.* got 'a text'"),
        (3, TypeError, "X_generated of ngram_js must be an iterable of texts.* got 3"),
        ([3], TypeError, "X_generated of ngram_js must hold str or sequences of tokens, got 3"),
        ([[{}]], TypeError, r"X_generated of ngram_js must hold hashable tokens, got \[{}\]"),
        (["abc", ""], ValueError, "X_generated of ngram_js must have a text of at least n=4 tokens"),
        ([], ValueError, "X_generated of ngram_js must have a text of at least n=4 tokens"),
    ],
)
def test_refuses(X, error, received):
    with pytest.raises(error, match=received):
        ngram_js(["abcdef"], X, n=4 if X != [[{}]] else 1)


def test_refuses_n():
    with pytest.raises(ValueError, match=r"n of ngram_js .* got 0"):
        ngram_js(["ab"], ["ab"], n=0)
