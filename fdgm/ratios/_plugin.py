"""The built-in density ratios, through the hook that plugins use."""

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
