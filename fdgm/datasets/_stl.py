"""STL-10, from files in its published format."""

from typing import Any, Literal, overload

import numpy as np

from .._checks import check_count
from ._archives import opened
from ._pixels import check_labels, check_split, images_of
from ._places import folders, nowhere

__all__ = ["load_stl10"]

_SIDE = 96
_N_IMAGES = {"unlabeled": 100_000, "train": 5000, "test": 8000}
_MOST = 3 * _SIDE**2 * sum(_N_IMAGES.values()) + 2**20  # bytes of the archive, unpacked
_BINARY = ("stl10_binary", "stl10_binary.tar.gz")
_URL = "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"


@overload
def load_stl10(
    split: Literal["unlabeled", "train", "test"] = ...,
    *,
    image_size: int = ...,
    n_samples: int | None = ...,
    data_home: Any = ...,
    return_labels: Literal[False] = ...,
) -> np.ndarray: ...
@overload
def load_stl10(
    split: Literal["unlabeled", "train", "test"] = ...,
    *,
    image_size: int = ...,
    n_samples: int | None = ...,
    data_home: Any = ...,
    return_labels: Literal[True],
) -> tuple[np.ndarray, np.ndarray]: ...
def load_stl10(
    split: Literal["unlabeled", "train", "test"] = "unlabeled",
    *,
    image_size: int = 96,
    n_samples: int | None = None,
    data_home: Any = None,
    return_labels: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """STL-10: colour photographs of 96 × 96 pixels, 100,000 without labels, and 5,000 and 8,000 in ten classes.

    It needs ``stl10_binary.tar.gz`` or the folder that it unpacks to. It looks in `data_home` or else in the folder of
    the environment variable FDGM_DATA, each time first in the sub-folder ``stl10``. Nothing is downloaded. Only the
    needed part of the unpacked folder is read. The archive is read twice, first for its checksum.

    Parameters
    ----------
    split : {"unlabeled", "train", "test"}, default="unlabeled"
    image_size : int, default=96
        Side of the images. Other sides than 96 are resized bilinearly. DGflow uses 48 and 32.
    n_samples : int or None, default=None
        Number of images to return, the first ones. None returns all. All 100,000 take 11 GB at 96 pixels, 2.8 GB at 48.
    data_home : str, path or None, default=None
        If given, the only folder to look in.
    return_labels : bool, default=False
        Whether to return the classes too.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, image_size, image_size), float32
        Red, green and blue from −1 to 1, channels first.
    labels : ndarray of shape (n_samples,), int64
        Airplane, bird, car, cat, deer, dog, horse, monkey, ship, truck are 0 to 9 (1 to 10 in the files); only if
        `return_labels`.

    Raises
    ------
    FileNotFoundError
        If the files are in none of these places. The message lists the places.
    ValueError
        If a parameter is out of its range, if labels of the unlabeled images are asked for, or if a file is damaged.

    References
    ----------
    Coates et al., "An Analysis of Single-Layer Networks in Unsupervised Feature Learning", AISTATS 2011.

    Examples
    --------
    >>> from fdgm.datasets import load_stl10
    >>> X = load_stl10(image_size=48)  # doctest: +SKIP
    """
    function = "load_stl10"
    check_split(split, tuple(_N_IMAGES), function)
    if n_samples is not None:
        check_count(n_samples, "n_samples", function)
    if return_labels and split == "unlabeled":
        raise ValueError(f"return_labels of {function} must be False for split='unlabeled', got {return_labels!r}.")
    places = folders(data_home, ("stl10",))
    with opened(places, (_BINARY,), _MOST) as found:
        if found is None:
            raise nowhere(function, " or ".join(_BINARY), places, _URL, given=data_home is not None)
        _, read = found
        size = 3 * _SIDE**2
        data = read(f"{split}_X.bin", size * _N_IMAGES[split], None if n_samples is None else size * n_samples)
        if not len(data) or len(data) % size:
            raise ValueError(
                f"{split}_X.bin of STL-10 must hold images of {size} bytes, got {len(data)} bytes; fetch it again."
            )
        pixels = data.reshape(-1, 3, _SIDE, _SIDE).transpose(0, 1, 3, 2)  # stored column by column
        X = images_of(pixels, image_size, function)
        if not return_labels:
            return X
        labels = read(f"{split}_y.bin", _N_IMAGES[split], n_samples)
    return X, check_labels(labels, len(X), range(1, 11), f"{split}_y.bin of STL-10")
