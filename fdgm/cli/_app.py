"""The command `fdgm` and its commands. Nothing heavy is imported before a command runs."""

from typing import Annotated

import typer

from ._compare import compare
from ._demo import demo
from ._encode import encode
from ._evaluate import evaluate
from ._fit import fit
from ._info import info
from ._plugins import plugins
from ._refine import refine
from ._sample import sample

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Learn the distribution of data, sample from it, and measure how good the samples are.",
    epilog="Tables are CSV, TSV, Parquet or Feather, arrays NPY, images a folder: the suffix says which.",
)
for command in (fit, sample, refine, encode, evaluate, compare, info, plugins, demo):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        import fdgm

        typer.echo(f"fdgm {fdgm.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Learn the distribution of data, sample from it, and measure how good the samples are."""
