"""Run the benchmarks of the table in README.md, or those of the folders and modules that are named."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent / "README.md"


def table() -> list[list[str]]:
    """Each line's module and arguments, in order."""
    _, _, rest = README.read_text(encoding="utf-8").partition("## What is measured")
    return [found.split() for found in re.findall(r"^\| `([^`]+)` \|", rest.partition("\n## ")[0], re.MULTILINE)]


def chosen(names: list[str]) -> list[list[str]]:
    """Those of the table that are named, by folder or by module; all, if none is."""
    lines = table()
    known = {name for module, *_ in lines for name in (module, module.partition(".")[0])}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"names must be among {', '.join(sorted(known))}, got {', '.join(unknown)}.")
    return [line for line in lines if not names or {line[0], line[0].partition(".")[0]} & set(names)]


def main() -> None:
    """Run them one after the other, each in a process of its own; the first that fails ends it."""
    for module, *arguments in chosen(sys.argv[1:]):
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], cwd=README.parents[1], check=True)


if __name__ == "__main__":
    main()
