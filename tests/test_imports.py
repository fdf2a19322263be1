"""Imports point down the floors, and there is no circle among files."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def architecture():
    spec = importlib.util.spec_from_file_location("_architecture", ROOT / "docs" / "_architecture.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def graph(architecture):
    return architecture.imports()


def test_there_is_no_circle_among_files(architecture, graph):
    assert architecture.circle(graph) == []


def test_every_folder_and_file_is_on_one_floor(architecture, graph):
    named = [name for _, names in architecture.FLOORS for name in names]
    assert len(named) == len(set(named))
    assert set(architecture.between(graph)) <= set(named), "name it in FLOORS of docs/_architecture.py"


def test_no_import_points_up_the_floors_or_along_one(architecture, graph):
    floor = architecture.floor_of()
    up = [
        f"{module} imports {target}"
        for module, targets in sorted(graph.items())
        for target in sorted(targets)
        if (a := architecture.place(module)) != (b := architecture.place(target)) and floor[a] <= floor[b]
    ]
    assert up == []


def test_the_reader_of_imports_sees_all_of_them(architecture, tmp_path):
    files = {
        "__init__.py": "from . import a\n",
        "a.py": "def f():\n    from .b import c\n    import pkg.b.d\n",
        "b/__init__.py": "",
        "b/c.py": "from typing import TYPE_CHECKING\nfrom .. import a\nif TYPE_CHECKING:\n    from .d import x\n",
        "b/d.py": "import os\nfrom ..a import f\nfrom . import c\n",
    }
    for name, text in files.items():
        (tmp_path / "pkg" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pkg" / name).write_text(text)
    graph = architecture.imports(tmp_path / "pkg")
    assert graph == {
        "pkg": {"pkg.a"},
        "pkg.a": {"pkg.b.c", "pkg.b.d"},
        "pkg.b": set(),
        "pkg.b.c": {"pkg.a"},
        "pkg.b.d": {"pkg.a", "pkg.b.c"},
    }
    assert architecture.circle(graph) == ["pkg.a", "pkg.b.c", "pkg.a"]


def test_the_picture_has_a_box_for_each(architecture, graph):
    svg = architecture.picture()
    for name in architecture.between(graph):
        assert f">{name}</text>" in svg


def test_files_that_pages_send_to_exist():
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md")]
    for page in pages:
        for name in re.findall(r"`((?:docs|tests|benchmarks|changelog|plugins|fdgm)/[\w./-]*)`", page.read_text()):
            if "name" not in name:
                assert (ROOT / name).exists(), f"{page.name} sends to {name}"


def test_what_the_page_says_is_in_a_file_is_in_it():
    page = (ROOT / "docs/architecture.md").read_text()
    pairs = re.findall(r"`(fdgm/[\w/]+\.py)` \(((?:`\w+`(?:, )?)+)\)", page)
    assert len(pairs) >= 10
    for path, names in pairs:
        tree = ast.parse((ROOT / path).read_text())
        kinds = (ast.FunctionDef, ast.ClassDef)
        defined = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
        assert set(re.findall(r"\w+", names)) <= defined, path
