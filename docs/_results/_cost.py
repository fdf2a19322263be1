"""Overhead, memory and time."""

from typing import Any

from benchmarks._format import interval, machine, stored, table


def cost_tables() -> list[str]:
    """Lines of the overhead over plain loops, and of VGrow against the published way."""
    lines: list[str] = []
    result = stored("overhead", "cases")
    if result:
        lines += [
            "",
            "## Overhead",
            "",
            "Time of an iteration over that of a hand-written PyTorch loop of the same algorithm (20,000 × 10, batch"
            f" 256, 2 × 128 where no other size is named), paired in one run. {machine(result)}.",
            "",
            "| estimator | library over plain loop | pairs |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{name}` | {interval(case['ratio'])} | {case['ratio']['n']} |" for name, case in result["cases"].items()
        ]
    result = stored("maps_loop", "columns")
    if result:
        lines += [
            "",
            "## The loop of maps",
            "",
            'An iteration of `VGrowSampler(generator="maps")` beside the same loop by autograd, and beside its matrix'
            f" products alone, in turn in one run. {machine(result)}.",
            "",
            "| columns | ms an iteration | times as fast as autograd | times the products |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {d} | {interval(found['milliseconds_per_loop']['library'], 0)} |"
            f" {interval(found['times_as_fast_as_autograd'], 2)} | {interval(found['times_the_products'], 2)} |"
            for d, found in result["columns"].items()
        ]
    result = stored("growth", "axes")
    if result:
        lines += [
            "",
            "## Growth",
            "",
            f'Time and memory of `VGrowSampler(generator="maps")` on one thread. {machine(result)}. An iteration is the'
            " mean of four. Memory is anonymous memory beyond imports and data. Rows have two columns, columns are of"
            " 5,000 rows, and maps are of two columns. Files of a million rows or more stay mapped. The exponent is"
            " that of the size over the three largest sizes: 1 is linear.",
            "",
            *table(["grows", "figure", "at the least", "at the most", "exponent"], _growth(result["axes"])),
            "",
            "![Time and memory against rows, columns and maps](../../benchmarks/results/growth.png)",
        ]
    result = stored("published_way", "speed_up")
    if result:
        faster = result["speed_up"]
        times = " and ".join(
            f"{interval(ratio, 2)} times as fast in {precision}" for precision, ratio in faster.items()
        )
        distances = " and ".join(f"{value:.3f} in {name}" for name, value in result["energy_distance"].items())
        lines += [
            "",
            "## Against the published way",
            "",
            "VGrow's published code makes a fresh DataLoader for each critic step, and computes the critic's weight"
            " gradients in the particle step, in PyTorch's default memory layout. On real 32 × 32 digits, with its"
            " residual networks at"
            f" {result['channels']} channels and {result['particles']} particles, the same loop by `VGrowSampler` is"
            f" {times}, over {faster['float32']['n']} pairs. After {result['quality_loops']} loops the energy distance"
            f" of pixels to held-out images is {distances}.",
        ]
    return lines


def _growth(axes: dict[str, Any]) -> list[list[Any]]:
    """A row for each figure of each thing that grows."""
    named = {
        "iteration": "an iteration, s",
        "rest": "all else in `fit`, s",
        "sample": "5,000 samples, s",
        "megabytes": "memory, MB",
        "file_megabytes": "file, MB",
    }
    return [
        [
            f"{axis}, {measured['sizes'][0]:,} to {measured['sizes'][-1]:,}",
            named[name],
            f"{values[0]:.3g}",
            f"{values[-1]:.3g}",
            f"{measured['exponents'][name]:.2f}",
        ]
        for axis, measured in axes.items()
        for name, values in measured["figures"].items()
    ]


def limits_table() -> list[str]:
    """A line for each measure of memory, time and bad days that is there."""
    measured: dict[str, dict[str, Any]] = stored("limits", "measured").get("measured", {})
    sentences = {
        "default_fit": "default `fit` on 2,000 × 10: {seconds:.1f} s",
        "age_digits": "default `fit` of `AGEBidirectional` on the digits: {seconds:.1f} s",
        "default_digits": "default `fit` on the digits: {seconds:.1f} s; of 2,000 samples, by nearest centroid, each"
        " class has {least_fraction:.1%} at least and {greatest_fraction:.1%} at most",
        "million_samples": "`sample(10**6)` of two columns: {megabytes_beyond_result:.0f} MB beyond the result,"
        " {seconds:.1f} s; a neural spline flow takes {nsf_seconds:.1f} s",
        "mapped_fit": "`fit` on a memory-mapped array of {gigabytes:.1f} GB: {megabytes:.0f} MB of anonymous memory",
        "kills": "a fit of {uninterrupted_seconds:.0f} s, killed {kills} times: same bits {same_bits}, at most"
        " {most_seconds_lost:.0f} s lost to one, from the start of its process or its last checkpoint",
    }
    lines = [f"- {text.format(**measured[name])}" for name, text in sentences.items() if name in measured]
    return ["", "## Memory, time and bad days", "", *lines] if lines else []
