"""The table of a report, which prints completely."""

from collections.abc import Callable

import pandas as pd

__all__ = ["ReportTable"]


class ReportTable(pd.DataFrame):
    """A DataFrame that prints all columns, whatever the width of the terminal."""

    @property
    def _constructor(self) -> Callable[..., "ReportTable"]:
        return ReportTable

    def __repr__(self) -> str:
        return self.to_string(float_format="{:.4g}".format)
