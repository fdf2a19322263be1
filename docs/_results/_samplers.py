"""Every sampler beside others."""

from typing import Any

from benchmarks._format import interval, machine, stored, table

#: Data sets in the order of the tables, each with what it is measured by and its digits.
MEASURES = {
    **dict.fromkeys(("ring", "grid", "circles", "moons", "pinwheel"), ("units", 2)),
    **dict.fromkeys(("digits", "wine", "breast cancer", "diabetes"), ("energy_distance", 3)),
}
FIGURES = ("modes", "high_quality", "c2st")  # beside them
_FRONT_SECONDS = 30.0


def front_table() -> str:
    """Every sampler on all data at equal seconds: the table on the front."""
    rows = [row for row in _summary() if row["seconds"] == _FRONT_SECONDS]
    if not any(row["model"] == "VGrowSampler" for row in rows):
        return ""
    text = (
        f"Samplers at their defaults and others' models, trained on the same samples for {_FRONT_SECONDS:g} s of one"
        " core; medians over seeds, lower is better. In **bold** is the best, and what is not distinguishable from it:"
        " the 95% interval of the paired difference over seeds covers 0. The first five: energy distance, where real"
        " samples have 1 on average. The others: energy distance to held-out rows, of tables in standard deviations."
    )
    return "\n".join([text, "", *_grid(rows)]) + "\n"


def samplers_tables() -> list[str]:
    """Lines of the samplers beside others."""
    rows, result = _summary(), stored("samplers", "summary")
    if not rows:
        return [*_mnist()]
    lines = [
        "",
        "## Samplers beside others",
        "",
        f"Equal seconds of training for each, {result['note']}; default parameters; 50,000 training rows of what is"
        " drawn (1,400 digits, two thirds of a table's rows). Each figure is a mean over ten draws of 5,000 samples and"
        " as many real ones, the same for all models; of digits and tables, ten draws of samples against the held-out"
        " rows. A mode counts with 20 samples within 4 std. Energy distance: 1 + U/(Δ(1/n + 1/m)), which is 1 on"
        " average for real samples (of digits and tables, as it is). Two-sample: held-out accuracy of a small network"
        f" that tells samples from data, 0.5 where it cannot. {machine(result)}.",
        "",
    ]
    for seconds in sorted({row["seconds"] for row in rows}, reverse=True):
        same = [row for row in rows if row["seconds"] == seconds]
        lines += [f"### {seconds:g} s", "", *_grid(same), ""]
        lines += _details(same)
    return [*lines, *_mnist()]


def _summary() -> list[dict[str, Any]]:
    return stored("samplers", "summary").get("summary", [])


def _grid(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each model and a column for each data set."""
    data = [name for name in MEASURES if any(row["data"] == name for row in rows)]
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["data"] in MEASURES:
            figure, digits = MEASURES[row["data"]]
            cells.setdefault(row["model"], {})[row["data"]] = _cell(row, figure, digits)
    seeds = {name: max(row["seeds"] for row in rows if row["data"] == name) for name in data}
    heads = ["model", *(f"{name}, {n} seed{'s' if n > 1 else ''}" for name, n in seeds.items())]
    return table(heads, [[model, *(found.get(name, "") for name in data)] for model, found in cells.items()])


def _cell(row: dict[str, Any], figure: str, digits: int) -> str:
    if figure not in row:
        return "failed" if row["failed"] else ""
    text = interval(row[figure], digits) + (f", {row['failed']} failed" if row["failed"] else "")
    return f"**{text}**" if row["first"] else text


def _details(rows: list[dict[str, Any]]) -> list[str]:
    """What the grid leaves out: modes, and how well a classifier tells samples from data."""
    lines = [
        [row["data"], row["model"], row["seeds"], *(interval(row[f]) if f in row else "" for f in FIGURES)]
        for row in rows
        if any(f in row for f in FIGURES)
    ]
    return table(["data", "model", "seeds", "modes", "high-quality fraction", "two-sample"], lines) if lines else []


def _mnist() -> list[str]:
    """Lines of MNIST, one seed."""
    result = stored("samplers_mnist")
    if not result:
        return []
    rows = [
        [run["model"], f"{run['fd_classifier']:.1f}", f"{run['inception_score']:.2f}"]
        for run in sorted(result["runs"], key=lambda run: run.get("fd_classifier", float("inf")))
        if "fd_classifier" in run
    ]
    return [
        "",
        "## Samplers on MNIST",
        "",
        "300 s for each, one seed. Ours have small convolutional networks, VGrow and the GAN rates that were chosen"
        " there; NSF and GaussianMixture have 100 principal components in place of the pixels. Fréchet distance and"
        f" inception score by the stored classifier. {machine(result)}.",
        "",
        *table(["model", "Fréchet distance", "inception score"], rows),
    ]
