"""The hooks that a plugin may offer: one for each family. Each returns ``{name: class}``."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import pluggy

__all__ = ["FAMILIES", "PROJECT", "Family", "hookimpl", "hooks"]

PROJECT = "fdgm"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True)
class Family:
    """A kind of plugin.

    Parameters
    ----------
    hook : str
        Name of the hook that fills it.
    module, base : str
        Module and name of the class that every entry derives from.
    homes : tuple of str
        The modules whose ``_plugin`` registers fdgm's own entries.
    parameter : str
        The parameter of estimators that takes an entry.
    """

    hook: str
    module: str
    base: str
    homes: tuple[str, ...]
    parameter: str

    @property
    def base_class(self) -> type:
        """The class that every entry derives from. It is imported at the first use."""
        found: type = getattr(importlib.import_module(self.module), self.base)
        return found


#: The families by the names that users type.
FAMILIES: dict[str, Family] = {
    "divergence": Family("fdgm_divergences", "fdgm.divergences", "Divergence", ("fdgm.divergences",), "divergence"),
    "architecture": Family(
        "fdgm_architectures", "fdgm.architectures", "Architecture", ("fdgm.architectures",), "architecture"
    ),
    "density_ratio": Family("fdgm_density_ratios", "fdgm.ratios", "DensityRatio", ("fdgm.ratios",), "ratio"),
    "objective": Family("fdgm_objectives", "fdgm.objectives", "Objective", ("fdgm.objectives",), "objective"),
    "joint_objective": Family(
        "fdgm_joint_objectives", "fdgm.bidirectional", "JointObjective", ("fdgm.bidirectional",), "objective"
    ),
    "regularizer": Family(
        "fdgm_regularizers", "fdgm.regularizers", "Regularizer", ("fdgm.regularizers",), "regularizer"
    ),
    "option": Family("fdgm_options", "fdgm.options", "Option", ("fdgm.options",), "option"),
    "estimator": Family(
        "fdgm_estimators",
        "fdgm.persistence",
        "Savable",
        ("fdgm.samplers", "fdgm.bidirectional", "fdgm.refiners", "fdgm.trees"),
        "estimator",
    ),
}


def _specification(family: Family) -> Callable[[], Mapping[str, type]]:
    def hook() -> Mapping[str, type]:
        raise TypeError(f"{family.hook} is a specification, which plugins implement.")

    hook.__name__ = family.hook
    hook.__doc__ = f"Return ``{{name: class}}`` of subclasses of :class:`{family.module}.{family.base}`."
    specified: Callable[[], Mapping[str, type]] = hookspec(hook)
    return specified


#: The specifications, for pluggy.
hooks = ModuleType("fdgm.hooks")  # pluggy looks for them in a module or a class
vars(hooks).update({family.hook: _specification(family) for family in FAMILIES.values()})
