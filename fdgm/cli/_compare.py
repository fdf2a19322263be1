"""`fdgm compare`."""

from typing import Annotated, Any

import typer

from ._errors import Mistake, one_line, say
from ._options import AsJSON, Data, Encoding, Quiet, Seed, print_json

__all__ = ["compare"]


def compare(
    data: Data,
    estimators: Annotated[
        str,
        typer.Option(
            "--estimators",
            "-e",
            help="Names with commas between. auto is vgrow, gan, age and trees, or trees alone for text.",
        ),
    ] = "auto",
    max_seconds: Annotated[float, typer.Option("--max-seconds", help="Budget of each.", min=0.1)] = 20.0,
    seed: Seed = 0,
    encoding: Encoding = "utf-8",
    quiet: Quiet = False,
    as_json: AsJSON = False,
) -> None:
    """Fit several estimators to two thirds of the data for equally long, and rank them on the last third.

    The rank is by energy distance: 0 is perfect. "real data" is the distance of the two parts of the data, which no
    model beats but by luck.
    """
    with one_line():
        from ._files import read_data
        from ._models import fitted, interactive, make_estimator, suited

        X = read_data(data, encoding=encoding)
        train, test = _split(X, seed)
        if estimators == "auto":
            estimators = "trees" if suited(X, None) == "trees" else "vgrow,gan,age,trees"
        names = [name.strip() for name in estimators.split(",") if name.strip()]
        models = [
            make_estimator(name, [], seed=seed, max_seconds=max_seconds, verbose=interactive() and not quiet)
            for name in names
        ]
        lines: list[dict[str, Any]] = [{"estimator": "real data", **_figures(test, train, seed), "iterations": None}]
        for name, model in zip(names, models, strict=True):
            if not fitted(model, train):
                say(f"fdgm: interrupted in {name}")
                raise KeyboardInterrupt
            samples = model.sample(len(test), random_state=seed)
            lines.append(
                {"estimator": name, **_figures(test, samples, seed), "iterations": getattr(model, "n_iter_", None)}
            )
        first, *rest = lines
        ranked = [first, *sorted(rest, key=lambda line: line["energy_distance"])]
        if as_json:
            print_json(ranked)
        else:
            _show(ranked, max_seconds)


def _split(X: Any, seed: int | None) -> tuple[Any, Any]:
    import numpy as np

    if len(X) < 30:
        raise Mistake(f"compare needs 30 rows or more, got {len(X)}")
    order = np.random.default_rng(seed).permutation(len(X))
    train, test = np.sort(order[len(X) // 3 :]), np.sort(order[: len(X) // 3])
    return (X.iloc[train], X.iloc[test]) if hasattr(X, "iloc") else (X[train], X[test])


def _figures(test: Any, samples: Any, seed: int | None) -> dict[str, float]:
    """How far samples are from held-out rows, in units of the data, and how well a classifier tells them apart."""
    from ..metrics import classifier_two_sample_test, report
    from ._comparable import comparable

    test, samples = comparable(test, samples)
    table = report(test, samples, n_resamples=0, random_state=seed)
    accuracy = classifier_two_sample_test(test, samples, random_state=seed).accuracy
    distance: Any = table.loc["energy_distance", "value"]
    return {"energy_distance": float(distance), "told_apart": accuracy}


def _show(lines: list[dict[str, Any]], max_seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"after {max_seconds:g} s each", title_justify="left")
    table.add_column("estimator")
    for name in ("energy distance", "told apart", "iterations"):
        table.add_column(name, justify="right")
    for line in lines:
        n = "" if line["iterations"] is None else f"{line['iterations']:,}"
        table.add_row(line["estimator"], f"{line['energy_distance']:.4g}", f"{line['told_apart']:.0%}", n)
    Console().print(table)
