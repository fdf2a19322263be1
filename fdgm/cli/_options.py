"""Options that several commands have, under one name and help."""

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["AsJSON", "Data", "Encoding", "Model", "Out", "Quiet", "Seed", "print_json"]

Data = Annotated[Path, typer.Argument(help="Table, NPY array or folder of images.", show_default=False)]
Model = Annotated[Path, typer.Argument(help="Model that `fdgm fit` wrote.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.", show_default=False)]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything random.", min=0)]
AsJSON = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, also at a terminal.")]
Encoding = Annotated[str, typer.Option("--encoding", help="Encoding of CSV and TSV files.")]


def print_json(value: Any) -> None:
    """Print a value as JSON; NaN and infinity, which JSON has not, as null."""
    import json

    typer.echo(json.dumps(_plain(value), indent=2))


def _plain(value: Any) -> Any:
    import math

    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
