"""`fdgm refine`."""

from pathlib import Path
from typing import Annotated

import typer

from ._errors import INTERRUPTED, one_line, say
from ._options import Data, Encoding, Out, Seed

__all__ = ["refine"]


def refine(
    generated: Annotated[
        Path, typer.Argument(help="Model of `fdgm fit`, or samples of any generator.", show_default=False)
    ],
    data: Data,
    out: Out,
    divergence: Annotated[str, typer.Option("--divergence", help="Divergence that the flow descends.")] = "kl",
    seed: Seed = None,
    encoding: Encoding = "utf-8",
) -> None:
    """Move samples towards data.

    A model (.fdgm) gives a refined model, to sample from. Samples give refined samples.
    """
    with one_line():
        from ..refiners import DGflowRefiner
        from ._files import check_output, read_alike, read_data, write_data
        from ._models import fitted, load_model, text_columns

        check_output(out)
        if generated.suffix.lower() == ".fdgm":
            model = load_model(generated)
            X = read_data(data, encoding=encoding, text=text_columns(model))
            refiner = DGflowRefiner(model, divergence=divergence, random_state=seed)
            whole = fitted(refiner, X)
            refiner.save(out)
        else:
            X, samples = read_alike(data, generated, encoding=encoding)
            refiner = DGflowRefiner(None, divergence=divergence, random_state=seed)
            whole = fitted(refiner, X, X_generated=samples)
            write_data(refiner.refine(samples, random_state=seed), out)
        if not whole:
            say(f"fdgm: interrupted; {out} holds what was refined by then")
            raise typer.Exit(INTERRUPTED)
