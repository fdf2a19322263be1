"""`fdgm info`."""

from collections.abc import Iterator
from typing import Any

import typer

from ._errors import one_line
from ._options import AsJSON, Model, print_json

__all__ = ["info"]

_ORDER = ("model", "license", "data", "training", "report", "parameters", "versions")


def info(model: Model, as_json: AsJSON = False) -> None:
    """Show the card of a model: what data it saw, its parameters, versions and figures."""
    with one_line():
        from ._models import load_model

        card = load_model(model).card_
        if as_json:
            print_json(card)
            return
        for title in _ORDER:
            for line in _lines(title, card.get(title)):
                typer.echo(line)


def _lines(title: str, content: Any, indent: str = "") -> Iterator[str]:
    """Lines of an entry. What is None is left out."""
    if content is None:
        return
    if not isinstance(content, dict):
        shown = ", ".join(map(str, content)) if isinstance(content, list) else content
        yield f"{indent}{_text(title)}: {_text(shown)}"
        return
    yield f"{indent}{_text(title)}:"
    for name, value in content.items():
        yield from _lines(name, value, f"{indent}  ")


def _text(value: Any) -> str:
    """A value on one line, without characters that a terminal would obey: a file may come from anyone."""
    text = str(value)
    text = text if len(text) <= 300 else f"{text[:297]}..."
    return "".join(character if character.isprintable() else "?" for character in text)
