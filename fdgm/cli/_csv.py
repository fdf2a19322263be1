"""Tables of text, checked line by line before pandas reads them, in bounded memory."""

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ._errors import Mistake

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_text_table"]

_CODE = re.compile("0[0-9]+")  # a number would lose the zero
_MAX_LINE = 2**20  # characters: a hundred thousand columns, and no more memory than that


def read_text_table(path: Path, separator: str, encoding: str, text: Collection[str] = ()) -> "pd.DataFrame":
    """A table from a CSV or TSV file with a header.

    A column with a value such as 0012 holds codes: its values stay text, and so do those of the columns in `text`.

    Raises
    ------
    Mistake
        If the file is empty, binary, in another encoding or ragged, or has no rows. Also if its header is too long,
        repeats a name or holds numbers alone. The message names file and line.
    """
    import pandas as pd

    header, codes = _check(path, separator, encoding)
    kept = {name: str for name in header if name in codes or name in text}
    table: Any = pd.read_csv(
        path, sep=separator, encoding=_signed(encoding), low_memory=False, header=0, names=header, dtype=kept
    )
    return table


def _check(path: Path, separator: str, encoding: str) -> tuple[list[str], set[str]]:
    """The header and the columns of codes, after a look at every line."""
    n_rows, header = 0, None
    codes: set[str] = set()
    try:
        with path.open(encoding=_signed(encoding), newline="") as file:
            reader = csv.reader(_lines(path, file), delimiter=separator, strict=True)
            for row in reader:
                if not row:
                    continue
                if header is None:
                    header = _checked_header(path, row)
                elif len(row) != len(header):
                    raise Mistake(
                        f"{path}, line {reader.line_num}: {len(row)} fields, but the header has {len(header)}"
                    )
                else:
                    n_rows += 1
                    codes.update(name for name, value in zip(header, row, strict=True) if _CODE.fullmatch(value))
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{path}: not in {encoding} (byte {error.object[error.start]:#04x}); give its encoding, such as"
            " --encoding latin-1"
        ) from None
    except LookupError:
        raise Mistake(f"--encoding: unknown encoding {encoding!r}; try utf-8, latin-1 or utf-16") from None
    except csv.Error as error:
        raise Mistake(f"{path}: not a table of text ({error})") from None
    if header is None:
        raise Mistake(f"{path}: empty; a table has a header and rows")
    if not n_rows:
        raise Mistake(f"{path}: a header and no rows")
    return header, codes


def _lines(path: Path, file: IO[str]) -> Iterator[str]:
    """The lines of a file, none of them longer than allowed."""
    number = 0
    while line := file.readline(_MAX_LINE):
        number += 1
        if len(line) == _MAX_LINE and not line.endswith("\n"):
            raise Mistake(f"{path}, line {number}: longer than {_MAX_LINE} characters; not a table that fdgm can read")
        if "\0" in line:
            raise Mistake(f"{path}, line {number}: holds a NUL; a binary file, or text in UTF-16 (--encoding utf-16)")
        yield line


def _checked_header(path: Path, row: list[str]) -> list[str]:
    names = [name.strip() for name in row]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Mistake(f"{path}: the header has the column {name!r} more than once; rename it")
        seen.add(name)
    if all(_is_number(name) for name in names):
        raise Mistake(f"{path}: no header; the first line holds numbers alone. Add a line of column names")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _signed(encoding: str) -> str:
    """The encoding that leaves out the mark that Excel puts first."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
