"""Pages, examples and benchmarks: what they name of fdgm is there, and what is public is on the page of the API."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = [
    "architectures",
    "bidirectional",
    "datasets",
    "divergences",
    "metrics",
    "objectives",
    "options",
    "plot",
    "ratios",
    "refiners",
    "regularizers",
    "tables",
    "testing",
    "trees",
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("plugins/*/README.md")]
PAGES += (ROOT / "docs" / "how_to").glob("*.md")
SCRIPTS = [path for folder in ("benchmarks", "examples") for path in (ROOT / folder).rglob("*.py")]


def parts():
    return {"fdgm": importlib.import_module("fdgm")} | {p: importlib.import_module(f"fdgm.{p}") for p in PARTS}


def exported():
    """What can be imported, by name."""
    return {name: getattr(part, name) for part in parts().values() for name in part.__all__}


def unknown(tree, known):
    """Keyword arguments of calls to what is known, that it does not take."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        if not callable(known.get(name)):
            continue
        parameters = inspect.signature(known[name]).parameters
        if all(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
            yield from (f"{name}({k.arg}=)" for k in call.keywords if k.arg is not None and k.arg not in parameters)


def imported(tree):
    """What a file has from fdgm, under the names that it has there."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "fdgm":
            module = importlib.import_module(node.module)
            known |= {alias.asname or alias.name: getattr(module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import) and any(alias.name == "fdgm" for alias in node.names):
            known["fdgm"] = importlib.import_module("fdgm")
    modules = {name: part for name, part in known.items() if inspect.ismodule(part)}
    return known | {f"{name}.{n}": getattr(part, n) for name, part in modules.items() for n in part.__all__}


def calls_in_text(page):
    """Code in backticks that is a call."""
    for code in re.findall(r"`([A-Za-z_]\w*\([^`]*\))`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)):
        try:
            yield ast.parse(code.replace("=,", "=0,").replace("=)", "=0)").replace("...", "*[]"))
        except SyntaxError:  # it is of mathematics
            continue


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_names_parameters_that_there_are(path):
    page, known = path.read_text(), exported()
    blocks = [ast.parse(block) for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)]
    known |= {f"{name}.{n}": getattr(part, n) for name, part in parts().items() for n in part.__all__}
    found = [wrong for tree in (*blocks, *calls_in_text(page)) for wrong in unknown(tree, known)]
    assert not found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_script_names_parameters_that_there_are(path):
    tree = ast.parse(path.read_text())
    found = list(unknown(tree, imported(tree)))
    assert not found


def test_what_there_is_not_is_found():
    tree = ast.parse("VGrowSampler(critic_lr=0.1, max_iter=3)\nother(critic_lr=1)")
    assert list(unknown(tree, exported())) == ["VGrowSampler(critic_lr=)"]


#: What other parts of fdgm use, and no user.
INTERNAL = {"architectures": {"is_built_in", "seeded"}}


@pytest.mark.parametrize("part", [*PARTS, "exceptions"])
def test_every_public_class_and_function_is_in_the_api(part):
    module = importlib.import_module(f"fdgm.{part}")
    page = "\n".join(path.read_text() for path in (ROOT / "docs" / "api").glob("*.rst"))
    listed = set(re.findall(rf"^   {part}\.(\w+)$", page, flags=re.MULTILINE))
    if f".. currentmodule:: fdgm.{part}" in page:
        section = page.partition(f".. currentmodule:: fdgm.{part}")[2].partition(".. currentmodule::")[0]
        listed |= set(re.findall(r"^   (\w+)$", section, flags=re.MULTILINE))
    front = set(re.findall(r"^   (\w+)$", (ROOT / "docs/api/estimators.rst").read_text(), flags=re.MULTILINE))
    public = {
        n for n in module.__all__ if inspect.isclass(getattr(module, n)) or inspect.isfunction(getattr(module, n))
    }
    assert public - INTERNAL.get(part, set()) - front == listed
