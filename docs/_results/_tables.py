"""Tables of mixed kinds."""

from benchmarks._format import machine, stored

__all__ = ["tables_tables"]


def tables_tables() -> list[str]:
    """Score, use and closeness of samples by data and model."""
    result = stored("tables", "summary")
    if not result:
        return []
    lines = [
        "",
        "## Tables",
        "",
        "Adult's own training and test rows, random halves of the others; as many samples as training rows. Means over"
        " seeds that no default was chosen on, with the lowest and highest score. `score`: 2 − 2 AUC of boosted trees"
        " that tell held-out rows from samples, 1 is best. `use`: a boosted model trained on samples and tested on"
        " held-out rows (AUC, or R² of a number). `copying`: 0 is as near to training rows as to others, 1 is a copy."
        f" {machine(result)}; {result['note']}.",
        "",
        "| data | rows | model | score | use | copying | exact copies | seconds | seeds |",
        "|---" * 9 + "|",
    ]
    for row in result["summary"]:
        lines.append(
            f"| {row['data']} | {row['rows']:,.0f} | {row['model']} | {row['score']:.3f} ({row['least']:.3f} to"
            f" {row['most']:.3f}) | {row['train_on_synthetic']:.3f} | {row['way_to_copying']:.2f} |"
            f" {row['exact_copies']:.1%} | {row['seconds']:.1f} | {row['n']} |"
        )
    return lines
