"""What a plugin may offer: one hook for each family, each returning ``{name: class}``."""

from collections.abc import Mapping

import pluggy

__all__ = ["PROJECT", "hookimpl"]

PROJECT = "fdgm"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def fdgm_divergences() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.divergences.Divergence`."""


@hookspec
def fdgm_architectures() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.architectures.Architecture`."""


@hookspec
def fdgm_density_ratios() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.ratios.DensityRatio`."""


@hookspec
def fdgm_objectives() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.objectives.Objective`."""


@hookspec
def fdgm_joint_objectives() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.bidirectional.JointObjective`."""


@hookspec
def fdgm_regularizers() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.regularizers.Regularizer`."""


@hookspec
def fdgm_estimators() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Return ``{name: class}`` of subclasses of :class:`fdgm.persistence.Savable`, which `load` then makes by name."""
