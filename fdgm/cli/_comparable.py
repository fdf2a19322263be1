"""Tables with text, dates and missing values as numbers, so that measures can compare them."""

from typing import Any

import numpy as np
import pandas as pd

from ..tables import Schema

__all__ = ["comparable"]


def comparable(*samples: Any) -> tuple[Any, ...]:
    """Samples as rows of numbers.

    Samples whose columns are all numbers stay as they are. A column of another table becomes one column that says where
    a value is missing, and either one for each category or the number, in units of the first sample's standard
    deviation. None stays None.

    Raises
    ------
    ValueError
        If the columns of the samples differ.
    """
    tables = [sample for sample in samples if sample is not None]
    if not all(isinstance(table, pd.DataFrame) for table in tables) or all(map(_is_plain, tables)):
        return samples
    schema = Schema.of(tables[0], "real data")
    codes = [None if sample is None else schema.encode(sample, unknown="missing") for sample in samples]
    first = next(rows for rows in codes if rows is not None)
    parts: list[list[np.ndarray]] = [[] for _ in codes]
    for k, categorical in enumerate(schema.categorical):
        known = first[:, k][~np.isnan(first[:, k])]
        levels = np.unique(known) if categorical else None
        centre, scale = (float(np.median(known)), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)
        for part, rows in zip(parts, codes, strict=True):
            if rows is None:
                continue
            values = rows[:, k]
            missing = np.isnan(values)
            part.append(missing[:, None].astype(np.float64))
            if levels is not None:
                part.append((values[:, None] == levels).astype(np.float64))
            else:
                part.append(np.where(missing, 0.0, (values - centre) / scale)[:, None])
    return tuple(None if rows is None else np.hstack(part) for part, rows in zip(parts, codes, strict=True))


def _is_plain(table: pd.DataFrame) -> bool:
    return all(isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in table.dtypes) and not bool(
        table.isna().to_numpy().any()
    )
