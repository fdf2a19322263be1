"""Density ratios."""

from benchmarks._format import interval, machine, stored


def ratios_tables() -> list[str]:
    """Accuracy by method and dimension."""
    result = stored("ratios", "summary")
    if not result:
        return []
    summary = result["summary"]
    dimensions = sorted({row["d"] for row in summary["gaussians"]})
    lines = [
        "",
        "## Density ratios",
        "",
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
    return lines
