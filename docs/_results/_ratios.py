"""Density ratios."""

from typing import Any

from ._format import interval, machine, stored


def ratios_tables() -> list[str]:
    """Accuracy by method and dimension, then what was aimed at and what was reached."""
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
