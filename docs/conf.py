"""Sphinx configuration."""

from importlib import metadata

project = "fdgm"
author = "the fdgm developers"
release = metadata.version("fdgm")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
autosummary_generate = True
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]
