"""The built-in options, through the hook that plugins use."""

from .. import options
from ..hookspecs import hookimpl


@hookimpl
def fdgm_options() -> dict[str, type]:
    return {
        "adam": options.Adam,
        "checkpoint": options.Checkpoint,
        "early_stopping": options.EarlyStopping,
        "flow": options.Flow,
        "gradient": options.Gradient,
        "implicit_noise": options.ImplicitNoise,
        "instance_noise": options.InstanceNoise,
        "maps": options.Maps,
        "network": options.Network,
        "replay": options.Replay,
        "rmsprop": options.RMSprop,
        "step_size": options.StepSize,
    }
