"""The page of benchmarks and the front's table, made from the JSON of benchmarks/results."""

from ._age import age_tables
from ._cost import cost_tables, limits_table
from ._dgflow import dgflow_tables, refinement_table
from ._gan import gan_tables
from ._images import image_tables
from ._ratios import ratios_tables
from ._samplers import front_table, samplers_tables
from ._scale import scale_tables
from ._tables import tables_tables
from ._winners import winners_table

__all__ = ["benchmarks_page", "front_table", "refinement_table"]


def benchmarks_page() -> str:
    """Markdown of every result that is kept."""
    lines = [
        "# Benchmarks",
        "",
        "Medians with 95% bootstrap intervals, or means ± the half width of Student's 95% interval, from the JSON files"
        " in `benchmarks/results/`. `benchmarks/README.md` says what each measurement answers and how to repeat it;"
        " `benchmarks/AIMS.md` lists what was aimed at and what was missed.",
        *winners_table(),
        *samplers_tables(),
        *tables_tables(),
        *image_tables(),
        *gan_tables(),
        *age_tables(),
        *dgflow_tables(),
        *cost_tables(),
        *scale_tables(),
        *ratios_tables(),
        *limits_table(),
    ]
    return "\n".join(lines) + "\n"
