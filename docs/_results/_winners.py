"""What is measured, and who is best at it: one line for each question, from the same JSON as the tables below it."""

import statistics
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks._format import stored, table

from ._samplers import MEASURES

Figures = dict[str, float]


def winners_table() -> list[str]:
    """Lines of the summary that opens the page."""
    rows = [row for contest in (*_samplers(), *_images(), *_gans(), *_bidirectional(), *_refiners(), *_ratios())
            if (row := _row(*contest))]  # fmt: skip
    text = (
        "Each line names the two best of a comparison, by the medians or means of the tables below. Those give training"
        " times and intervals: two neighbours are often within each other's."
    )
    return (
        ["", "## Who wins", "", text, "", *table(["question", "measure", "best", "next", "of"], rows)] if rows else []
    )


def _row(question: str, measure: str, figures: Figures, less: bool) -> list[Any]:
    if len(figures) < 2:
        return []
    ranked = sorted(figures, key=lambda name: figures[name], reverse=not less)
    best, second = (f"{name}, {figures[name]:.4g}" for name in ranked[:2])
    return [question, f"{measure}, {'less' if less else 'more'} is better", best, second, len(figures)]


def _of(rows: Iterable[dict[str, Any]], name: str, figure: str, **match: Any) -> Figures:
    """A figure of the rows that have these values, by the name in a column; a median where it has an interval."""
    found = {}
    for row in rows:
        if match.items() <= row.items() and row.get(figure) is not None:
            value = row[figure]
            found[row[name]] = value["median"] if isinstance(value, dict) else value
    return found


def _means(runs: Iterable[dict[str, Any]], name: str, figure: str, **match: Any) -> Figures:
    values: dict[str, list[float]] = {}
    for run in runs:
        if match.items() <= run.items() and run.get(figure) is not None:
            values.setdefault(run[name], []).append(run[figure])
    return {key: statistics.mean(found) for key, found in values.items()}


Contest = tuple[str, str, Figures, bool]


def _samplers() -> Iterator[Contest]:
    rows = stored("samplers", "summary").get("summary", [])
    for data, (figure, _) in MEASURES.items():
        measure = "energy distance, 1 for real samples" if figure == "units" else "energy distance to held-out rows"
        yield (
            f"Samplers at their defaults, {data}, 30 s",
            measure,
            _of(rows, "model", figure, data=data, seconds=30.0),
            True,
        )
    runs = stored("samplers_mnist").get("runs", [])
    yield (
        "Samplers, MNIST, 300 s, one seed", "Fréchet distance in the classifier's features",
        _means(runs, "model", "fd_classifier"), True,
    )  # fmt: skip


def _images() -> Iterator[Contest]:
    runs = stored("vgrow_images_cpu").get("runs", [])
    for data, title in (("mnist", "MNIST"), ("fashion-mnist", "Fashion-MNIST")):
        yield (
            f"VGrow's divergences and a GAN on {title}, 20 min", "Fréchet distance in the classifier's features",
            _means(runs, "model", "fd_classifier", data=data, architecture="dcgan"), True,
        )  # fmt: skip


def _gans() -> Iterator[Contest]:
    runs = stored("gan_objectives").get("runs", [])
    yield (
        "Objectives of GANs, 25 imbalanced Gaussians", "KL of the samples' modes",
        _means(runs, "objective", "kl", noise=0.3), True,
    )  # fmt: skip
    runs = stored("stabilizers").get("runs", [])
    yield (
        "Stabilizers of the minimax GAN, the grid",
        "modes of 25",
        _means(runs, "stabilizer", "modes", data="grid"),
        False,
    )


def _bidirectional() -> Iterator[Contest]:
    rows = {name: stored(name, "summary").get("summary", []) for name in (
        "age_table_3_cpu", "age_table_4_cpu", "age_stacked_mnist_cpu", "age_representations")}  # fmt: skip
    yield "AGE's table 3, 9 Gaussians", "KL objective", _of(rows["age_table_3_cpu"], "method", "objective"), True
    yield "AGE's table 4, 25 Gaussians", "KL of the modes", _of(rows["age_table_4_cpu"], "method", "kl"), True
    yield "Stacked MNIST, one seed", "modes of 1,000", _of(rows["age_stacked_mnist_cpu"], "method", "modes"), False
    for data, latents, title in (("digits", 6, "digits, 6 latents"), ("mnist", 10, "MNIST, 10 latents")):
        same = [row for row in rows["age_representations"] if (row["data"], row["latents"]) == (data, latents)]
        figures = _of(same, "method", "linear")
        if same:
            figures["PCA"] = same[0]["pca"]
        yield f"Representations, {title}", "accuracy of a linear classifier", figures, False


def _refiners() -> Iterator[Contest]:
    rows = stored("dgflow_table1", "summary").get("summary", [])
    yield "Refiners of a WGAN-GP, 25 Gaussians", "fraction near a mode", _of(rows, "method", "high_quality"), False
    rows = [
        {**row, "name": row["model"] if row["plan"] == "none" else f"{row['model']} and DGflow, {row['plan']}"}
        for row in stored("dgflow_grid", "summary").get("summary", [])
    ]
    yield (
        "VGrow, refined or not, and flows, 25 Gaussians, 60 s", "energy distance in units of two real samples'",
        _of(rows, "name", "energy_distance"), True,
    )  # fmt: skip


def _ratios() -> Iterator[Contest]:
    rows = [
        {**row, "name": f"{row['method']} ({row['package']})"}
        for row in stored("ratios", "summary").get("summary", {}).get("gaussians", [])
    ]
    for d in (1, 2, 10):
        yield f"Density ratios of two Gaussians, d = {d}", "RMSE of the log-ratio", _of(rows, "name", "rmse", d=d), True
