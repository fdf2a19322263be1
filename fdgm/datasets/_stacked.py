"""Stacked MNIST: three digits as the channels of an image, a thousand classes."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import as_generator, check_count
from .._literals import TrainOrTest
from ._mnist import read_mnist
from ._pixels import images_of

__all__ = ["make_stacked_mnist"]

_N_SAMPLES = {"train": 128_000, "test": 26_000}


@overload
def make_stacked_mnist(
    n_samples: int | None = ...,
    *,
    split: TrainOrTest = ...,
    image_size: int = ...,
    data_home: Any = ...,
    return_labels: Literal[False] = ...,
    random_state: Any = ...,
) -> np.ndarray: ...
@overload
def make_stacked_mnist(
    n_samples: int | None = ...,
    *,
    split: TrainOrTest = ...,
    image_size: int = ...,
    data_home: Any = ...,
    return_labels: Literal[True],
    random_state: Any = ...,
) -> tuple[np.ndarray, np.ndarray]: ...
def make_stacked_mnist(
    n_samples: int | None = None,
    *,
    split: TrainOrTest = "train",
    image_size: int = 28,
    data_home: Any = None,
    return_labels: bool = False,
    random_state: Any = None,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Stacked MNIST: three random digits of MNIST as the three channels of an image, 1,000 classes.

    Parameters
    ----------
    n_samples : int or None, default=None
        Number of images. None is the papers' 128,000 of the training set (1.2 GB) or 26,000 of the test set.
    split : {"train", "test"}, default="train"
        The images of MNIST to draw from.
    image_size : int, default=28
        Side of the images. Other sides than 28 are resized bilinearly.
    data_home : str, path or None, default=None
        As in :func:`load_mnist`.
    return_labels : bool, default=False
        Whether to return the classes too.
    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the draws. numpy's global state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, image_size, image_size), float32
        Pixels from −1 to 1, channels first.
    labels : ndarray of shape (n_samples,), int64
        0 to 999: the digits of the channels in order, with the first as hundreds. Only if `return_labels`.

    Raises
    ------
    FileNotFoundError
        If MNIST is in none of the places. The message lists the places.
    ValueError
        If a parameter is out of its range.

    Notes
    -----
    Images are drawn, not classes, and MNIST's digits are not equally frequent. The fractions of the classes therefore
    differ slightly: 0.74 to 1.42 times 1/1,000 in the training set.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.2 and
    appendix E.2.
    Lin et al., "PacGAN: The Power of Two Samples in Generative Adversarial Networks", NeurIPS 2018.

    Examples
    --------
    >>> from fdgm.datasets import make_stacked_mnist
    >>> X, labels = make_stacked_mnist(5000, return_labels=True, random_state=0)  # doctest: +SKIP
    """
    function = "make_stacked_mnist"
    pixels, digits = read_mnist("mnist", split, data_home, function)
    n = _N_SAMPLES[split] if n_samples is None else check_count(n_samples, "n_samples", function)
    single = images_of(pixels[:, None], image_size, function)[:, 0]  # (m, side, side)
    rows = as_generator(random_state, function).integers(len(single), size=(n, 3))
    X = np.empty((n, 3, *single.shape[1:]), np.float32)
    for channel in range(3):
        np.take(single, rows[:, channel], axis=0, out=X[:, channel], mode="clip")  # the other mode buffers
    return (X, digits[rows] @ np.array([100, 10, 1])) if return_labels else X
