"""Synthetic data in the plane with known answers, and image data sets from installed packages or files."""

from ._celeba import load_celeba
from ._cifar import load_cifar10
from ._circles import make_circles
from ._digits import load_digits_images
from ._imbalanced import make_imbalanced_grid
from ._mixtures import grid_centers, make_grid, make_ring, ring_centers
from ._mnist import load_fashion_mnist, load_mnist
from ._stacked import make_stacked_mnist
from ._stl import load_stl10
from ._swiss_roll import make_swiss_roll

__all__ = [
    "grid_centers",
    "load_celeba",
    "load_cifar10",
    "load_digits_images",
    "load_fashion_mnist",
    "load_mnist",
    "load_stl10",
    "make_circles",
    "make_grid",
    "make_imbalanced_grid",
    "make_ring",
    "make_stacked_mnist",
    "make_swiss_roll",
    "ring_centers",
]
