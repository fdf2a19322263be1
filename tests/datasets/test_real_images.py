"""The real MNIST and Fashion-MNIST, where FDGM_DATA names a folder that holds them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fdgm.datasets import load_fashion_mnist, load_mnist

pytestmark = pytest.mark.data


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
def test_published_numbers(load, real_data):
    X, labels = load("test", return_labels=True)
    assert (X.shape, X.min(), X.max()) == ((10_000, 1, 28, 28), -1, 1)
    assert sorted(set(labels.tolist())) == list(range(10))


def test_mean_and_deviation_of_the_digits_are_the_known_ones(real_data):
    # 0.1307 and 0.3081 in [0, 1] for the training set, as everyone's normalisation has it.
    X = (load_mnist() + 1) / 2
    assert_allclose([X.mean(dtype=np.float64), X.std(dtype=np.float64)], [0.1307, 0.3081], atol=5e-5)


def test_fashion_has_six_thousand_images_a_class(real_data):
    _, labels = load_fashion_mnist(return_labels=True)
    assert np.bincount(labels).tolist() == [6000] * 10
