"""How near generated samples are to real ones; real ones come first in every argument list."""

from ._energy import energy_distance, energy_distance_unit
from ._extractors import Extractor, get_extractor, register_extractor
from ._frechet import frechet_distance
from ._inception import load_inception
from ._mmd import kernel_inception_distance, kernel_mmd
from ._modes import ModeCoverage, high_quality_share, mode_coverage
from ._scores import inception_score, mode_score

__all__ = [
    "Extractor",
    "ModeCoverage",
    "energy_distance",
    "energy_distance_unit",
    "frechet_distance",
    "get_extractor",
    "high_quality_share",
    "inception_score",
    "kernel_inception_distance",
    "kernel_mmd",
    "load_inception",
    "mode_coverage",
    "mode_score",
    "register_extractor",
]

register_extractor("inception", load_inception)
