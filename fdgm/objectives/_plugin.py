"""The built-in objectives, through the hook that plugins use."""

from .. import objectives
from ..hookspecs import hookimpl


@hookimpl
def fdgm_objectives() -> dict[str, type]:
    return {
        "f_gan": objectives.FGAN,
        "hinge": objectives.Hinge,
        "kliep": objectives.KLIEPObjective,
        "logistic": objectives.Logistic,
        "lsgan": objectives.LSGAN,
        "lsif": objectives.LSIFObjective,
        "wasserstein": objectives.Wasserstein,
        "wasserstein_clip": objectives.WassersteinClip,
    }
