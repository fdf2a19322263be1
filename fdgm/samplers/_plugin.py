"""The samplers, through the hook that plugins use."""

from .. import samplers
from ..hookspecs import hookimpl


@hookimpl
def fdgm_estimators() -> dict[str, type]:
    return {
        "FlowMatchingSampler": samplers.FlowMatchingSampler,
        "GANSampler": samplers.GANSampler,
        "VGrowSampler": samplers.VGrowSampler,
    }
