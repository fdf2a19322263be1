"""Registers the refiners by the hook that plugins use."""

from .. import refiners
from ..hookspecs import hookimpl


@hookimpl
def fdgm_estimators() -> dict[str, type]:
    return {
        "CorrectedRatio": refiners.CorrectedRatio,
        "CrankNicolsonRefiner": refiners.CrankNicolsonRefiner,
        "DDLSRefiner": refiners.DDLSRefiner,
        "DGflowRefiner": refiners.DGflowRefiner,
        "DOTRefiner": refiners.DOTRefiner,
        "ImportanceRefiner": refiners.ImportanceRefiner,
        "MetropolisHastingsRefiner": refiners.MetropolisHastingsRefiner,
        "RejectionRefiner": refiners.RejectionRefiner,
    }
