"""Stacked MNIST is three digits, and its class says which."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from fdgm.datasets import _stacked, make_stacked_mnist

DIGITS = np.arange(20) % 10


@pytest.fixture(autouse=True)
def digits(monkeypatch):
    """Images of MNIST that show their digit as the grey of every pixel."""
    images = np.broadcast_to((DIGITS * 25)[:, None, None], (20, 28, 28)).astype(np.uint8)
    asked = []

    def read_mnist(name, split, data_home, function):
        asked.append((name, split, data_home))
        return images, DIGITS.astype(np.int64)

    monkeypatch.setattr(_stacked, "read_mnist", read_mnist)
    return asked


def shown(X):
    """The digits (n, 3) that the greys are."""
    return np.rint((X[:, :, 3, 3] + 1) * 127.5 / 25).astype(int)


def test_the_class_is_the_digits_of_the_channels():
    X, labels = make_stacked_mnist(200, return_labels=True, random_state=0)
    assert (X.shape, X.dtype, labels.dtype) == ((200, 3, 28, 28), np.float32, np.int64)
    assert_array_equal(labels, [int("".join(map(str, row))) for row in shown(X)])


def test_channels_are_drawn_independently():
    _, labels = make_stacked_mnist(4000, return_labels=True, random_state=0)
    codes = np.stack([labels // 100, labels // 10 % 10, labels % 10])
    # Correlation of independent draws is N(0, 1/n): 4 standard deviations.
    assert np.abs(np.corrcoef(codes)[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(4000)
    assert len(np.unique(labels)) > 950  # of 1,000; a class is missed with probability (1 - 1/1000)^4000 = 2%


def test_seeds():
    draw = lambda seed: make_stacked_mnist(9, return_labels=True, random_state=seed)[1]  # noqa: E731
    assert_array_equal(draw(3), draw(3))
    assert not np.array_equal(draw(3), draw(4))


@pytest.mark.parametrize(("split", "number"), [("train", 128_000), ("test", 26_000)])
def test_published_numbers_of_images(split, number, digits):
    X = make_stacked_mnist(split=split, image_size=1, data_home="here", random_state=0)
    assert X.shape == (number, 3, 1, 1)
    assert digits == [("mnist", split, "here")]


@pytest.mark.parametrize(("parameter", "value"), [("n_samples", 0), ("image_size", -1), ("random_state", 0.5)])
def test_parameters_out_of_range(parameter, value):
    with pytest.raises(ValueError, match=f"{parameter} of make_stacked_mnist .* got {value!r}"):
        make_stacked_mnist(**{"n_samples": 5, parameter: value})
