"""CIFAR-10, from files in either of its published formats."""

from typing import Any, Literal, overload

import numpy as np

from .._literals import TrainOrTest
from ._archives import Reader, opened
from ._pickles import read_pickle
from ._pixels import check_labels, check_split, images_of
from ._places import folders, nowhere

__all__ = ["load_cifar10"]

_SIZE = 3 * 32 * 32
_BATCH = 10_000  # images in a file
_MOST_PICKLED = 3 * _BATCH * _SIZE // 2  # bytes, with the files' names; Python 3 writes every second pixel as two
_BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
_BINARY = ("cifar-10-batches-bin", "cifar-10-binary.tar.gz")
_PYTHON = ("cifar-10-batches-py", "cifar-10-python.tar.gz")
_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"


@overload
def load_cifar10(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[False] = ...
) -> np.ndarray: ...
@overload
def load_cifar10(
    split: TrainOrTest = ..., *, image_size: int = ..., data_home: Any = ..., return_labels: Literal[True]
) -> tuple[np.ndarray, np.ndarray]: ...
def load_cifar10(
    split: TrainOrTest = "train", *, image_size: int = 32, data_home: Any = None, return_labels: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """CIFAR-10: small colour photographs in ten classes, 50,000 for training and 10,000 for testing.

    It needs ``cifar-10-binary.tar.gz`` or ``cifar-10-python.tar.gz``, or the folder that either unpacks to. It looks in
    `data_home` or else in the folder of the environment variable FDGM_DATA, each time first in the sub-folder
    ``cifar10``. Nothing is downloaded.

    Parameters
    ----------
    split : {"train", "test"}, default="train"
    image_size : int, default=32
        Side of the images. Other sides than 32 are resized bilinearly.
    data_home : str, path or None, default=None
        If given, the only folder to look in.
    return_labels : bool, default=False
        Whether to return the classes too.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, image_size, image_size), float32
        Red, green and blue from −1 to 1, channels first.
    labels : ndarray of shape (n_samples,), int64
        Airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck are 0 to 9; only if `return_labels`.

    Raises
    ------
    FileNotFoundError
        If the files are in none of these places. The message lists the places.
    ValueError
        If a parameter is out of its range, or if a file is damaged.

    References
    ----------
    Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Examples
    --------
    >>> from fdgm.datasets import load_cifar10
    >>> X, labels = load_cifar10("test", return_labels=True)  # doctest: +SKIP
    """
    function = "load_cifar10"
    batches = _BATCHES[check_split(split, tuple(_BATCHES), function)]
    places = folders(data_home, ("cifar10",))
    with opened(places, (_BINARY, _PYTHON), most=7 * _MOST_PICKLED) as found:
        if found is None:
            files = " or ".join((*_BINARY, *_PYTHON))
            raise nowhere(function, files, places, _URL, given=data_home is not None)
        folder, read = found
        parts = [(_from_binary if folder == _BINARY[0] else _from_pickle)(read, batch) for batch in batches]
    pixels = np.concatenate([part[0] for part in parts]).reshape(-1, 3, 32, 32)
    X = images_of(pixels, image_size, function)
    return (X, np.concatenate([part[1] for part in parts])) if return_labels else X


def _from_binary(read: Reader, batch: str) -> tuple[np.ndarray, np.ndarray]:
    """Records of a label and 3,072 pixels."""
    data = read(f"{batch}.bin", _BATCH * (1 + _SIZE), None)
    if not len(data) or len(data) % (1 + _SIZE):
        raise ValueError(
            f"{batch}.bin of CIFAR-10 must hold records of {1 + _SIZE} bytes, got {len(data)} bytes; fetch it again."
        )
    records = data.reshape(-1, 1 + _SIZE)
    return records[:, 1:], check_labels(records[:, 0], len(records), range(10), f"{batch}.bin of CIFAR-10")


def _from_pickle(read: Reader, batch: str) -> tuple[np.ndarray, np.ndarray]:
    """A dict with an array b"data" (n, 3072) and a list b"labels"."""
    try:
        content = read_pickle(read(batch, _MOST_PICKLED, None).tobytes())
        pixels, labels = content[b"data"], content[b"labels"]
    except KeyError as error:
        raise ValueError(f"{batch} of CIFAR-10 must hold {error}, got a file without it; fetch it again.") from error
    except ValueError as error:
        raise ValueError(
            f"{batch} of CIFAR-10 must hold a dict of arrays of bytes, got a file that is something else: {error};"
            " fetch it again."
        ) from error
    sound = isinstance(pixels, np.ndarray) and pixels.shape[1:] == (_SIZE,) and len(pixels) <= _BATCH
    if not sound or type(labels) is not list or any(type(label) is not int for label in labels):
        raise ValueError(
            f"{batch} of CIFAR-10 must hold at most {_BATCH} rows of {_SIZE} bytes and as many integers, got something"
            " else; fetch it again."
        )
    return pixels, check_labels(np.array(labels, np.int64), len(pixels), range(10), f"{batch} of CIFAR-10")
