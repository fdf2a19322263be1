"""Registers the built-in objectives by the hook that plugins use."""

from .. import objectives
from ..hookspecs import hookimpl


@hookimpl
def fdgm_objectives() -> dict[str, type]:
    return {
        "age": objectives.AGE,
        "f_gan": objectives.FGAN,
        "hinge": objectives.Hinge,
        "kliep": objectives.KLIEPObjective,
        "least_squares": objectives.LSGAN,
        "logistic": objectives.Logistic,
        "lsif": objectives.LSIFObjective,
        "minimax": objectives.Minimax,
        "non_saturating": objectives.NonSaturating,
        "relativistic": objectives.Relativistic,
        "wasserstein": objectives.WGAN,
        "wasserstein_gp": objectives.WGANGP,
    }
