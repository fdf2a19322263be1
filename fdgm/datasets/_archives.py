"""Read files of a data set from its published archive, or from the folder that this unpacks to.

Files larger than the published ones are not read. Nothing is read from an archive with a wrong checksum.
"""

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

__all__ = ["Reader", "check_size", "inflated", "opened"]

#: Arguments: a file's name in the folder, the most bytes that it may have, and how many of the first are wanted (None
#: is all). Result: its bytes, an array (n,) of uint8.
Reader = Callable[[str, int, int | None], np.ndarray]

#: What reading a damaged archive raises. EOFError and zlib.error come from an archive that was cut or overwritten. The
#: last two come from one that is encrypted, compressed in a rare way, or nested without end.
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError)
_BLOCK = 2**20  # bytes inflated at once
_MEMBERS = 1000  # most members of a tar; the published ones have ten
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)


@contextmanager
def opened(places: Iterable[Path], kinds: Iterable[tuple[str, str]], most: int) -> Iterator[tuple[str, Reader] | None]:
    """Open the first (folder, archive) of `kinds` found in one of the places. Return the folder's name and a reader.

    A tar may inflate to `most` bytes.

    Raises
    ------
    FileNotFoundError
        From the reader, if the folder or the archive lacks a file.
    ValueError
        If the archive cannot be read or inflates to more. Also from the reader, if a file cannot be read, is too
        large, or has a name that may lead out of the folder.
    """
    for place in places:
        for folder, archive in kinds:
            if (place / folder).is_dir():
                yield folder, partial(_mapped, place / folder)
                return
            path = place / archive
            if path.is_file():
                try:
                    file = _Zip(path) if path.suffix == ".zip" else _Tar(path, most)
                except _DAMAGE as error:
                    raise ValueError(
                        f"{path} must be an archive, got one that gave {error}; fetch it again."
                    ) from error
                with closing(file):
                    yield folder, partial(_unpacked, file, path, folder)
                return
    yield None


def inflated(path: Path, most: int) -> bytes:
    """Read a whole gzip file, and check its checksum.

    Raises
    ------
    ValueError
        If it is damaged, or inflates to more than `most` bytes.
    """
    try:
        with gzip.open(path) as file:
            data = file.read(most + 1)
    except _DAMAGE as error:
        raise ValueError(
            f"{path} must be a file in gzip's format, got one that gave {error}; fetch it again."
        ) from error
    check_size(path, len(data), most)
    return data


def check_size(path: Path | str, size: int, most: int) -> None:
    """Refuse a file that is larger than it may be."""
    if size > most:
        raise ValueError(f"{path} must have at most {most} bytes, got more; fetch it again.")


def _check_name(path: Path, name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"names of files in {path} must be plain ones, got {name[:100]!a}.")


def _mapped(folder: Path, name: str, most: int, first: int | None) -> np.ndarray:
    _check_name(folder, name)
    path = folder / name
    size = path.stat().st_size
    check_size(path, size, most)
    return np.memmap(path, np.uint8, "r")[:first] if size else np.empty(0, np.uint8)


def _unpacked(archive: "_Tar | _Zip", path: Path, folder: str, name: str, most: int, first: int | None) -> np.ndarray:
    _check_name(path, name)
    member = f"{folder}/{name}"
    try:
        size, read = archive.find(member)
    except KeyError as error:
        raise FileNotFoundError(f"{path} must hold {member}, got an archive without it.") from error
    check_size(f"{member} of {path}", size, most)
    try:
        return np.frombuffer(read(first), np.uint8)
    except _DAMAGE as error:
        raise ValueError(
            f"{path} must hold {member} undamaged, got an archive that gave {error}; fetch it again."
        ) from error


class _Zip:
    """A zip, in which each file has a checksum."""

    def __init__(self, path: Path) -> None:
        self.file = zipfile.ZipFile(path)

    def find(self, member: str) -> tuple[int, Callable[[int | None], bytes]]:
        info = self.file.getinfo(member)
        return info.file_size, partial(self._read, info)

    def close(self) -> None:
        self.file.close()

    def _read(self, info: zipfile.ZipInfo, first: int | None) -> bytes:
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile(f"compression of type {info.compress_type}")
        with self.file.open(info) as file:
            # It inflates only what is asked for. Asking for one byte more makes it check the checksum.
            data = file.read(info.file_size + 1)
        if len(data) != info.file_size:
            raise EOFError(f"{len(data)} bytes of {info.file_size}")
        return data[:first]


class _Tar:
    """A tar within gzip. Its only checksum is at the end, so it is read to the end first."""

    def __init__(self, path: Path, most: int) -> None:
        self.stream = _Inflating(path, most)
        self.members: dict[str, tarfile.TarInfo] = {}
        try:
            tar = tarfile.TarFile(fileobj=self.stream)  # type: ignore[arg-type]  # it reads, seeks and tells, no more
            for _ in range(_MEMBERS):
                if (member := tar.next()) is None:
                    break
                self.members[member.name] = member
            else:
                raise tarfile.ReadError(f"{_MEMBERS} files or more")
            while self.stream.read(_BLOCK):
                pass
        except BaseException:
            self.close()
            raise
        self.stream.forwards = False

    def find(self, member: str) -> tuple[int, Callable[[int | None], bytes]]:
        info = self.members[member]
        return info.size, partial(self._read, info)

    def close(self) -> None:
        self.stream.close()

    def _read(self, info: tarfile.TarInfo, first: int | None) -> bytes:
        if not info.isreg() or info.issparse():
            raise tarfile.ReadError("something other than a whole file")
        self.stream.seek(info.offset_data)
        size = info.size if first is None else min(first, info.size)
        data = bytearray()
        while len(data) < size:
            part = self.stream.read(min(_BLOCK, size - len(data)))
            if not part:
                raise EOFError(f"{len(data)} bytes of {size}")
            data += part
        return bytes(data)


class _Inflating:
    """A gzip's content for tarfile: at most `most` bytes, block by block, and only forwards during the scan."""

    def __init__(self, path: Path, most: int) -> None:
        self.file, self.most, self.forwards = gzip.GzipFile(path), most, True

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _BLOCK:
            raise tarfile.ReadError(f"a header of {size} bytes")
        data = self.file.read(size)
        self._check(self.tell())
        return data

    def seek(self, position: int) -> int:
        if self.forwards and position < self.tell() - 1:  # tarfile tries a member's last byte before the next one
            raise tarfile.ReadError("files that overlap")
        self._check(position)
        return self.file.seek(position)

    def tell(self) -> int:
        return self.file.tell()

    def close(self) -> None:
        self.file.close()

    def _check(self, position: int) -> None:
        if position > self.most:
            raise tarfile.ReadError(f"more than {self.most} bytes")
