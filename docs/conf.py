"""Sphinx configuration, and the page of benchmarks, which is made from their JSON."""

import json
import statistics
from importlib import metadata
from pathlib import Path
from typing import Any

from scipy.stats import t as student

HERE = Path(__file__).parent
RESULTS = HERE.parent / "benchmarks" / "results"

project = "fdgm"
author = "the fdgm developers"
release = metadata.version("fdgm")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "generated/front.md"]
html_theme = "furo"
autosummary_generate = True
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]


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


def gan_tables() -> list[str]:
    """Objectives and remedies of GANSampler."""
    tables = {
        "gan_objectives": (
            "Objectives of GANs",
            "AGE's 25 imbalanced Gaussians, 12 of them a twentieth as frequent: modes of 25 (20 of 10,000 samples"
            " within 4 std), KL of the samples' modes to the data's.",
            ["objective", "noise"],
            ["modes", "kl", "high_quality", "energy_distance"],
        ),
        "remedies": (
            "Remedies for lost modes",
            "The minimax GAN without noise, with one remedy each, 5,000 samples, on the ring of 8 and the grid of 25.",
            ["data", "remedy"],
            ["modes", "high_quality", "energy_distance"],
        ),
        "wgan_gp_2d": (
            "WGAN-GP in the plane",
            "Trained as in DGflow's appendix D.1; energy distance in units of the mean between two real samples.",
            ["data"],
            ["modes", "high_quality", "energy_distance"],
        ),
    }
    lines: list[str] = []
    for name, (title, text, keys, figures) in tables.items():
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for run in result["runs"]:
            groups.setdefault(tuple(str(run[key]) for key in keys), []).append(run)
        lines += [
            "",
            f"## {title}",
            "",
            f"{text} {result['note']}. {machine(result)}.",
            "",
            "| " + " | ".join([*keys, *figures, "seeds"]) + " |",
            "|---" * (len(keys) + len(figures) + 1) + "|",
        ]
        for group, runs in groups.items():
            cells = [mean([run[figure] for run in runs if figure in run]) for figure in figures]
            lines.append("| " + " | ".join([*group, *cells, str(len(runs))]) + " |")
    return lines


def age_tables() -> list[str]:
    """Lines of every table of bidirectional models that is kept, published figures beside ours."""
    titles = {
        "age_table_3_cpu": "AGE, table 3: 9 imbalanced Gaussians, small networks",
        "age_table_3_paper": "AGE, table 3: 9 imbalanced Gaussians, the paper's networks",
        "age_table_4_cpu": "AGE, table 4: 25 imbalanced Gaussians, small networks",
        "age_table_4_paper": "AGE, table 4: 25 imbalanced Gaussians, the paper's networks",
        "age_stacked_mnist_cpu": "AGE, tables 5 and 7: Stacked MNIST, narrow networks",
        "age_stacked_mnist_paper": "AGE, tables 5 and 7: Stacked MNIST, the paper's networks",
        "age_representations": "AGE's representations",
    }
    lines: list[str] = []
    for name, title in titles.items():
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        columns = list(dict.fromkeys(column for row in result["summary"] for column in row))
        seconds = {run.get("seconds") for run in result["runs"]} - {None}
        budget = f"{max(seconds):g} s of training on one core for each. " if seconds else ""
        lines += [
            "",
            f"## {title}",
            "",
            f"{budget}{machine(result)}.",
            "",
            "| " + " | ".join(columns) + " |",
            "|---" * len(columns) + "|",
        ]
        for row in result["summary"]:
            cells = [row.get(column) for column in columns]
            lines.append("| " + " | ".join(f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells) + " |")
    path = RESULTS / "age_published_way.json"
    if path.exists():
        result = json.loads(path.read_text())
        faster = result["speed_up"]
        lines += [
            "",
            "## AGE against the published way",
            "",
            "AGE's published code keeps graphs through encoder and generator in the critic's steps, and computes the"
            f" critic's weight gradients in theirs. With networks of {result['widths'][0]} units and a critic of"
            f" {result['widths'][1]}, the same updates by `AGEBidirectional` are {interval(faster['float32'], 2)} times"
            f" as fast in float32 and {interval(faster['bfloat16'], 2)} times in bfloat16, over"
            f" {faster['float32']['n']} pairs.",
        ]
    return lines


def image_tables() -> list[str]:
    """Lines of VGrow's images, of each scale that is kept: scores, and the curve of the Inception score."""
    lines: list[str] = []
    for scale, title in (("cpu", "narrow networks"), ("paper", "the paper's networks")):
        path = RESULTS / f"vgrow_images_{scale}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        lines += [
            "",
            f"## VGrow on images: {title}",
            "",
            f"Inception score by the stored classifier and FD-classifier to the test set, of 10,000 samples, with the"
            f" interval of {result['draws']} bootstrap draws; {result['note']}. {machine(result)}.",
            "",
            "| data | networks | model | seed | seconds | loops | Inception score (of the test set)"
            " | FD-classifier (of the training set) | smallest class |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for run in result["runs"]:
            score, distance = (
                f"{run[name]:.3g} ({run[name + '_interval'][0]:.3g} to {run[name + '_interval'][1]:.3g})"
                for name in ("inception_score", "fd_classifier")
            )
            seconds = "" if run["seconds"] is None else f"{run['seconds']:g}"
            lines.append(
                f"| {run['data']} | {run['architecture']} | {run['model']} | {run['seed']} | {seconds} | {run['loops']}"
                f" | {score} ({run['inception_score_of_test']:.3g})"
                f" | {distance} ({run['fd_classifier_of_training']:.3g}) | {run['smallest_share']:.1%} |"
            )
        lines += ["", "Inception score of 2,000 samples by outer loop:", ""]
        for run in result["runs"]:
            curve = ", ".join(f"{point['loop']}: {point['inception_score']:.2f}" for point in run["curve"])
            lines.append(f"- {run['data']}, {run['architecture']}, {run['model']}, seed {run['seed']}: {curve}")
        lines += [
            "",
            "Images a second of a particle step, and its rate as a share of a bare pass forward and back to the input: "
            + "; ".join(
                f"`{rate['architecture']}` {rate['images_per_second']:.0f}, {interval(rate['share_of_bare'], 2)}"
                for rate in result["speed"]
            )
            + ".",
        ]
    return lines


def front_table() -> str:
    """Every sampler on five data sets, at equal seconds: the table on the front."""
    measures = {
        "ring": ("units", 1),
        "grid": ("units", 1),
        "circles": ("units", 1),
        "digits": ("energy_distance", 3),
        "mnist": ("fd_classifier", 1),
    }
    path = RESULTS / "samplers.json"
    rows = json.loads(path.read_text()).get("summary", []) if path.exists() else []
    longest = {data: max((row["seconds"] for row in rows if row["data"] == data), default=0) for data in measures}
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["data"] in measures and row["seconds"] == longest[row["data"]]:
            figure, digits = measures[row["data"]]
            table.setdefault(row["model"], {})[row["data"]] = interval(row[figure], digits)
    whole = {model: cells for model, cells in table.items() if len(cells) == len(measures)}
    if not whole:
        return ""
    heads = [f"{data}, {longest[data]:g} s" for data in measures]
    lines = [
        "Every sampler at its defaults (on MNIST with small convolutional networks where they are ours), and others'"
        " models, on the same rows, for the same seconds on one core: medians over seeds with 95% bootstrap intervals,"
        " lower is better. Ring, grid and circles: energy distance in units of the mean between two real samples;"
        " digits: energy distance to held-out ones; MNIST, one seed: the Fréchet distance in the stored classifier's"
        " features, NSF and GaussianMixture having 100 principal components in place of the pixels.",
        "",
        "| model | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    lines += [f"| {model} | " + " | ".join(cells[data] for data in measures) + " |" for model, cells in whole.items()]
    return "\n".join(lines) + "\n"


def benchmarks_page() -> str:
    """Markdown of every result that is kept."""
    lines = [
        "# Benchmarks",
        "",
        "Medians with 95% bootstrap intervals, or means ± the half width of Student's 95% interval, from the JSON files"
        " in `benchmarks/results/`.",
    ]
    peers = RESULTS / "samplers.json"
    if peers.exists():
        result = json.loads(peers.read_text())
        lines += [
            "",
            "## In few dimensions, beside others",
            "",
            f"Equal seconds of training for each, {result['note']}; default parameters; 50,000 training rows (1,400"
            " digits), 5,000 samples. A mode counts with 20 samples within 4 std; energy distance in units of the mean"
            " between two real samples (of digits, as it is, to 397 held-out ones); two-sample: held-out accuracy of a"
            " small network that tells samples from data, 0.5 where it cannot."
            f" {machine(result)}.",
            "",
            "| data | model | seconds | seeds | fewest modes | high-quality share | energy distance | two-sample |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in result["summary"]:
            if row["data"] == "mnist":
                continue
            distance = interval(row["units"], 2) if "units" in row else interval(row["energy_distance"], 4)
            share, c2st = (interval(row[name]) if name in row else "" for name in ("high_quality", "c2st"))
            lines.append(
                f"| {row['data']} | {row['model']} | {row['seconds']:g} | {row['seeds']}"
                f" | {row.get('fewest_modes', '')} | {share} | {distance} | {c2st} |"
            )
    lines += image_tables()
    lines += gan_tables()
    lines += age_tables()
    overhead = RESULTS / "overhead.json"
    if overhead.exists():
        result = json.loads(overhead.read_text())
        lines += [
            "",
            "## Overhead",
            "",
            "Time of an outer loop over that of a hand-written PyTorch loop of the same algorithm (20,000 × 10, batch"
            f" 256, 2 × 128), paired in one run. {machine(result)}.",
            "",
            "| estimator | library over plain loop | pairs |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{name}` | {interval(case['ratio'])} | {case['ratio']['n']} |" for name, case in result["cases"].items()
        ]
    published = RESULTS / "published_way.json"
    if published.exists():
        result = json.loads(published.read_text())
        faster, distance = result["speed_up"], result["energy_distance"]
        lines += [
            "",
            "## Against the published way",
            "",
            "VGrow's published code makes a fresh DataLoader for each critic step, and computes the critic's weight"
            " gradients in the particle step, in PyTorch's default memory layout. On real 32 × 32 digits, with its"
            " residual networks at"
            f" {result['channels']} channels and {result['particles']} particles, the same loop by `VGrowSampler` is"
            f" {interval(faster['float32'], 2)} times as fast in float32 and {interval(faster['bfloat16'], 2)} times in"
            f" bfloat16, over {faster['float32']['n']} pairs. After {result['quality_loops']} loops the energy distance"
            f" of pixels to held-out images is {distance['float32']:.3f} in float32 and {distance['bfloat16']:.3f} in"
            " bfloat16.",
        ]
    ratios = RESULTS / "ratios.json"
    if ratios.exists() and "summary" in (result := json.loads(ratios.read_text())):  # a sweep may not be at its end
        lines += ["", "## Density ratios", "", *ratios_tables(result)]
    limits = RESULTS / "limits.json"
    if limits.exists():
        lines += ["", "## Memory, time and bad days", "", *limits_table(json.loads(limits.read_text())["measured"])]
    return "\n".join(lines) + "\n"


def ratios_tables(result: dict[str, Any]) -> list[str]:
    """Accuracy by method and dimension, then what was aimed at and what was reached."""
    summary = result["summary"]
    dimensions = sorted({row["d"] for row in summary["gaussians"]})
    lines = [
        "Root mean square error of the log-ratio of N(0, I) to N(1/√d, 1.44 I), under the first, from 5,000 rows of"
        f" each, {result['seeds']} seeds, default parameters, every estimate held to ± log 5,000; and mean absolute"
        f" log-ratio where both samples are of N(0, I). {machine(result)}; {result['note']}.",
        "",
        "| package | estimator | " + " | ".join(f"d = {d}" for d in dimensions) + " | "
        + " | ".join(f"equal, d = {d}" for d in dimensions) + " |",
        "|---" * (2 + 2 * len(dimensions)) + "|",
    ]  # fmt: skip
    error = {(row["package"], row["method"], row["d"]): interval(row["rmse"]) for row in summary["gaussians"]}
    equal = {("fdgm", row["method"], row["d"]): interval(row["mean_absolute"]) for row in summary["equal"]}
    for package, method in dict.fromkeys((key[0], key[1]) for key in error):
        cells = [table.get((package, method, d), "") for table in (error, equal) for d in dimensions]
        lines.append(f"| {package} | `{method}` | " + " | ".join(cells) + " |")
    return [*lines, "", "| measure | to reach | measured | reached |", "|---|---|---|---|", *ratios_targets(summary)]


def ratios_targets(summary: dict[str, Any]) -> list[str]:
    """Rows of what was aimed at: by medians, and for several cases by the worst of them."""
    error = {(row["package"], row["method"], row["d"]): row["rmse"]["median"] for row in summary["gaussians"]}
    beside = {
        f"`{method}`, d = {d}": error["fdgm", method, d] / theirs
        for (package, method, d), theirs in error.items()
        if package == "densratio"
    }
    critic = next(row["rmse"] for row in summary["gaussians"] if (row["method"], row["d"]) == ("LogisticRatio", 2))
    equal = {f"`{row['method']}`, d = {row['d']}": row["mean_absolute"]["median"] for row in summary["equal"]}
    far = {row["method"]: row["rmse"] for row in summary["far"]}
    pairs = summary["beside_densratio"]
    swaps = {f"`{row['method']}`": row["median"]["median"] for row in summary["swap"]}
    exact = {f"`{method}`": gap for method, gap in summary["swap_promised"].items()}
    (speed,) = summary["speed"]
    ours, theirs = (row[name] for row in summary["held_out"] for name in row)
    scored = {f"`{row['method']}`": row["megabytes_beyond_result"]["median"] for row in summary["memory"]}
    ks_p = summary["two_sample"]["ks_p"]

    def worst(cases: dict[str, float]) -> str:
        case = max(cases, key=cases.__getitem__)
        return f"{cases[case]:.3g} at most, {case}"

    rows = [
        ("RMSE of `LogisticRatio`, d = 2", "< 0.25", interval(critic), critic["median"] < 0.25),
        (
            "kernels' median RMSE over densratio's, same rows",
            "≤ 1",
            f"{worst(beside)}; less in {pairs['better']} of {pairs['pairs']} pairs of fits",
            max(beside.values()) <= 1,
        ),
        ("mean absolute log-ratio of equal samples", "≤ 0.1", worst(equal), max(equal.values()) <= 0.1),
        (
            f"`two_sample_test` under one distribution, {summary['two_sample']['tests']} seeds: Kolmogorov–Smirnov p of"
            " uniform p-values",
            "> 0.01",
            f"{ks_p:.2f}",
            ks_p > 0.01,
        ),
        (
            "far apart, N(0, I) and N(4·1, I), d = 5: RMSE of `TelescopingRatio` and of `LogisticRatio`",
            "a half at most",
            " and ".join(interval(far[method], 2) for method in ("TelescopingRatio", "LogisticRatio")),
            far["TelescopingRatio"]["median"] <= far["LogisticRatio"]["median"] / 2,
        ),
        (
            "samples exchanged, d = 2: greatest gap between the log-ratio and minus itself, of those that promise 0",
            "0",
            worst(exact),
            max(exact.values()) == 0,
        ),
        ("the same, median gap, of all", "near 0", ", ".join(f"{m} {gap:.2f}" for m, gap in swaps.items()), None),
        (
            "`RuLSIF` with its grid search, 2,000 × 10 of each sample: times as fast as densratio's, same grid",
            "≥ 10",
            interval(speed["times_as_fast"], 1),
            speed["times_as_fast"]["median"] >= 10,
        ),
        (
            "its held-out loss, and densratio's (less is better)",
            "no greater",
            f"{interval(ours)} and {interval(theirs)}",
            ours["median"] <= theirs["median"],
        ),
        ("MB of anonymous memory beyond the result, 1,000,000 × 20 scored", "< 500", worst(scored),
         max(scored.values()) < 500),
    ]  # fmt: skip
    says = {True: "yes", False: "**no**", None: ""}
    return [f"| {what} | {target} | {found} | {says[reached]} |" for what, target, found, reached in rows]


def limits_table(measured: dict[str, dict[str, Any]]) -> list[str]:
    """A line for each measure that is there."""
    sentences = {
        "default_fit": "default `fit` on 2,000 × 10: {seconds:.1f} s",
        "default_digits": "default `fit` on the digits: {seconds:.1f} s; of 2,000 samples, by nearest centroid, each"
        " class has {least_share:.1%} at least and {greatest_share:.1%} at most",
        "million_samples": "`sample(10**6)` of two columns: {megabytes_beyond_result:.0f} MB beyond the result,"
        " {seconds:.1f} s; a neural spline flow takes {nsf_seconds:.1f} s",
        "mapped_fit": "`fit` on a memory-mapped array of {gigabytes:.1f} GB: {megabytes:.0f} MB of anonymous memory",
        "kills": "a fit of {uninterrupted_seconds:.0f} s, killed {kills} times: same bits {same_bits}, at most"
        " {most_seconds_lost:.0f} s lost to one, from the start of its process or its last checkpoint",
    }
    return [f"- {text.format(**measured[name])}" for name, text in sentences.items() if name in measured]


def setup(app: Any) -> None:
    """Write what is made of JSON before Sphinx reads its sources."""
    page = HERE / "generated" / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(benchmarks_page())
    (page.parent / "front.md").write_text(front_table())
