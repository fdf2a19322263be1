"""Sphinx configuration; the page of benchmarks is made from their JSON, by `_results`."""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import fdgm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "fdgm"
author = "the fdgm developers"
release = fdgm.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "generated/front.md", "generated/refinement.md"]
templates_path = ["_templates"]
html_title = "fdgm"
html_theme = "pydata_sphinx_theme"
html_theme_options = {"navbar_align": "left", "show_prev_next": False, "show_toc_level": 2}
html_context = {"default_mode": "auto"}  # as the reader's system: without it the theme complains in the console
html_sidebars = {"get_started": [], "limits": [], "plugins": []}
html_static_path = ["_static"]
html_css_files = ["fdgm.css"]
html_show_sourcelink = False
numpydoc_show_class_members = False
toc_object_entries = False
python_maximum_signature_line_length = 100
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["config.cache"]  # the functions below cannot be pickled

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"^(demo|density_ratios)\.py$",
    "matplotlib_animations": True,
    "download_all_examples": False,
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "reference_url": {"fdgm": None},
    "backreferences_dir": None,
    "show_memory": False,
    "write_computation_times": False,
}


def own_methods(module: str, name: str) -> list[str]:
    """Public methods that fdgm defines, in a class or in its bases, in the order of the alphabet."""
    cls = getattr(import_module(module), name)
    found = []
    for method in dir(cls):
        value = inspect.getattr_static(cls, method)
        value = getattr(value, "__func__", value)
        if not method.startswith("_") and inspect.isfunction(value) and value.__module__.startswith("fdgm"):
            found.append(method)
    return found


autosummary_generate = True
autosummary_context = {"own_methods": own_methods}


#: Matplotlib's animations ask for a style sheet of other people's; the theme has the same icons.
ICONS_ELSEWHERE = re.compile(r'<link rel="stylesheet"\s+href="https://maxcdn[^>]*>')


def without_icons_from_elsewhere(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """No page asks another site for its icons."""
    if "body" in context:
        context["body"] = ICONS_ELSEWHERE.sub("", context["body"])


def setup(app: Any) -> None:
    """Write what is made of JSON before Sphinx reads its sources."""
    from _architecture import picture
    from _results import benchmarks_page, front_table, refinement_table

    app.connect("html-page-context", without_icons_from_elsewhere)
    page = HERE / "generated" / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(benchmarks_page())
    (page.parent / "front.md").write_text(front_table())
    (page.parent / "refinement.md").write_text(refinement_table())
    (page.parent / "architecture.svg").write_text(picture(), encoding="utf-8")
