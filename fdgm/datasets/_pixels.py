"""Convert bytes to images: float32 in [−1, 1], channels first, of any size."""

from typing import Any

import numpy as np

from .._checks import check_count
from .._chunks import apply_in_chunks

__all__ = ["check_labels", "check_split", "images_of"]

_CHUNK = 4096  # images resized at once


def images_of(pixels: Any, image_size: int, function: str) -> np.ndarray:
    """Images from an array of bytes of shape (n, C, H, W), which may be memory-mapped. Resizing is bilinear.

    Returns
    -------
    X : ndarray of shape (n, C, image_size, image_size), float32
        −1 is byte 0, and 1 is byte 255.
    """
    import torch
    from torch.nn.functional import interpolate

    size = check_count(image_size, "image_size", function)
    smaller = size < max(pixels.shape[2:])

    def resized(rows: slice) -> np.ndarray:
        chunk = np.ascontiguousarray(pixels[rows]).astype(np.float32)
        if chunk.shape[2:] == (size, size):
            return chunk
        images = torch.from_numpy(chunk)
        return interpolate(images, (size, size), mode="bilinear", align_corners=False, antialias=smaller).numpy()

    X = apply_in_chunks(resized, len(pixels), _CHUNK)
    X /= np.float32(127.5)
    X -= 1
    return np.clip(X, -1, 1, out=X)  # resizing rounds


def check_labels(labels: np.ndarray, n_images: int, classes: range, file: str) -> np.ndarray:
    """Labels of images, as int64, counted from 0.

    Raises
    ------
    ValueError
        If there is not one for each image, or if one is not among the `classes`.
    """
    if len(labels) != n_images:
        raise ValueError(f"{file} must hold as many labels as images, got {len(labels)} for {n_images}.")
    odd = labels[(labels < classes.start) | (labels >= classes.stop)]
    if len(odd):
        raise ValueError(f"{file} must hold labels from {classes.start} to {classes.stop - 1}, got {odd[0]}.")
    return labels.astype(np.int64) - classes.start


def check_split(split: Any, splits: tuple[str, ...], function: str) -> str:
    """`split`, one of `splits`."""
    if split not in splits:
        raise ValueError(f"split of {function} must be one of {list(splits)}, got {split!r}.")
    return split
