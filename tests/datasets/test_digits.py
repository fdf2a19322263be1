"""The digits are scikit-learn's, as images in [−1, 1]."""

import numpy as np
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from fdgm.datasets import load_digits_images


def test_images_are_channels_first_in_float32():
    X = load_digits_images()
    assert (X.shape, X.dtype) == ((1797, 1, 8, 8), np.float32)


def test_range_is_minus_one_to_one():
    X = load_digits_images()
    assert (X.min(), X.max()) == (-1.0, 1.0)


def test_pixels_are_those_of_scikit_learn():
    assert_array_equal((load_digits_images()[:, 0] + 1) * 8, load_digits().images)


def test_flat_is_the_same_pixels():
    assert_array_equal(load_digits_images(flat=True), load_digits_images().reshape(1797, 64))


def test_labels_are_the_digits():
    X, digits = load_digits_images(return_labels=True)
    assert_array_equal(digits, load_digits().target)
    assert (len(X), digits.dtype) == (1797, np.int64)


def test_each_call_gives_its_own_array():
    load_digits_images()[:] = 0
    assert load_digits_images().min() == -1.0
