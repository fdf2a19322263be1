"""`fdgm sample`."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import typer

from ._errors import Mistake, one_line
from ._options import Model, Seed

__all__ = ["sample"]


def sample(
    model: Model,
    n: Annotated[int, typer.Option("-n", "--n-samples", help="Number of samples.", min=1)] = 100,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File or folder to write. Without it, CSV on the standard output."),
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--given", help="Condition as column=value; repeat for more.")
    ] = None,
    seed: Seed = None,
) -> None:
    """Draw samples from a model."""
    with one_line():
        from ._files import check_output, write_data
        from ._models import load_model, text_columns

        if out is not None:
            check_output(out)
        fitted = load_model(model)
        more: dict[str, Any] = {"given": _conditions(given, text_columns(fitted))} if given else {}
        write_data(fitted.sample(n, random_state=seed, **more), out)


def _conditions(given: list[str], text: Collection[str]) -> dict[str, Any]:
    """Values by column: numbers, except of columns of text."""
    pairs: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise Mistake(f"--given {text}: must be column=value")
        try:
            pairs[name] = value if name in text else float(value)
        except ValueError:
            pairs[name] = value
    return pairs
