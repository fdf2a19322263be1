"""Real images that need no download."""

from typing import Literal, overload

import numpy as np

__all__ = ["load_digits_images"]


@overload
def load_digits_images(*, flat: bool = ..., return_labels: Literal[False] = ...) -> np.ndarray: ...
@overload
def load_digits_images(*, flat: bool = ..., return_labels: Literal[True]) -> tuple[np.ndarray, np.ndarray]: ...
def load_digits_images(
    *, flat: bool = False, return_labels: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """The 1,797 handwritten digits that scikit-learn ships, as images in [−1, 1].

    Parameters
    ----------
    flat : bool, default=False
        Whether to return rows of 64 pixels rather than images.
    return_labels : bool, default=False
        Whether to return the digits too.

    Returns
    -------
    X : ndarray of shape (1797, 1, 8, 8), or (1797, 64) if `flat`, float32
        Pixels in 17 steps from −1 (paper) to 1 (ink), channels first.
    labels : ndarray of shape (1797,), int64
        The digits, 0 to 9. Only if `return_labels`.

    See Also
    --------
    sklearn.datasets.load_digits : The same images with pixels from 0 to 16.

    Examples
    --------
    >>> from fdgm.datasets import load_digits_images
    >>> X, digits = load_digits_images(return_labels=True)
    >>> X.shape, X.dtype, X.min(), X.max()
    ((1797, 1, 8, 8), dtype('float32'), np.float32(-1.0), np.float32(1.0))
    """
    from sklearn.datasets import load_digits  # here: importing fdgm is quick, and this reads a file anyway

    pixels, labels = load_digits(return_X_y=True)  # (1797, 64) in 0..16, (1797,)
    X = (pixels / 8 - 1).astype(np.float32)
    X = X if flat else X.reshape(-1, 1, 8, 8)
    return (X, labels.astype(np.int64)) if return_labels else X
