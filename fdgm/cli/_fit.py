"""`fdgm fit`."""

from typing import Annotated

import typer

from ._errors import INTERRUPTED, one_line, say
from ._options import AsJSON, Data, Encoding, Out, Quiet, Seed, print_json

__all__ = ["fit"]


def fit(
    data: Data,
    out: Out,
    estimator: Annotated[
        str,
        typer.Option(
            "--estimator",
            "-e",
            help="vgrow, gan, age, trees or a registered name. auto is trees for tables with text, missing values or a"
            " condition, and vgrow for numbers and images.",
        ),
    ] = "auto",
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="Column to sample given; repeat for more.")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", help="Budget. Without it, the estimator's own.")
    ] = None,
    seed: Seed = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Parameter as name=value, such as max_iter=50; repeat for more.")
    ] = None,
    license: Annotated[str | None, typer.Option("--license", help="Licence of the model, for its card.")] = None,
    encoding: Encoding = "utf-8",
    quiet: Quiet = False,
    as_json: AsJSON = False,
) -> None:
    """Learn the distribution of data, and write the model to a file.

    Ctrl-C keeps the last whole iteration.
    """
    with one_line():
        from ._files import check_output, n_rows_of, read_data
        from ._models import fitted, interactive, make_estimator, reading_of, suited

        check_output(out)
        X = read_data(data, encoding=encoding)
        watched = interactive() and not quiet
        model = make_estimator(
            suited(X, condition) if estimator == "auto" else estimator,
            settings or [],
            seed=seed,
            max_seconds=max_seconds,
            condition=condition,
            verbose=watched,
        )
        whole = fitted(model, X)
        model.save(out, license=license)
        reading = reading_of(model)
        iterations = f"{reading['n_iter']} iterations on " if reading["n_iter"] is not None else ""
        ended = f"{iterations}{n_rows_of(X)}, ended by {reading['stop_reason']}"
        if as_json:
            print_json({"model": str(out), **reading})
        elif watched:
            say(f"{out}: {reading['estimator']}, {ended}")
        if not whole:
            say(f"fdgm: interrupted; {out} holds the {reading['n_iter']} iterations that were whole")
            raise typer.Exit(INTERRUPTED)
