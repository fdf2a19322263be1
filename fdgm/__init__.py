"""fdgm: deep generative modelling by f-divergences."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        architectures,
        bidirectional,
        datasets,
        distributed,
        divergences,
        metrics,
        objectives,
        options,
        plot,
        ratios,
        refiners,
        regularizers,
        tables,
        trees,
    )
    from . import testing as testing
    from .bidirectional import AGEBidirectional
    from .hookspecs import hookimpl
    from .outliers import OutlierDetector
    from .persistence import load
    from .pipeline import GenerativePipeline
    from .refiners import DGflowRefiner
    from .registry import available
    from .samplers import FlowMatchingSampler, GANSampler, VGrowSampler
    from .trees import TreeSampler

__all__ = [
    "AGEBidirectional",
    "DGflowRefiner",
    "FlowMatchingSampler",
    "GANSampler",
    "GenerativePipeline",
    "OutlierDetector",
    "TreeSampler",
    "VGrowSampler",
    "architectures",
    "available",
    "bidirectional",
    "datasets",
    "distributed",
    "divergences",
    "hookimpl",
    "load",
    "metrics",
    "objectives",
    "options",
    "plot",
    "ratios",
    "refiners",
    "regularizers",
    "tables",
    "trees",
]

#: The estimators, and the folder of each. They are imported at their first use.
ESTIMATORS = {
    "AGEBidirectional": "bidirectional",
    "CorrectedRatio": "refiners",
    "DDLSRefiner": "refiners",
    "DGflowRefiner": "refiners",
    "DOTRefiner": "refiners",
    "FlowMatchingSampler": "samplers",
    "GANSampler": "samplers",
    "GenerativeImputer": "trees",
    "MetropolisHastingsRefiner": "refiners",
    "RejectionRefiner": "refiners",
    "TreeSampler": "trees",
    "VGrowSampler": "samplers",
}
_HOME = {
    **ESTIMATORS,
    "GenerativePipeline": "pipeline",
    "OutlierDetector": "outliers",
    "available": "registry",
    "hookimpl": "hookspecs",
    "load": "persistence",
}
#: The last three are no part of `from fdgm import *`. `testing` needs hypothesis.
_SUBMODULES = frozenset(__all__) - _HOME.keys() | {"exceptions", "registry", "testing"}


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
