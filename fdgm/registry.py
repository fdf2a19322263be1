"""One registry for every plugin family: filled at the first look-up, and never stopped by a bad plugin."""

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import metadata
from typing import Any

import pluggy

from . import hookspecs
from ._version import version
from .exceptions import PluginError, PluginWarning

__all__ = ["FAMILIES", "Failure", "Registration", "available", "get", "make", "report"]

#: Family name, as users say it, and the hook that fills it.
FAMILIES = {
    "divergence": "fdgm_divergences",
    "architecture": "fdgm_architectures",
    "density_ratio": "fdgm_density_ratios",
    "objective": "fdgm_objectives",
    "joint_objective": "fdgm_joint_objectives",
    "regularizer": "fdgm_regularizers",
}

_BUILT_IN = (
    "fdgm.divergences._plugin",
    "fdgm.architectures._plugin",
    "fdgm.objectives._plugin",
    "fdgm.regularizers._plugin",
    "fdgm.ratios._plugin",
    "fdgm.bidirectional._plugin",
)
_OWN = "fdgm"


@dataclass(frozen=True)
class Registration:
    """A class that a distribution registered under a name."""

    family: str
    name: str
    cls: type
    distribution: str
    version: str


@dataclass(frozen=True)
class Failure:
    """A plugin, or one entry of it, that was not registered, and why."""

    plugin: str
    distribution: str
    version: str
    reason: str


@dataclass(frozen=True)
class _Plugin:
    """A module that offers hooks: the name of its entry point, where it comes from, and how to import it."""

    name: str
    distribution: str
    version: str
    load: Callable[[], Any]


@dataclass
class _Registry:
    entries: dict[str, dict[str, list[Registration]]] = field(
        default_factory=lambda: {family: {} for family in FAMILIES}
    )
    failures: list[Failure] = field(default_factory=list)

    def fail(self, plugin: _Plugin, reason: str) -> None:
        self.failures.append(Failure(plugin.name, plugin.distribution, plugin.version, reason))
        warnings.warn(
            f"fdgm plugin {plugin.name!r} of {plugin.distribution} {plugin.version}: {reason}. It was left out;"
            " everything else works.",
            PluginWarning,
            stacklevel=2,
        )


def _plugins() -> Iterator[_Plugin]:
    """Ours first."""
    for module in _BUILT_IN:
        yield _Plugin(module, _OWN, version(), partial(importlib.import_module, module))
    for entry in metadata.entry_points(group=hookspecs.PROJECT):
        dist = entry.dist
        yield _Plugin(
            entry.name,
            dist.name if dist is not None else entry.value,
            dist.version if dist is not None else "unknown",
            entry.load,
        )


def _base_class(family: str) -> type:
    """The class that every entry of a family must derive from."""
    module, name = {
        "divergence": ("fdgm.divergences", "Divergence"),
        "architecture": ("fdgm.architectures", "Architecture"),
        "density_ratio": ("fdgm.ratios", "DensityRatio"),
        "objective": ("fdgm.objectives", "Objective"),
        "joint_objective": ("fdgm.bidirectional", "JointObjective"),
        "regularizer": ("fdgm.regularizers", "Regularizer"),
    }[family]
    return getattr(importlib.import_module(module), name)


@cache
def _registry() -> _Registry:
    registry = _Registry()
    for plugin in _plugins():
        try:
            module = plugin.load()
        except (Exception, SystemExit) as error:
            registry.fail(plugin, f"raised {type(error).__name__} when imported: {error}")
            continue
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module, name=plugin.name)
        except Exception as error:
            registry.fail(plugin, f"does not fit the hooks: {error}")
            continue
        _check_hook_names(registry, plugin, manager, module)
        for family, hook_name in FAMILIES.items():
            _collect(registry, plugin, family, getattr(manager.hook, hook_name))
    return registry


def _check_hook_names(registry: _Registry, plugin: _Plugin, manager: pluggy.PluginManager, module: Any) -> None:
    offered = sorted(caller.name for caller in manager.get_hookcallers(module) or [])
    unknown = [hook for hook in offered if hook not in FAMILIES.values()]
    known = ", ".join(FAMILIES.values())
    if unknown:
        registry.fail(plugin, f"offers {', '.join(unknown)}, which is no hook; the hooks are {known}")
    elif not offered:
        registry.fail(plugin, f"offers no hook; mark one of {known} with fdgm.hookimpl")


def _collect(registry: _Registry, plugin: _Plugin, family: str, caller: pluggy.HookCaller) -> None:
    if not caller.get_hookimpls():
        return
    try:
        (result,) = caller() or [None]  # pluggy leaves out what returned None
        named = dict(result) if isinstance(result, Mapping) else None
    except Exception as error:
        registry.fail(plugin, f"{caller.name} raised {type(error).__name__}: {error}")
        return
    if named is None:
        registry.fail(plugin, f"{caller.name} must return a dict of name: class, got {result!r}")
        return
    for key, cls in named.items():
        if (reason := _refusal(registry, plugin, family, key, cls)) is not None:
            registry.fail(plugin, f"{caller.name} {reason}")
        else:
            entry = Registration(family, key, cls, plugin.distribution, plugin.version)
            registry.entries[family].setdefault(key, []).append(entry)


def _refusal(registry: _Registry, plugin: _Plugin, family: str, key: Any, cls: Any) -> str | None:
    """Why an entry is not registered; None if it is."""
    base = _base_class(family)
    if not isinstance(key, str) or not isinstance(cls, type) or not issubclass(cls, base):
        return f"must map names to subclasses of {base.__name__}, got {key!r}: {cls!r}"
    lacking = [name for name in dir(cls) if getattr(inspect.getattr_static(cls, name), "__isabstractmethod__", False)]
    if lacking:
        return f"must map names to classes that can be made, but {cls.__name__} of {key!r} lacks {', '.join(lacking)}"
    taken = registry.entries[family].get(key, [])
    if taken and taken[0].distribution == _OWN:
        return f"must choose another name than {key!r}, which is taken by {_OWN} itself"
    return None


def _check_family(family: str) -> None:
    if family not in FAMILIES:
        raise PluginError(f"family of plugins must be one of {sorted(FAMILIES)}, got {family!r}.")


def available(family: str) -> list[str]:
    """Names registered in a family, sorted.

    Parameters
    ----------
    family : {"divergence", "architecture", "density_ratio", "objective", "joint_objective", "regularizer"}

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
        raise PluginError(f"{_parameter(family)} must be one of {available(family)}, got {name!r}.")
    if len(found) > 1:
        claimants = " and ".join(f"{entry.distribution} {entry.version}" for entry in found)
        raise PluginError(f"{family} {name!r} is registered by {claimants}; uninstall all but one of them.")
    return found[0].cls


def make(family: str, spec: Any, **params: Any) -> Any:
    """An instance from a name, or `spec` itself where it is an instance of the family already."""
    base = _base_class(family)
    if isinstance(spec, str):
        return get(family, spec)(**params)
    if isinstance(spec, base) and not isinstance(spec, type):
        return spec
    raise PluginError(
        f"{_parameter(family)} must be one of {available(family)} or an instance of {base.__name__}, got {spec!r}."
    )


def _parameter(family: str) -> str:
    """What estimators call the parameter that takes a component of the family."""
    return "objective" if family == "joint_objective" else family


def report() -> tuple[list[Registration], list[Failure]]:
    """Everything registered, by family and name, and everything that was left out, with the reason."""
    registry = _registry()
    entries = [entry for names in registry.entries.values() for name in sorted(names) for entry in names[name]]
    return entries, list(registry.failures)
