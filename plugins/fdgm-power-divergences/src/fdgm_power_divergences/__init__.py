"""Families of f-divergences beyond those of fdgm itself."""

from fdgm import hookimpl

from ._arimoto import Arimoto
from ._skew import SkewChi2, SkewJensenShannon

__all__ = ["Arimoto", "SkewChi2", "SkewJensenShannon"]


@hookimpl
def fdgm_divergences() -> dict[str, type]:
    return {"arimoto": Arimoto, "skew_chi2": SkewChi2, "skew_js": SkewJensenShannon}
