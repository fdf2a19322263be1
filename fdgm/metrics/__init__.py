"""How near generated samples are to real ones; real ones come first in every argument list."""

from ._energy import energy_distance, energy_distance_unit
from ._modes import ModeCoverage, high_quality_share, mode_coverage

__all__ = ["ModeCoverage", "energy_distance", "energy_distance_unit", "high_quality_share", "mode_coverage"]
