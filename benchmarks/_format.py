"""How the pages show figures."""

import json
import statistics
from pathlib import Path
from typing import Any

from scipy.stats import t as student

RESULTS = Path(__file__).parent / "results"


def stored(name: str, needs: str = "runs") -> dict[str, Any]:
    """A result, where it is kept and has what a page needs of it: a sweep may not be at its end; else nothing."""
    path = RESULTS / f"{name}.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    return result if needs in result else {}


def table(heads: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines of a Markdown table."""
    return [
        "| " + " | ".join(heads) + " |",
        "|---" * len(heads) + "|",
        *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows),
    ]


def section(title: str, text: str, result: dict[str, Any], heads: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines of a heading, of what was measured where, and of a table."""
    return ["", f"## {title}", "", f"{text} {result['note']}. {machine(result)}.", "", *table(heads, rows)]


def of_summary(row: dict[str, Any], figure: str, digits: int = 3) -> str:
    """A figure of a row that has its median beside the ends of its interval; empty where there is none."""
    if row.get(figure) is None:
        return ""
    return interval(
        {"median": row[figure], "low": row[f"{figure} low"], "high": row[f"{figure} high"], "n": row["n"]}, digits
    )


def interval(figure: dict[str, float], digits: int = 3) -> str:
    """A median with its 95% bootstrap interval, which one run does not have."""
    if figure["n"] == 1:
        return f"{figure['median']:.{digits}f}"
    return f"{figure['median']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def machine(result: dict[str, Any]) -> str:
    """Processors and version of torch that a result was measured with."""
    here = result["machine"]["cpu"]
    cpus = sorted({run.get("cpu", here) for run in result.get("runs", [])} or {here})
    return f"{' and '.join(cpus)}, torch {result['machine']['torch']}"


def mean(values: list[float]) -> str:
    """The mean, with the half width of Student's 95% interval where there is more than one value."""
    if not values:
        return ""
    if len(values) == 1:
        return f"{values[0]:.3g}"
    half = student.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.mean(values):.3g} ± {half:.2g}"
