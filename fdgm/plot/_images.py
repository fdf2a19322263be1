"""Rows as images, and many images as one."""

import numpy as np

__all__ = ["as_images", "sheet"]


def as_images(rows: np.ndarray, image_shape: tuple[int, ...] | None, owner: str) -> np.ndarray:
    """Rows as images (n, height, width) or (n, height, width, 3).

    Raises
    ------
    ValueError
        If rows are not images, or not of `image_shape`.
    """
    if image_shape is not None:
        try:
            rows = rows.reshape(len(rows), *image_shape)
        except (TypeError, ValueError):
            size = rows[0].size if len(rows) else 0
            raise ValueError(
                f"image_shape of {owner} must be that of a row, of {size} numbers, got {image_shape!r}."
            ) from None
    if rows.ndim == 3:
        rows = rows[:, None]
    if rows.ndim != 4 or rows.shape[1] not in (1, 3) or not len(rows):
        raise ValueError(
            f"rows of {owner} must be images of shape (channels, height, width) with 1 or 3 channels, or come with"
            f" image_shape, got rows of shape {rows.shape[1:]}."
        )
    images = np.moveaxis(rows.astype(np.float64), 1, -1)
    return images[..., 0] if images.shape[-1] == 1 else images


def sheet(images: np.ndarray, low: float, high: float) -> np.ndarray:
    """Images (n, height, width, ...) in one square picture, scaled from [low, high] to [0, 1]."""
    across = int(np.ceil(np.sqrt(len(images))))
    down = -(-len(images) // across)
    height, width = images.shape[1:3]
    picture = np.zeros((down * (height + 1) - 1, across * (width + 1) - 1, *images.shape[3:]))
    for k, image in enumerate((images - low) / ((high - low) or 1.0)):
        top, left = k // across * (height + 1), k % across * (width + 1)
        picture[top : top + height, left : left + width] = image
    return picture
