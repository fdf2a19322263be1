"""Tables with text, dates and missing values as numbers, so that measures can compare them."""

from typing import Any

import numpy as np
import pandas as pd

from ..tables import Schema

__all__ = ["comparable"]


def comparable(*samples: Any) -> tuple[Any, ...]:
    """Samples as rows of numbers.

    None stays None, and samples whose columns are all numbers stay as they are. A column of another table becomes:

    - one column that says where a value is missing;
    - one for each category, or the number in units of the first sample's standard deviation.

    Raises
    ------
    ValueError
        If the columns of the samples differ.
    """
    tables = [sample for sample in samples if sample is not None]
    if not all(isinstance(table, pd.DataFrame) for table in tables) or all(map(_is_plain, tables)):
        return samples
    schema = Schema.of(tables[0], "real data")
    known = [column[~np.isnan(column)] for column in schema.encode(tables[0], unknown="missing").T]

    def numbers(codes: np.ndarray) -> np.ndarray:
        missing = np.isnan(codes)
        blocks = [missing.astype(np.float64)]
        for column, values, hole, free in zip(codes.T, known, missing.T, schema.categorical, strict=True):
            if free or not len(values):
                blocks.append((column[:, None] == np.unique(values)).astype(np.float64))
            else:
                blocks.append(np.where(hole, 0.0, (column - np.median(values)) / (values.std() or 1.0))[:, None])
        return np.hstack(blocks)

    return tuple(None if sample is None else numbers(schema.encode(sample, unknown="missing")) for sample in samples)


def _is_plain(table: pd.DataFrame) -> bool:
    return all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in table.dtypes) and not bool(
        table.isna().to_numpy().any()
    )
