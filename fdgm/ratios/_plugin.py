"""Registers the built-in density ratios by the hook that plugins use."""

from .. import ratios
from ..hookspecs import hookimpl


@hookimpl
def fdgm_density_ratios() -> dict[str, type]:
    return {
        "classifier": ratios.ClassifierRatio,
        "kliep": ratios.KLIEP,
        "logistic": ratios.LogisticRatio,
        "rulsif": ratios.RuLSIF,
        "telescoping": ratios.TelescopingRatio,
        "ulsif": ratios.uLSIF,
    }
