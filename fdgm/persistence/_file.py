"""A state in one file: safetensors with a description in JSON, and a SHA-256 over both. No pickle."""

import contextlib
import hashlib
import json
import os
import secrets
import stat
import time
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from .._version import version
from ..exceptions import FileError
from ._state import State

__all__ = ["FORMAT", "check_target", "read", "write"]

FORMAT = 2
_KEY = "fdgm"  # of the header's only text: the digest, then the description. Two texts would come in a random order
_DIGEST = 64  # characters of a SHA-256
_MAX_HEADER = 2**23  # bytes: the names of a hundred thousand columns, and what no parser takes long for
_MAX_TENSORS = 2**16
_STALE = 3600.0  # seconds, after which nobody is writing a file any more
_MAX_DEPTH = 64  # of the JSON: an estimator in an estimator takes some five


def _digest(text: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        if tensor.numel():  # an empty one may have strides that no view takes
            digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _pack(text: str, tensors: dict[str, Tensor]) -> bytes:
    return save_tensors(tensors, metadata={_KEY: _digest(text, tensors) + text})


def check_target(path: str | os.PathLike[str], owner: str) -> Path:
    """Return the path to write to: the path itself, or what it links to.

    Parameters
    ----------
    path : str or path
    owner : str
        The parameter, for the message, such as "path of save".

    Returns
    -------
    target : Path

    Raises
    ------
    ValueError
        If the path is a folder or a device, and not a file.
    FileNotFoundError, PermissionError
        If the folder does not exist, or if the file must not be written.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{owner} must be in a folder that exists, got {os.fspath(path)!r}; make it first.")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device, a pipe or a socket"
        raise ValueError(f"{owner} must be a file, new or to be replaced, got {os.fspath(path)!r}, which is {what}.")
    if not os.access(target.parent if mode is None else target, os.W_OK):
        raise PermissionError(f"{owner} must be a file that may be written, got {os.fspath(path)!r}, which may not.")
    return target


def write(path: str | os.PathLike[str], state: State, owner: str = "path of save") -> None:
    """Write the file completely or not at all. Readers and other writers never see half of it.

    The bytes depend on the state alone. A symbolic link stays a link. A new file takes the mode of the file that it
    replaces.

    Raises
    ------
    ValueError, OSError
        As `check_target`. Also if the description is larger than `read` accepts.
    """
    target = check_target(path, owner)
    tensors, description = state
    # Sorted, because a loaded object may hold the same entries in another order.
    text = json.dumps(
        {"format": FORMAT, "fdgm": version(), "object": description}, separators=(",", ":"), sort_keys=True
    )
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    data = _pack(text, stored)
    header = int.from_bytes(data[:8], "little")
    if header > _MAX_HEADER or len(stored) > _MAX_TENSORS:
        raise ValueError(
            f"what is saved must have at most {_MAX_TENSORS} tensors and a description of {_MAX_HEADER} bytes, got"
            f" {len(stored)} and {header}; has X very many named columns?"
        )
    mark = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    partial = target.with_name(f".fdgm-{mark}-{secrets.token_hex(8)}.partial")  # another for each writer
    try:
        with open(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(partial, stat.S_IMODE(target.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    _remove_stale(target.parent, f".fdgm-{mark}-*.partial")


def _remove_stale(folder: Path, pattern: str) -> None:
    """Remove what killed writers of the same file left. A checkpoint could leave very many."""
    for left in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a loss of power, if the file system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # not every file system syncs folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: str | os.PathLike[str]) -> State:
    """Read what `write` wrote, with its tensors on the CPU. Only the digest is checked, not what the state means.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If fdgm did not write it, if it is damaged, or if another version wrote it in another format.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path of load must be a file that save wrote, got {str(path)!r}, which is none.")
    data = path.read_bytes()
    text, stored = _header(data)
    try:
        tensors = load_tensors(data)
        intact = _digest(text, tensors) == stored
    except (SafetensorError, KeyError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError) as error:
        raise FileError(f"it is damaged or something else ({type(error).__name__}: {error})") from error
    if not intact:
        raise FileError("its SHA-256 does not match: it is damaged")
    description = _parsed(text, "its description")
    if not isinstance(description, dict) or not isinstance(description.get("format"), int):
        raise FileError("its description must say its format, and does not")
    if description["format"] != FORMAT:
        mend = "upgrade fdgm" if description["format"] > FORMAT else "save it again with this version"
        raise FileError(
            f"it must be of format {FORMAT}, got format {description['format']}, written by fdgm"
            f" {str(description.get('fdgm'))[:40]}; {mend}"
        )
    return State.from_flat(tensors, description.get("object"))


def _header(data: bytes) -> tuple[str, str]:
    """Read the description and the digest from the first bytes, before any tensor is made."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or not 2 <= length <= min(len(data) - 8, _MAX_HEADER):
        raise FileError("it is damaged or something else: it has no header, or too long a one")
    header = _parsed(data[8 : 8 + length], "its header")
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    text = metadata.get(_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str) or len(text) < _DIGEST:
        raise FileError("it is damaged or something else: its header has no description")
    if len(header) > _MAX_TENSORS + 1:
        raise FileError(f"it must hold at most {_MAX_TENSORS} tensors, got {len(header) - 1}")
    return text[_DIGEST:], text[:_DIGEST]


def _parsed(text: str | bytes, what: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"it is damaged or something else: {what} is no JSON ({type(error).__name__})") from error
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise FileError(f"{what} must be nested at most {_MAX_DEPTH} deep, and is deeper")
        level = [inner for outer in level for inner in _inside(outer)]
    return value


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, (dict, list))]
    return [inner for inner in value if isinstance(inner, (dict, list))] if isinstance(value, list) else []
