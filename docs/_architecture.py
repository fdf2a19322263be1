"""The floors of the package, read from its imports: what stands on what, and a picture of it.

`python docs/_architecture.py picture.svg` draws it; the documentation's build and `tests/test_imports.py` use it too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1] / "fdgm"

#: Bottom to top, with what each floor is for: a folder or a file of fdgm/ imports from lower floors alone. `fdgm` is
#: the front door, `fdgm/__init__.py`.
FLOORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "ground",
        (
            "_ambient",
            "_bar",
            "_chunks",
            "_columns",
            "_literals",
            "_sklearn",
            "_version",
            "component",
            "exceptions",
            "hookspecs",
        ),
    ),
    ("checks, found plugins, options", ("_checks", "_installed", "_numbers", "options")),
    ("processes", ("distributed",)),
    ("registry", ("registry",)),
    ("pure parts, files, data sets", ("divergences", "architectures", "persistence", "datasets")),
    ("tables", ("tables",)),
    ("what parts need", ("regularizers", "flows", "inputs", "metrics")),
    ("pictures, more than memory", ("plot", "scale")),
    ("objectives", ("objectives",)),
    ("skorch nets", ("nets",)),
    ("training", ("training",)),
    ("ratios, pairs, trees", ("ratios", "bidirectional", "trees")),
    ("samplers", ("samplers",)),
    ("refiners", ("refiners",)),
    ("models in other roles", ("outliers", "pipeline")),
    ("contracts, front door", ("testing", "fdgm")),
    ("command line", ("cli",)),
    ("", ("__main__",)),
)


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module's name and file."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(root: Path = ROOT) -> dict[str, set[str]]:
    """Of each module, those of the package that it imports, wherever in it; not for type checkers alone."""
    files = modules(root)
    return {name: {target for target in _targets(name, path, files) if target != name} for name, path in files.items()}


def _targets(name: str, path: Path, files: dict[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _read(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if inner in files:
                    yield inner
                elif base in files:
                    yield base


def _read(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that runs: what stands under `if TYPE_CHECKING` does not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from _read(child)


def place(module: str) -> str:
    """The folder or file of fdgm/ that a module is in; `fdgm` is the front door."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def between(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same between folders and files of fdgm/."""
    found: dict[str, set[str]] = {}
    for module, targets in graph.items():
        found.setdefault(place(module), set()).update(place(target) for target in targets)
    return {name: targets - {name} for name, targets in found.items()}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports, its first module again at its end; empty if there is none."""
    done: set[str] = set()
    path: list[str] = []

    def follow(module: str) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        path.append(module)
        for target in sorted(graph.get(module, ())):
            if found := follow(target):
                return found
        done.add(path.pop())
        return []

    return next((found for module in sorted(graph) if (found := follow(module))), [])


def floor_of() -> dict[str, int]:
    """The number of each place's floor, from 0 at the bottom."""
    return {name: number for number, (_, names) in enumerate(FLOORS) for name in names}


def needed(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Of a graph without circles, the arrows that no path of others says already."""

    def below(name: str) -> set[str]:
        return {name}.union(*(below(target) for target in graph.get(name, ())))

    return {
        name: {t for t in targets if not any(t in below(other) for other in targets - {t})}
        for name, targets in graph.items()
    }


def picture() -> str:
    """The floors as SVG: a row for each, and the arrows that others do not imply."""
    graph = between(imports())
    present = [(title, [name for name in names if name in graph]) for title, names in FLOORS]
    rows = [(title, names) for title, names in present if names]
    width, height, left, wide, high = 900, 64 * len(rows) + 16, 190, 104, 30
    centre: dict[str, tuple[float, float]] = {}
    for number, (_, names) in enumerate(reversed(rows)):
        for column, name in enumerate(names):
            step = (width - left) / len(names)
            centre[name] = (left + step * (column + 0.5), 40 + 64 * number)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="13">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#7a8793"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for name, targets in needed(graph).items():
        x, y = centre[name]
        for target in sorted(targets):
            to_x, to_y = centre[target]
            lines.append(
                f'<line x1="{x:.0f}" y1="{y + high / 2:.0f}" x2="{to_x:.0f}" y2="{to_y - high / 2:.0f}"'
                ' stroke="#7a8793" stroke-opacity="0.7" marker-end="url(#tip)"/>'
            )
    for number, (title, names) in enumerate(reversed(rows)):
        lines.append(f'<text x="10" y="{44 + 64 * number}" fill="#56616b">{title}</text>')
        for name in names:
            x, y = centre[name]
            lines.append(
                f'<rect x="{x - wide / 2:.0f}" y="{y - high / 2:.0f}" width="{wide}" height="{high}" rx="5"'
                ' fill="#e8f0f7" stroke="#39648a"/>'
                f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" fill="#1c2b38">{name}</text>'
            )
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
