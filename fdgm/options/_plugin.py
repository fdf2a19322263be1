"""The built-in options, through the hook that plugins use."""

from .. import options
from ..hookspecs import hookimpl


@hookimpl
def fdgm_options() -> dict[str, type]:
    return {
        "adam": options.Adam,
        "checkpoint": options.Checkpoint,
        "early_stopping": options.EarlyStopping,
        "instance_noise": options.InstanceNoise,
        "rmsprop": options.RMSprop,
    }
