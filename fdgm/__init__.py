"""fdgm: deep generative modelling by f-divergences."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .hookspecs import hookimpl
from .registry import available

if TYPE_CHECKING:
    from . import (
        architectures,
        bidirectional,
        datasets,
        divergences,
        metrics,
        objectives,
        options,
        ratios,
        refiners,
        regularizers,
    )
    from . import testing as testing
    from .bidirectional import AGEBidirectional
    from .persistence import load
    from .refiners import DGflowRefiner
    from .samplers import GANSampler, VGrowSampler

__all__ = [
    "AGEBidirectional",
    "DGflowRefiner",
    "GANSampler",
    "VGrowSampler",
    "architectures",
    "available",
    "bidirectional",
    "datasets",
    "divergences",
    "hookimpl",
    "load",
    "metrics",
    "objectives",
    "options",
    "ratios",
    "refiners",
    "regularizers",
]

#: Estimators that `load` may make, and where each lives.
ESTIMATORS = {
    "AGEBidirectional": "bidirectional",
    "CorrectedRatio": "refiners",
    "DDLSRefiner": "refiners",
    "DGflowRefiner": "refiners",
    "DOTRefiner": "refiners",
    "GANSampler": "samplers",
    "MetropolisHastingsRefiner": "refiners",
    "RejectionRefiner": "refiners",
    "VGrowSampler": "samplers",
}
_HOME = {**ESTIMATORS, "load": "persistence"}
#: `testing` is no part of `from fdgm import *`: it needs hypothesis.
_SUBMODULES = frozenset(__all__) - _HOME.keys() - {"available", "hookimpl"} | {"testing"}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    if name == "__version__":
        return import_module("._version", __name__).version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "testing"])
