"""Registers the built-in architectures by the hook that plugins use."""

from .. import architectures
from ..hookspecs import hookimpl


@hookimpl
def fdgm_architectures() -> dict[str, type]:
    return {
        "dcgan": architectures.DCGAN,
        "hierarchical": architectures.Hierarchical,
        "mlp": architectures.MLP,
        "resnet": architectures.ResNet,
        "sagan": architectures.SAGAN,
    }
