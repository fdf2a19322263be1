"""`fdgm encode`."""

from pathlib import Path
from typing import Annotated

import typer

from ._errors import Mistake, one_line
from ._options import Data, Encoding, Model

__all__ = ["encode"]


def encode(
    model: Model,
    data: Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. Without it, CSV on the standard output.")
    ] = None,
    encoding: Encoding = "utf-8",
) -> None:
    """Write the representations of data by a model with an encoder (fit it with --estimator age)."""
    with one_line():
        import pandas as pd

        from ._files import check_output, read_data, write_data
        from ._models import load_model, text_columns

        if out is not None:
            check_output(out)
        fitted = load_model(model)
        if not hasattr(fitted, "transform"):
            raise Mistake(f"{model}: a {type(fitted).__name__} has no encoder; fit one with --estimator age")
        codes = fitted.transform(read_data(data, encoding=encoding, text=text_columns(fitted)))
        write_data(pd.DataFrame(codes, columns=fitted.get_feature_names_out()), out)
