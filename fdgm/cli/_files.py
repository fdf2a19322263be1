"""Data from files and back, by suffix: tables, arrays, and folders of images."""

import os
import secrets
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._csv import read_text_table
from ._errors import Mistake

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_output", "n_rows_of", "read_alike", "read_data", "write_data"]

_TEXT = {".csv": ",", ".tsv": "\t"}
_BINARY = (".parquet", ".feather", ".npy")
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
_KNOWN = ".csv, .tsv, .parquet, .feather, .npy, or a folder of images"


def read_data(path: Path, *, encoding: str = "utf-8", text: Collection[str] = ()) -> Any:
    """A DataFrame, or an array from an NPY file or a folder of images. Of CSV and TSV, columns in `text` stay text.

    Images are of shape (n, channels, height, width), float32 from 0 to 255.

    Raises
    ------
    Mistake
        If the file is not there, has another suffix, or is not what its suffix says.
    """
    if not path.exists():
        raise Mistake(f"{path}: no such file or folder")
    if path.is_dir():
        return _read_images(path)
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        return read_text_table(path, _TEXT[suffix], encoding, text)
    if suffix not in _BINARY:
        raise Mistake(f"{path}: unknown suffix {path.suffix!r}; use {_KNOWN}")
    if not path.stat().st_size:
        raise Mistake(f"{path}: empty")
    return _read_npy(path) if suffix == ".npy" else _read_table(path, suffix)


def read_alike(*paths: Path, encoding: str = "utf-8") -> list[Any]:
    """Data of several files. A column that is text in one of them is text in all."""
    import pandas as pd

    read = [read_data(path, encoding=encoding) for path in paths]
    tables = [data for data in read if isinstance(data, pd.DataFrame)]
    text = {str(name) for table in tables for name in table if not pd.api.types.is_numeric_dtype(table[name])}
    numbers = [any(name in text and pd.api.types.is_numeric_dtype(table[name]) for name in table) for table in tables]
    return [read_data(path, encoding=encoding, text=text) for path in paths] if any(numbers) else read


def n_rows_of(data: Any) -> str:
    """Size of data, for a message."""
    rows, *rest = data.shape
    return f"{rows:,} rows of {' x '.join(str(size) for size in rest)}"


def check_output(path: Path) -> None:
    """Check, before hours of training, that a path can be written.

    Raises
    ------
    Mistake
        If its folder does not exist, or may not be written.
    """
    folder = path.parent
    if not folder.is_dir():
        raise Mistake(f"{path}: no folder {str(folder)!r}; make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise Mistake(f"{path}: may not be written")


def write_data(data: Any, path: Path | None) -> None:
    """Write a table, an array or images, at once or not at all. None is the standard output, as CSV.

    Raises
    ------
    Mistake
        If the suffix is unknown, or does not suit the data.
    """
    if path is None:
        _as_table(data, "the standard output").to_csv(sys.stdout, index=False)
        return
    suffix = path.suffix.lower()
    if suffix == "":
        _write_images(data, path)
    elif suffix in _TEXT:
        _replace(path, lambda to: _as_table(data, path).to_csv(to, sep=_TEXT[suffix], index=False))
    elif suffix == ".npy":
        _replace(path, lambda to: _save_npy(data, to))
    elif suffix in _BINARY:
        table = _as_table(data, path)
        _needs_arrow(path)
        _replace(path, table.to_parquet if suffix == ".parquet" else table.to_feather)
    else:
        raise Mistake(f"{path}: unknown suffix {path.suffix!r}; use {_KNOWN} (no suffix)")


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Write beside the file, then put it in its place."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        write(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _as_table(data: Any, where: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(data, np.ndarray):
        if data.ndim != 2:
            raise Mistake(f"{where}: rows of shape {data.shape[1:]} do not fit a table; use .npy or a folder")
        return pd.DataFrame(data, columns=[f"x{k}" for k in range(data.shape[1])])
    return data if isinstance(data, pd.DataFrame) else data.to_pandas()


def _read_npy(path: Path) -> "np.ndarray":
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise Mistake(f"{path}: not an NPY array of numbers ({_short(error)})") from None
    if array.ndim < 2:
        raise Mistake(f"{path}: shape {array.shape}; rows are needed, so (n_samples, n_features)")
    return array


def _save_npy(data: Any, path: Path) -> None:
    import numpy as np

    with path.open("wb") as file:  # np.save would add a suffix to the name
        np.save(file, data.to_numpy() if hasattr(data, "to_numpy") else data, allow_pickle=False)


def _read_table(path: Path, suffix: str) -> Any:
    import pandas as pd

    _needs_arrow(path)
    read: Any = pd.read_parquet if suffix == ".parquet" else pd.read_feather
    try:
        return read(path)
    except Exception as error:  # pyarrow has many
        raise Mistake(f"{path}: not a {suffix[1:]} file ({_short(error)})") from None


def _needs_arrow(path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise Mistake(f"{path}: {path.suffix} needs pyarrow: pip install 'fdgm[arrow]'") from None


def _pillow(path: Path) -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise Mistake(f"{path}: images need pillow: pip install 'fdgm[images]'") from None
    return Image


def _read_images(path: Path) -> "np.ndarray":
    import numpy as np

    image = _pillow(path)
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _IMAGES)
    if not files:
        raise Mistake(f"{path}: a folder without images ({', '.join(_IMAGES)})")
    found: list[np.ndarray] = []
    for file in files:
        try:
            with image.open(file) as picture:
                plain = picture.convert("L" if picture.mode in ("1", "L", "I;16") else "RGB")
                pixels = np.asarray(plain, dtype=np.float32)
        except Exception as error:  # pillow's of files that are no images
            raise Mistake(f"{file}: not an image ({_short(error)})") from None
        pixels = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
        if found and pixels.shape != found[0].shape:
            raise Mistake(
                f"{file}: shape {pixels.shape} (channels, height, width), but {files[0].name} has {found[0].shape};"
                " images must be of one size and kind"
            )
        found.append(pixels)
    return np.stack(found)


def _write_images(data: Any, path: Path) -> None:
    import numpy as np

    if not isinstance(data, np.ndarray) or data.ndim != 4 or data.shape[1] not in (1, 3):
        raise Mistake(f"{path}: no suffix is a folder of images, and these are rows of a table; use {_KNOWN}")
    image = _pillow(path)
    path.mkdir(exist_ok=True)
    pixels = np.clip(np.rint(np.moveaxis(data, 1, -1)), 0, 255).astype(np.uint8)
    for k, picture in enumerate(pixels):
        image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(path / f"{k:06d}.png")


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."
