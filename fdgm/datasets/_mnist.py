"""MNIST and Fashion-MNIST, from files in their published format."""

import math
import warnings
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from .._literals import TrainOrTest
from ._archives import check_size, inflated
from ._pixels import check_labels, check_split, images_of
from ._places import folders, nowhere

__all__ = ["load_fashion_mnist", "load_mnist", "read_mnist"]

_SPLITS = {"train": "train", "test": "t10k"}
_N_IMAGES = {"train": 60_000, "test": 10_000}
_SIDE = 28
_OPENML = {"mnist": "mnist_784", "fashion-mnist": "Fashion-MNIST"}
_URL = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
_DEBIAN = {"mnist": (), "fashion-mnist": ("/usr/share/datasets/fashion-mnist",)}  # package dataset-fashion-mnist


@overload
def load_mnist(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[False] = ...
) -> np.ndarray: ...
@overload
def load_mnist(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[True]
) -> tuple[np.ndarray, np.ndarray]: ...
def load_mnist(
    split: TrainOrTest = "train", *, image_size: int = 28, data_home: Any = None, return_labels: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """MNIST: handwritten digits, 60,000 images for training and 10,000 for testing.

    The files are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and ``t10k-...``, plain or with ``.gz``.
    They are looked for in `data_home` or else in the folder of the environment variable FDGM_DATA, each time first in
    its sub-folder ``mnist``. If they are in neither, OpenML's copy is downloaded if there is a network.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
    image_size : int, default=28
        Side of the images. Other sides, such as the papers' 32, are resized bilinearly.
    data_home : str, path or None, default=None
        If given, the only folder to look in.
    return_labels : bool, default=False
        Whether to return the digits too.

    Returns
    -------
    X : ndarray of shape (n_samples, 1, image_size, image_size), float32
        Pixels from −1 (paper) to 1 (ink), channels first.
    labels : ndarray of shape (n_samples,), int64
        0 to 9. Only if `return_labels`.

    Raises
    ------
    FileNotFoundError
        If the files are in none of these places. The message lists the places.
    ValueError
        If a parameter is out of its range, or if a file is damaged.

    References
    ----------
    LeCun et al., "Gradient-based Learning Applied to Document Recognition", 1998.

    Examples
    --------
    >>> from fdgm.datasets import load_mnist
    >>> X = load_mnist(image_size=32)  # doctest: +SKIP
    """
    return _load("mnist", split, image_size, data_home, return_labels, "load_mnist")


@overload
def load_fashion_mnist(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[False] = ...
) -> np.ndarray: ...
@overload
def load_fashion_mnist(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[True]
) -> tuple[np.ndarray, np.ndarray]: ...
def load_fashion_mnist(
    split: TrainOrTest = "train", *, image_size: int = 28, data_home: Any = None, return_labels: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """Fashion-MNIST: pictures of clothes in ten classes, 60,000 images for training and 10,000 for testing.

    It looks where :func:`load_mnist` does, in the sub-folder ``fashion-mnist``, and where Debian's package
    ``dataset-fashion-mnist`` installs it.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
    image_size : int, default=28
        Side of the images. Other sides, such as the papers' 32, are resized bilinearly.
    data_home : str, path or None, default=None
        If given, the only folder to look in.
    return_labels : bool, default=False
        Whether to return the classes too.

    Returns
    -------
    X : ndarray of shape (n_samples, 1, image_size, image_size), float32
        Pixels from −1 (background) to 1, channels first.
    labels : ndarray of shape (n_samples,), int64
        T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot are 0 to 9; only if
        `return_labels`.

    Raises
    ------
    FileNotFoundError
        If the files are in none of these places. The message lists the places.
    ValueError
        If a parameter is out of its range, or if a file is damaged.

    References
    ----------
    Xiao et al., "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017.

    Examples
    --------
    >>> from fdgm.datasets import load_fashion_mnist
    >>> X, labels = load_fashion_mnist("test", return_labels=True)  # doctest: +SKIP
    """
    return _load("fashion-mnist", split, image_size, data_home, return_labels, "load_fashion_mnist")


def read_mnist(name: str, split: str, data_home: Any, function: str) -> tuple[np.ndarray, np.ndarray]:
    """Bytes of the images (n, 28, 28), and labels (n,), from the first place that has both."""
    prefix = _SPLITS[check_split(split, tuple(_SPLITS), function)]
    wanted = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
    places = folders(data_home, (name,), _DEBIAN[name])
    for place in places:
        found = [_either(place / file) for file in wanted]
        if found[0] is not None and found[1] is not None:
            most = _N_IMAGES[split]
            images, labels = _read_idx(found[0], most, (_SIDE, _SIDE)), _read_idx(found[1], most, ())
            return images, check_labels(labels, len(images), range(10), str(found[1]))
    files = f"{wanted[0]} and {wanted[1]}, plain or with .gz"
    if data_home is not None:
        raise nowhere(function, files, places, _URL[name], given=True)
    return _fetch(name, split, function, files, places)


def _load(
    name: str, split: str, image_size: int, data_home: Any, return_labels: bool, function: str
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    pixels, labels = read_mnist(name, split, data_home, function)
    X = images_of(pixels[:, None], image_size, function)
    return (X, labels) if return_labels else X


def _either(path: Path) -> Path | None:
    zipped = path.with_name(path.name + ".gz")
    return path if path.is_file() else (zipped if zipped.is_file() else None)


def _read_idx(path: Path, most: int, shape: tuple[int, ...]) -> np.ndarray:
    """At most so many arrays of bytes of a shape: two zeros, the type 8, the number of dimensions, each as four bytes,
    and the values."""
    header, size = 8 + 4 * len(shape), math.prod(shape)
    if path.suffix == ".gz":
        data = inflated(path, header + most * size)
    else:
        check_size(path, path.stat().st_size, header + most * size)
        data = path.read_bytes()
    n = (len(data) - header) // size
    expected = bytes([0, 0, 8, 1 + len(shape)]) + np.array([n, *shape], ">i4").tobytes()
    if n < 1 or len(data) != header + n * size or data[:header] != expected:
        raise ValueError(
            f"{path} must be an idx file of bytes in {1 + len(shape)} dimensions, got one of {len(data)} bytes that"
            f" begins with {data[:header].hex()}, not with {expected.hex()}; fetch it again."
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(n, *shape)


def _fetch(name: str, split: str, function: str, files: str, places: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """OpenML's copy, whose first 60,000 rows are the training set."""
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its retries and its cache: what it ends with is the error below
            bunch = fetch_openml(_OPENML[name], version=1, as_frame=False, n_retries=1)
    except (OSError, HTTPException) as error:
        tried = f" and at OpenML, which gave {type(error).__name__}: {error}"
        raise nowhere(function, files, places, _URL[name], tried) from error
    first = _N_IMAGES["train"]
    rows = slice(first) if split == "train" else slice(first, None)
    images, labels = bunch.data[rows], bunch.target[rows].astype(np.int64)
    if images.shape[1:] != (_SIDE**2,) or not np.all((images >= 0) & (images <= 255)):
        raise ValueError(
            f"OpenML's copy for {function} must hold rows of {_SIDE**2} bytes, got an array of shape"
            f" {bunch.data.shape} from {images.min(initial=0)} to {images.max(initial=0)}."
        )
    pixels = images.astype(np.uint8).reshape(-1, _SIDE, _SIDE)
    return pixels, check_labels(labels, len(pixels), range(10), "OpenML's copy")
