"""One registry for every plugin family. The first look-up fills it, and a bad plugin never stops it."""

import importlib
import inspect
import re
import threading
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import pluggy

from ._installed import Plugin, installed, said, said_error
from ._version import version
from .exceptions import PluginError, PluginWarning
from .hookspecs import FAMILIES, PROJECT, hooks

__all__ = ["FAMILIES", "Failure", "Registration", "available", "get", "make", "registered", "report"]

_OWN = "fdgm"

#: Names are typed, printed and stored, so each has one spelling, on one line.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
#: Words with another meaning in parameters that take a name.
_WORDS = frozenset({"all", "auto", "default", "false", "none", "true"})


@dataclass(frozen=True)
class Registration:
    """A class that a distribution registered under a name."""

    family: str
    name: str
    cls: type
    distribution: str
    version: str
    built_in: bool = False


@dataclass(frozen=True)
class Failure:
    """A plugin, or one of its entries, that was not registered, with the reason."""

    plugin: str
    distribution: str
    version: str
    reason: str


@dataclass
class _Registry:
    entries: dict[str, dict[str, list[Registration]]] = field(
        default_factory=lambda: {family: {} for family in FAMILIES}
    )
    failures: list[Failure] = field(default_factory=list)

    def fail(self, plugin: Plugin, reason: str) -> None:
        self.failures.append(Failure(plugin.name, plugin.distribution, plugin.version, reason))
        warnings.warn(
            f"fdgm plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {reason}. It was left out;"
            " everything else works.",
            PluginWarning,
            stacklevel=2,
        )


def _plugins() -> Iterator[Plugin]:
    """All plugins, fdgm's own first."""
    homes = dict.fromkeys(home for family in FAMILIES.values() for home in family.homes)
    for module in (f"{home}._plugin" for home in homes):
        yield Plugin(module, _OWN, version(), partial(importlib.import_module, module), built_in=True)
    yield from installed(PROJECT)


_FILLING = threading.RLock()


def _registry() -> _Registry:
    with _FILLING:  # threads whose look-ups are the first wait for one of them
        return _filled()


@cache
def _filled() -> _Registry:
    registry = _Registry()
    for plugin in _plugins():
        # A plugin may raise anything at any access. Only Ctrl-C comes from the user: it ends the
        # look-up, and the next one starts again.
        try:
            _register(registry, plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            registry.fail(plugin, f"raised {said_error(error)}")
    return registry


def _register(registry: _Registry, plugin: Plugin) -> None:
    if plugin.distribution == _OWN and not plugin.built_in:
        registry.fail(plugin, f"comes from another distribution that calls itself {_OWN}")
        return
    try:
        module = plugin.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kind = said(error, lambda e: type(e).__name__)
        registry.fail(plugin, f"raised {kind} when imported: {said(error, str)}")
        return
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hooks)
    try:
        manager.register(module, name=plugin.name)
    except Exception as error:
        registry.fail(plugin, f"does not fit the hooks: {said(error, str)}")
        return
    _check_hook_names(registry, plugin, manager, module)
    for name, family in FAMILIES.items():
        _collect(registry, plugin, name, getattr(manager.hook, family.hook))


def _check_hook_names(registry: _Registry, plugin: Plugin, manager: pluggy.PluginManager, module: Any) -> None:
    offered = sorted(caller.name for caller in manager.get_hookcallers(module) or [])
    hooks_known = [family.hook for family in FAMILIES.values()]
    unknown = [hook for hook in offered if hook not in hooks_known]
    known = ", ".join(hooks_known)
    if unknown:
        registry.fail(plugin, f"offers {', '.join(unknown)}, which is no hook; the hooks are {known}")
    elif not offered:
        registry.fail(plugin, f"offers no hook; mark one of {known} with fdgm.hookimpl")


def _collect(registry: _Registry, plugin: Plugin, family: str, caller: pluggy.HookCaller) -> None:
    if not caller.get_hookimpls():
        return
    try:
        (result,) = caller() or [None]  # pluggy leaves out what returned None
        named = dict(result) if isinstance(result, Mapping) else None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        registry.fail(plugin, f"{caller.name} raised {said_error(error)}")
        return
    if named is None:
        registry.fail(plugin, f"{caller.name} must return a dict of name: class, got {said(result)}")
        return
    for key, cls in named.items():
        try:
            reason = _refusal(registry, plugin, family, key, cls)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reason = f"gave {said(key)}: {said(cls)}, which raised {said_error(error)} when it was looked at"
        if reason is not None:
            registry.fail(plugin, f"{caller.name} {reason}")
        else:
            entry = Registration(family, key, cls, plugin.distribution, plugin.version, plugin.built_in)
            registry.entries[family].setdefault(key, []).append(entry)


def _refusal(registry: _Registry, plugin: Plugin, family: str, key: Any, cls: Any) -> str | None:
    """The reason not to register an entry, or None."""
    base = FAMILIES[family].base_class
    if type(key) is not str or not isinstance(cls, type) or not issubclass(cls, base):
        return f"must map names to subclasses of {base.__name__}, got {said(key)}: {said(cls)}"
    if _NAME.fullmatch(key) is None or key.lower() in _WORDS:
        return (
            "must choose names of 1 to 64 ASCII letters, digits, '_', '.' and '-', the first a letter or a digit, and"
            f" none of {', '.join(sorted(_WORDS))}, got {said(key, ascii)}"
        )
    name, attributes = cls.__name__, {name for owner in cls.__mro__ for name in vars(owner)}
    lacking = [a for a in attributes if getattr(inspect.getattr_static(cls, a), "__isabstractmethod__", False)]
    if lacking:
        return f"must map names to classes that can be made, but {name} of {key!r} lacks {', '.join(sorted(lacking))}"
    ours = {entry.name.lower() for entries in registry.entries[family].values() for entry in entries if entry.built_in}
    if not plugin.built_in and key.lower() in ours:
        return f"must choose another name than {key!r}, which is taken by {_OWN} itself"
    return None


def _check_family(family: str) -> None:
    if family not in FAMILIES:
        raise PluginError(f"family of plugins must be one of {sorted(FAMILIES)}, got {family!r}.")


def available(family: str) -> list[str]:
    """The names registered in a family, sorted.

    Parameters
    ----------
    family : {"divergence", "architecture", "density_ratio", "objective", "joint_objective", "regularizer", "option", \
"estimator"}

    Returns
    -------
    list of str

    Examples
    --------
    >>> import fdgm
    >>> fdgm.available("architecture")
    ['dcgan', 'hierarchical', 'mlp', 'resnet', 'sagan']
    """
    _check_family(family)
    return sorted(_registry().entries[family])


def get(family: str, name: str) -> type:
    """The class registered under `name`.

    Raises
    ------
    PluginError
        If no plugin, or more than one, registered the name.
    """
    _check_family(family)
    found = _registry().entries[family].get(name, []) if isinstance(name, str) else []
    if not found:
        raise PluginError(f"{FAMILIES[family].parameter} must be one of {available(family)}, got {name!r}.")
    if len(found) > 1:
        claimants = " and ".join(f"{entry.distribution} {entry.version}" for entry in found)
        raise PluginError(f"{family} {name!r} is registered by {claimants}; uninstall all but one of them.")
    return found[0].cls


def make(family: str, spec: Any, **params: Any) -> Any:
    """Make an instance from a name. An instance of the family is returned as it is."""
    _check_family(family)
    base = FAMILIES[family].base_class
    if isinstance(spec, str):
        return get(family, spec)(**params)
    if isinstance(spec, base) and not isinstance(spec, type):
        return spec
    parameter = FAMILIES[family].parameter
    raise PluginError(
        f"{parameter} must be one of {available(family)} or an instance of {base.__name__}, got {spec!r}."
    )


def registered(cls: type, *, families: Collection[str] = tuple(FAMILIES)) -> Registration | None:
    """Where the class itself, and not a base of it, is registered in one of these families. None if nowhere."""
    names = (_registry().entries[family] for family in families)
    return next((entry for named in names for found in named.values() for entry in found if entry.cls is cls), None)


def report() -> tuple[list[Registration], list[Failure]]:
    """Return everything registered, by family and name, and everything that was left out, with the reason."""
    registry = _registry()
    entries = [entry for names in registry.entries.values() for name in sorted(names) for entry in names[name]]
    return entries, list(registry.failures)
