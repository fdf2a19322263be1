"""Files of a data set in the archive that it is published as, or in the folder that this unpacks to."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

__all__ = ["Reader", "opened"]

#: From a file's name in the folder to its bytes, an array (n,) of uint8.
Reader = Callable[[str], np.ndarray]

#: What reading a damaged archive raises; EOFError and zlib.error come from a compressed one, cut or overwritten.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError)


@contextmanager
def opened(places: Iterable[Path], kinds: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Reader] | None]:
    """The first (folder, archive) of `kinds` that is in one of the places, as the folder's name and its reader.

    Raises
    ------
    FileNotFoundError
        By the reader, for a file that the folder or the archive lacks.
    ValueError
        If the archive cannot be read; by the reader too, for a file in it that cannot.
    """
    for place in places:
        for folder, archive in kinds:
            if (place / folder).is_dir():
                yield folder, partial(_mapped, place / folder)
                return
            if (place / archive).is_file():
                with _archive(place / archive) as file:
                    yield folder, partial(_unpacked, file, place / archive, folder)
                return
    yield None


def _mapped(folder: Path, name: str) -> np.ndarray:
    path = folder / name
    return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)


def _archive(path: Path) -> tarfile.TarFile | zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path) if path.suffix == ".zip" else tarfile.TarFile.open(path)
    except _DAMAGE as error:
        raise ValueError(f"{path} must be an archive, got one that gave {error}; fetch it again.") from error


def _unpacked(archive: tarfile.TarFile | zipfile.ZipFile, path: Path, folder: str, name: str) -> np.ndarray:
    try:
        if isinstance(archive, zipfile.ZipFile):
            data = archive.read(f"{folder}/{name}")
        else:
            file = archive.extractfile(f"{folder}/{name}")
            data = b"" if file is None else file.read()
    except KeyError as error:
        raise FileNotFoundError(f"{path} must hold {folder}/{name}, got an archive without it.") from error
    except _DAMAGE as error:
        raise ValueError(
            f"{path} must hold {folder}/{name} undamaged, got an archive that gave {error}; fetch it again."
        ) from error
    return np.frombuffer(data, np.uint8)
