"""CelebA, aligned and cropped, from files in its published format."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from .._checks import check_count
from ._archives import Reader, check_size, opened
from ._pixels import check_split
from ._places import folders, nowhere

__all__ = ["load_celeba"]

_IMAGES = ("img_align_celeba", "img_align_celeba.zip")
_PARTITION, _ATTRIBUTES = "list_eval_partition.txt", "list_attr_celeba.txt"
_PARTS = {"train": 0, "valid": 1, "test": 2}
_WIDTH, _HEIGHT = 178, 218  # of each image, as published
_N_IMAGES = 202_599
_MOST = {_PARTITION: 2**23, _ATTRIBUTES: 2**26}  # bytes of the lists, which have 3 and 27 million
_MOST_OF_AN_IMAGE = 2**20
_IMAGE_NAME = re.compile(r"\w[\w.-]*", re.ASCII)  # a file of the folder: no way out of it
_URL = "http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"


@overload
def load_celeba(
    split: Literal["train", "valid", "test", "all"] = ...,
    *,
    crop: int = ...,
    image_size: int = ...,
    n_samples: int | None = ...,
    data_home: Any = ...,
    return_labels: Literal[False] = ...,
) -> np.ndarray: ...
@overload
def load_celeba(
    split: Literal["train", "valid", "test", "all"] = ...,
    *,
    crop: int = ...,
    image_size: int = ...,
    n_samples: int | None = ...,
    data_home: Any = ...,
    return_labels: Literal[True],
) -> tuple[np.ndarray, pd.DataFrame]: ...
def load_celeba(
    split: Literal["train", "valid", "test", "all"] = "train",
    *,
    crop: int = 160,
    image_size: int = 64,
    n_samples: int | None = None,
    data_home: Any = None,
    return_labels: bool = False,
) -> np.ndarray | tuple[np.ndarray, pd.DataFrame]:
    """CelebA: aligned faces of celebrities, cropped to a central square and resized.

    It needs these files: ``img_align_celeba.zip`` or the folder that it unpacks to, ``list_eval_partition.txt`` and,
    for labels, ``list_attr_celeba.txt``. They are looked for in `data_home` or else in the folder of the environment
    variable FDGM_DATA, each time first in its sub-folder ``celeba``. Nothing is downloaded. Reading JPEG needs Pillow,
    which the extra ``fdgm[images]`` installs.

    Parameters
    ----------
    split : {"train", "valid", "test", "all"}, default="train"
        162,770, 19,867, 19,962 or all 202,599 images.
    crop : int, default=160
        Side of the central square, at most 178. VGrow uses 160, AGE 128.
    image_size : int, default=64
        Side of the resized images. Resizing is bilinear, with a filter as wide as the reduction.
    n_samples : int or None, default=None
        Number of images to return, the first ones. None returns all. The training set takes 8 GB at 64 pixels.
    data_home : str, path or None, default=None
        If given, the only folder to look in.
    return_labels : bool, default=False
        Whether to return the attributes too.

    Returns
    -------
    X : ndarray of shape (n_samples, 3, image_size, image_size), float32
        Red, green and blue from −1 to 1, channels first.
    labels : DataFrame of shape (n_samples, 40), bool
        Attributes such as Smiling, by name. Only if `return_labels`.

    Raises
    ------
    FileNotFoundError
        If the files are in none of these places. The message lists the places.
    ImportError
        If Pillow is not installed.
    ValueError
        If a parameter is out of its range, or if a file is damaged.

    References
    ----------
    Liu et al., "Deep Learning Face Attributes in the Wild", ICCV 2015.
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 5.2. (Its random 9 to 1
    split is not published; this is the data set's own split.)

    Examples
    --------
    >>> from fdgm.datasets import load_celeba
    >>> X = load_celeba(n_samples=10_000)  # doctest: +SKIP
    """
    function = "load_celeba"
    check_split(split, (*_PARTS, "all"), function)
    crop, size = (check_count(v, name, function) for v, name in ((crop, "crop"), (image_size, "image_size")))
    if n_samples is not None:
        check_count(n_samples, "n_samples", function)
    places = folders(data_home, ("celeba",))
    wanted = (_PARTITION, _ATTRIBUTES) if return_labels else (_PARTITION,)
    lists = {name: place / name for place in reversed(places) for name in wanted if (place / name).is_file()}
    with opened(places, (_IMAGES,), most=0) as found:  # a zip: each image has a bound of its own
        if found is None or len(lists) < len(wanted):
            files = f"{' or '.join(_IMAGES)}, and {' and '.join(wanted)}"
            raise nowhere(function, files, places, _URL, given=data_home is not None)
        names = _names(lists[_PARTITION], split)[:n_samples]
        X = _read_images(found[1], names, crop, size, function)
    return (X, _attributes(lists[_ATTRIBUTES], names)) if return_labels else X


def _table(path: Path, columns: list[str], skip: int) -> pd.DataFrame:
    check_size(path, path.stat().st_size, _MOST[path.name])
    if len(set(columns)) < len(columns):
        twice = next(name for i, name in enumerate(columns) if name in columns[:i])
        raise ValueError(f"{path} must name each column once, got {twice[:100]!a} twice; fetch it again.")
    kinds = {"image": str}
    try:
        table = pd.read_csv(path, sep=r"\s+", names=columns, skiprows=skip, index_col=False, dtype=kinds)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} must be a table of {len(columns)} columns, got a file that gave {error}.") from error
    if len(table) > _N_IMAGES:
        raise ValueError(f"{path} must have at most {_N_IMAGES} rows, got {len(table)}; fetch it again.")
    again = table["image"][table["image"].duplicated()]
    if len(again):
        raise ValueError(f"{path} must have one row for each image, got two for {again.iloc[0]!r}; fetch it again.")
    return table


def _names(path: Path, split: str) -> list[str]:
    """The split's images, in the file's order."""
    table = _table(path, ["image", "part"], 0)
    odd = table[~table["part"].isin(_PARTS.values())]
    if len(odd):
        image, part = odd.iloc[0]
        raise ValueError(
            f"{path} must give each image one of the parts {list(_PARTS.values())}, got {part!r} for {image!r}; fetch"
            " it again."
        )
    strange = [name for name in table["image"] if not isinstance(name, str) or _IMAGE_NAME.fullmatch(name) is None]
    if strange:
        raise ValueError(f"{path} must name files of {_IMAGES[0]}, got {str(strange[0])[:100]!a}; fetch it again.")
    chosen = table if split == "all" else table[table["part"] == _PARTS[split]]
    if chosen.empty:
        raise ValueError(f"{path} must name images of the split {split!r}, got none among {len(table)}.")
    return chosen["image"].tolist()


def _attributes(path: Path, names: Sequence[str]) -> pd.DataFrame:
    """The file's rows for the images named: −1 is False, 1 is True."""
    check_size(path, path.stat().st_size, _MOST[path.name])
    with open(path, encoding="utf-8", errors="replace") as file:
        columns = [file.readline(), file.readline()][1].split()
    table = _table(path, ["image", *columns], 2).set_index("image")
    missing = [name for name in names if name not in table.index]
    if missing:
        raise ValueError(
            f"{path} must have a row for each image, got none for {len(missing)} of {len(names)}, the first"
            f" {missing[0]!r}; fetch it again."
        )
    chosen = table.loc[list(names)]
    if not chosen.isin((-1, 1)).to_numpy().all():
        sound = chosen.astype(str).isin(("-1", "1", "-1.0", "1.0")).all(axis=1)  # one odd value is all a column takes
        image, values = next(chosen[~sound].iterrows())
        raise ValueError(
            f"{path} must give attributes as -1 or 1, got {values.tolist()} for {image!r}; fetch it again."
        )
    return (chosen > 0).reset_index(drop=True)


def _read_images(read: Reader, names: Sequence[str], crop: int, size: int, function: str) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"{function} needs Pillow to read JPEG: install the extra fdgm[images].") from error
    if crop > min(_WIDTH, _HEIGHT):
        raise ValueError(f"crop of {function} must be at most {min(_WIDTH, _HEIGHT)}, got {crop!r}.")
    left, top = (_WIDTH - crop) // 2, (_HEIGHT - crop) // 2
    box = (left, top, left + crop, top + crop)
    X = np.empty((len(names), 3, size, size), np.float32)
    for row, name in enumerate(names):
        file = io.BytesIO(read(name, _MOST_OF_AN_IMAGE, None).tobytes())
        try:
            with Image.open(file, formats=("JPEG", "PNG")) as image:  # other decoders may run programs
                if image.size != (_WIDTH, _HEIGHT):  # the header says so, before a pixel takes memory
                    raise ValueError(f"{image.width} × {image.height} pixels")
                pixels = image.convert("RGB")
        except Exception as error:  # Pillow's decoders raise what they like, SyntaxError and warnings of bombs too
            raise ValueError(
                f"{name} of CelebA must be a JPEG, or a PNG, of {_WIDTH} × {_HEIGHT} pixels, got a file that gave"
                f" {error}; fetch it again."
            ) from error
        resized = pixels.resize((size, size), Image.Resampling.BILINEAR, box=box)
        X[row] = np.asarray(resized, np.float32).transpose(2, 0, 1)
    X /= np.float32(127.5)
    X -= 1
    return X
