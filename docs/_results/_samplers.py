"""Every sampler beside others."""

from collections import Counter

from benchmarks._format import interval, machine, stored


def front_table() -> str:
    """Every sampler on five data sets, at equal seconds, those that most models were given: the table on the front."""
    measures = {
        "ring": ("units", 1),
        "grid": ("units", 1),
        "circles": ("units", 1),
        "digits": ("energy_distance", 3),
        "mnist": ("fd_classifier", 1),
    }
    rows = stored("samplers", "summary").get("summary", [])
    budgets = {data: Counter(row["seconds"] for row in rows if row["data"] == data) for data in measures}
    seconds = {data: max(found, key=lambda value: (found[value], value)) for data, found in budgets.items() if found}
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["data"] in measures and row["seconds"] == seconds[row["data"]]:
            figure, digits = measures[row["data"]]
            table.setdefault(row["model"], {})[row["data"]] = interval(row[figure], digits)
    whole = {model: cells for model, cells in table.items() if len(cells) == len(measures)}
    if not whole:
        return ""
    heads = [f"{data}, {seconds[data]:g} s" for data in measures]
    lines = [
        "Every sampler at its defaults (on MNIST ours have small convolutional networks, VGrow and the GAN rates"
        " that were chosen there), and others' models, on the same rows, for the same seconds on one core: medians over"
        " seeds with 95% bootstrap intervals, lower is better. Ring, grid and circles: energy distance in units of the"
        " mean between two real samples; digits: energy distance to held-out ones; MNIST, one seed: the Fréchet"
        " distance in the stored classifier's features, NSF and GaussianMixture having 100 principal components in"
        " place of the pixels.",
        "",
        "| model | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    lines += [f"| {model} | " + " | ".join(cells[data] for data in measures) + " |" for model, cells in whole.items()]
    return "\n".join(lines) + "\n"


def samplers_tables() -> list[str]:
    """Lines of the samplers in few dimensions."""
    result = stored("samplers", "summary")
    if not result:
        return []
    lines = [
        "",
        "## In few dimensions, beside others",
        "",
        f"Equal seconds of training for each, {result['note']}; default parameters; 50,000 training rows (1,400"
        " digits), 5,000 samples. A mode counts with 20 samples within 4 std; energy distance in units of the mean"
        " between two real samples (of digits, as it is, to 397 held-out ones); two-sample: held-out accuracy of a"
        " small network that tells samples from data, 0.5 where it cannot."
        f" {machine(result)}.",
        "",
        "| data | model | seconds | seeds | fewest modes | high-quality fraction | energy distance | two-sample |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["summary"]:
        if row["data"] == "mnist":
            continue
        distance = interval(row["units"], 2) if "units" in row else interval(row["energy_distance"], 4)
        fraction, c2st = (interval(row[name]) if name in row else "" for name in ("high_quality", "c2st"))
        lines.append(
            f"| {row['data']} | {row['model']} | {row['seconds']:g} | {row['seeds']}"
            f" | {row.get('fewest_modes', '')} | {fraction} | {distance} | {c2st} |"
        )
    return lines
