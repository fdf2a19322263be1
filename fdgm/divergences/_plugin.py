"""The built-in divergences, through the hook that plugins use."""

from .. import divergences
from ..hookspecs import hookimpl


@hookimpl
def fdgm_divergences() -> dict[str, type]:
    return {
        "alpha": divergences.Alpha,
        "gan": divergences.GAN,
        "jeffreys": divergences.Jeffreys,
        "js": divergences.JensenShannon,
        "kl": divergences.KL,
        "logd": divergences.LogD,
        "neyman": divergences.Neyman,
        "pearson": divergences.Pearson,
        "reverse_kl": divergences.ReverseKL,
        "squared_hellinger": divergences.SquaredHellinger,
    }
