"""The places where data sets are looked for, and the error if they are in none."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["folders", "nowhere"]


def folders(data_home: Any, names: Iterable[str], also: Iterable[str] = ()) -> list[Path]:
    """Folders to look in, in order: only `data_home` if it is given, or else ``$FDGM_DATA`` and `also`.

    Of each of the first two, the sub-folders `names` come before the folder itself.
    """
    home = data_home if data_home is not None else os.environ.get("FDGM_DATA")
    own = [] if home is None else [Path(home) / name for name in (*names, ".")]
    return own if data_home is not None else [*own, *map(Path, also)]


def nowhere(
    function: str, files: str, places: Iterable[Path], url: str, tried: str = "", given: bool = False
) -> FileNotFoundError:
    """The error for a data set that is in none of the places: what is missing, where, and how to get it."""
    looked = ", ".join(str(place) for place in places) or "no folder (FDGM_DATA is not set)"
    put = "there" if given else "into a folder named by data_home or by the environment variable FDGM_DATA"
    return FileNotFoundError(f"{function} needs {files}, looked for in {looked}{tried}. Fetch {url} and put it {put}.")
