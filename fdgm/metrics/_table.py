"""The table of a report: complete in a terminal, and with a picture of each interval in a notebook."""

import html
import math
from collections.abc import Callable
from typing import Any

import pandas as pd

__all__ = ["ReportTable"]

_COLUMNS = {"value", "low", "high", "better"}
#: What real data stand beside the samples, and what it is called.
_BESIDE = {"held_out": "held-out data", "real": "training rows"}
_WIDTH = 160  # pixels of an interval's picture


class ReportTable(pd.DataFrame):
    """A DataFrame that prints all columns, whatever the width of the terminal.

    In a notebook, a picture shows each value with its interval, and the value of real data beside it.
    """

    @property
    def _constructor(self) -> Callable[..., "ReportTable"]:
        return ReportTable

    def __repr__(self) -> str:
        return self.to_string(float_format="{:.4g}".format)

    def _repr_html_(self) -> str:
        beside = next((name for name in _BESIDE if name in self.columns), None)
        if not _COLUMNS.issubset(self.columns) or beside is None:  # a part of the table
            return str(self.to_html(float_format="{:.4g}".format))
        named = _BESIDE[beside]
        names = ("measure", "value", "95% interval", named, "", "better", "space", "rows")
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
        lines = "".join(_line(str(name), row, beside) for name, row in self.iterrows())
        note = f"● samples with their interval, <span style='color:#3b6ea5'>|</span> {named}"
        return f"<table><caption>{note}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _line(name: str, row: Any, beside: str) -> str:
    value, low, high, held = (float(row[key]) for key in ("value", "low", "high", beside))
    interval = f"{low:.4g} to {high:.4g}" if math.isfinite(low) and math.isfinite(high) else "–"
    cells = (
        f"<code>{html.escape(name)}</code>",
        f"<b>{value:.4g}</b>",
        interval,
        f"{held:.4g}" if not math.isnan(held) else "–",
        _picture(value, low, high, held),
        html.escape(str(row["better"])),
        html.escape(str(row.get("space", ""))),
        html.escape(str(row.get("n_rows", ""))),
    )
    return "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells) + "</tr>"


def _picture(value: float, low: float, high: float, held: float) -> str:
    """The value, its interval and that of held-out data on one line, as SVG. Nothing where there is no scale."""
    known = [number for number in (value, low, high, held) if math.isfinite(number)]
    if not math.isfinite(value) or len(set(known)) < 2:
        return ""
    least, most = min(known), max(known)

    def at(number: float) -> str:
        return f"{8 + (_WIDTH - 16) * (number - least) / (most - least):.1f}"

    marks = [f"<line x1='8' x2='{_WIDTH - 8}' y1='9' y2='9' stroke='#8884'/>"]
    if math.isfinite(low) and math.isfinite(high):
        marks.append(
            f"<line x1='{at(low)}' x2='{at(high)}' y1='9' y2='9' stroke='#e07b39' stroke-width='4' opacity='.5'/>"
        )
    marks.append(f"<circle cx='{at(value)}' cy='9' r='4' fill='#e07b39'/>")
    if math.isfinite(held):
        marks.append(f"<line x1='{at(held)}' x2='{at(held)}' y1='2' y2='16' stroke='#3b6ea5' stroke-width='2'/>")
    return f"<svg width='{_WIDTH}' height='18' role='img' aria-label='interval'>{''.join(marks)}</svg>"
