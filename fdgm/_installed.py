"""Find installed modules that offer plugins, and describe them in text that is safe to show."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from .exceptions import PluginWarning

__all__ = ["Plugin", "installed", "said", "said_error"]

_LONGEST = 1000  # characters of what is said about one thing


@dataclass(frozen=True)
class Plugin:
    """A module with hooks: the name of its entry point, its distribution, and how to import it."""

    name: str
    distribution: str
    version: str
    load: Callable[[], Any]
    built_in: bool = False


def installed(group: str) -> Iterator[Plugin]:
    """The modules that distributions name under an entry-point group."""
    for entry in _entry_points(group):
        owner = entry.dist
        name, version = (None, None) if owner is None else (owner.name, owner.version)
        yield Plugin(
            name=said(entry.name, str),
            distribution=said(name or entry.value, str),
            version=said(version or "unknown", str),
            load=entry.load,
        )


def _entry_points(group: str) -> Iterable[metadata.EntryPoint]:
    """The entry points of every distribution whose list can be read."""
    try:
        return metadata.entry_points(group=group)
    except Exception:  # one malformed list must not hide the others
        return list(_one_by_one(group))


def _one_by_one(group: str) -> Iterator[metadata.EntryPoint]:
    for distribution in metadata.distributions():
        try:
            yield from distribution.entry_points.select(group=group)
        except Exception as error:
            warnings.warn(
                f"The entry points of {said(distribution, lambda d: d.name)} cannot be read ({said_error(error)}):"
                f" plugins of {group} among them are left out.",
                PluginWarning,
                stacklevel=2,
            )


def said(value: Any, how: Callable[[Any], str] = repr) -> str:
    """Describe a foreign object for a message, even if `how` raises. The text is printable and of bounded length."""
    try:
        text = how(value)
        return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text[:_LONGEST])
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "something that cannot be shown"


def said_error(error: BaseException) -> str:
    """An error's class and message."""
    return said(error, lambda e: f"{type(e).__name__}: {e}")
