"""Sphinx configuration, and the page of benchmarks, which is made from their JSON."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE.parent / "benchmarks" / "results"

project = "fdgm"
author = "the fdgm developers"
release = metadata.version("fdgm")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
autosummary_generate = True
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]


def interval(figure: dict[str, float], digits: int = 3) -> str:
    """A median with its 95% bootstrap interval."""
    return f"{figure['median']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def benchmarks_page() -> str:
    """Markdown of every result that is kept."""
    lines = ["# Benchmarks", "", "Medians with 95% bootstrap intervals, from the JSON files in `benchmarks/results/`."]
    peers = RESULTS / "peers_2d.json"
    if peers.exists():
        result = json.loads(peers.read_text())
        lines += [
            "",
            "## In few dimensions, beside others",
            "",
            f"{result['seconds']:g} s of training for each, {result['note']}, {result['seeds']} seeds, default"
            " parameters; 50,000 training rows (1,400 digits), 5,000 samples. A mode counts with 20 samples within 4"
            " std; energy distance in units of the mean between two real samples (of digits, as it is, to 397 held-out"
            " ones); two-sample: held-out accuracy of a small network that tells samples from data, 0.5 where it"
            f" cannot. {result['machine']['cpu']}, torch {result['machine']['torch']}.",
            "",
            "| data | model | fewest modes | high-quality share | energy distance | two-sample |",
            "|---|---|---|---|---|---|",
        ]
        for row in result["summary"]:
            distance = interval(row["units"], 2) if "units" in row else interval(row["energy_distance"], 4)
            share, c2st = (interval(row[name]) if name in row else "" for name in ("high_quality", "c2st"))
            lines.append(
                f"| {row['data']} | {row['model']} | {row.get('fewest_modes', '')} | {share} | {distance} | {c2st} |"
            )
    overhead = RESULTS / "overhead.json"
    if overhead.exists():
        result = json.loads(overhead.read_text())
        lines += [
            "",
            "## Overhead",
            "",
            "Time of an outer loop of `VGrowSampler` over that of a hand-written PyTorch loop of the same algorithm"
            f" (20,000 × 10, batch 256, 2 × 128), {result['ratio']['n']} pairs in one run:"
            f" {interval(result['ratio'])}.",
        ]
    return "\n".join(lines) + "\n"


def setup(app: Any) -> None:
    """Write the page before Sphinx reads its sources."""
    page = HERE / "generated" / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(benchmarks_page())
