"""Bidirectional models."""

from typing import Any

from benchmarks._format import interval, machine, stored, table


def age_tables() -> list[str]:
    """Lines of every table of bidirectional models that is kept, published figures beside ours."""
    titles = {
        "age_table_3_cpu": "AGE, table 3: 9 imbalanced Gaussians, small networks",
        "age_table_3_paper": "AGE, table 3: 9 imbalanced Gaussians, the paper's networks",
        "age_table_4_cpu": "AGE, table 4: 25 imbalanced Gaussians, small networks",
        "age_table_4_paper": "AGE, table 4: 25 imbalanced Gaussians, the paper's networks",
        "age_stacked_mnist_cpu": "AGE, tables 5 and 7: Stacked MNIST, narrow networks",
        "age_stacked_mnist_paper": "AGE, tables 5 and 7: Stacked MNIST, the paper's networks",
        "age_representations": "AGE's representations; the digits' classes by a classifier that knows 91% of them",
        "age_flow": "AGE's representations by pairs that move; classes by a classifier of each data set's images",
        "age_anomalies": "AGE's default fit finds anomalies: area under the ROC curve",
    }
    lines: list[str] = []
    for name, title in titles.items():
        result = stored(name, "summary")
        if not result:
            continue
        columns = list(dict.fromkeys(column for row in result["summary"] for column in row))
        rows = [[_cell(row.get(column)) for column in columns] for row in result["summary"]]
        lines += ["", f"## {title}", "", f"Seconds are of training, on one core. {machine(result)}.", ""]
        lines += table(columns, rows)
    result = stored("age_published_way", "speed_up")
    if result:
        faster, quality = result["speed_up"], result["quality"]
        times = " and ".join(
            f"{interval(ratio, 2)} times as fast in {precision}" for precision, ratio in faster.items()
        )
        measures = "; ".join(
            f"{way} {interval(found['modes'], 1)} modes, KL {interval(found['kl'])}, over {found['kl']['n']} seeds"
            for way, found in quality.items()
        )
        lines += [
            "",
            "## AGE against the published way",
            "",
            "AGE's published code keeps graphs through encoder and generator in the critic's steps, and computes the"
            f" critic's weight gradients in theirs. With networks of {result['widths'][0]} units and a critic of"
            f" {result['widths'][1]}, the same updates by `AGEBidirectional` are {times}, over"
            f" {faster['float32']['n']} pairs. After {result['quality_updates']} updates with networks of 128 units, on"
            f" table 4's Gaussians: {measures}. {machine(result)}.",
        ]
    return lines


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else value
