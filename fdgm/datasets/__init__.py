"""Data with known answers: Gaussian mixtures and circles in the plane, and digits as images."""

from ._circles import make_circles
from ._digits import load_digits_images
from ._mixtures import grid_centers, make_grid, make_ring, ring_centers

__all__ = ["grid_centers", "load_digits_images", "make_circles", "make_grid", "make_ring", "ring_centers"]
