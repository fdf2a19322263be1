"""`fdgm plugins`."""

from typing import Annotated

import typer

__all__ = ["plugins"]


def plugins(
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 if one failed to load, or two claim one name.")
    ] = False,
) -> None:
    """List what is registered, with distribution and version, and what failed to load, with the reason."""
    import warnings

    from ..exceptions import PluginWarning
    from ..registry import FAMILIES, report

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginWarning)  # the failures are printed below
        entries, failures = report()
    names = [(entry.family, entry.name) for entry in entries]
    widths = [max(len(getattr(entry, field)) for entry in entries) for field in ("name", "distribution")]
    for family in FAMILIES:
        typer.secho(f"{family}", bold=True)
        for entry in (entry for entry in entries if entry.family == family):
            origin = f"{entry.distribution:<{widths[1]}}  {entry.version}"
            typer.echo(f"  {entry.name:<{widths[0]}}  {origin}  {entry.cls.__name__}", nl=False)
            twice = names.count((family, entry.name)) > 1
            typer.secho("  claimed twice: uninstall all but one" if twice else "", fg="red")
    if failures:
        typer.secho("failed to load", bold=True, fg="red")
    for failure in failures:
        typer.echo(f"  {failure.plugin}  {failure.distribution} {failure.version}\n    {failure.reason}")
    if check and (failures or len(set(names)) < len(names)):
        raise typer.Exit(1)
