"""Sphinx configuration; the page of benchmarks is made from their JSON, by `_results`."""

import sys
from pathlib import Path
from typing import Any

import fdgm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "fdgm"
author = "the fdgm developers"
release = fdgm.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "generated/front.md", "generated/refinement.md"]
html_theme = "furo"
autosummary_generate = True
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]


def setup(app: Any) -> None:
    """Write what is made of JSON before Sphinx reads its sources."""
    from _architecture import picture
    from _results import benchmarks_page, front_table, refinement_table

    page = HERE / "generated" / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(benchmarks_page())
    (page.parent / "front.md").write_text(front_table())
    (page.parent / "refinement.md").write_text(refinement_table())
    (page.parent / "architecture.svg").write_text(picture(), encoding="utf-8")
