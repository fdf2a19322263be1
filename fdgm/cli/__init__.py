"""The command line."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="fdgm: deep generative modelling by f-divergences.")


@app.callback()
def main() -> None:
    """Deep generative modelling by f-divergences."""


@app.command()
def plugins() -> None:
    """What is registered, from which distribution, and what failed to load and why."""
    import warnings

    from ..registry import report

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the failures are printed below
        entries, failures = report()
    family = ""
    for entry in entries:
        if entry.family != family:
            family = entry.family
            typer.secho(family, bold=True)
        typer.echo(f"  {entry.name:<20} {entry.cls.__name__:<20} {entry.distribution} {entry.version}")
    for failure in failures:
        typer.secho(f"failed: {failure.plugin}: {failure.reason}", fg="red", err=True)


__all__ = ["app"]
