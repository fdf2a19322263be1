"""Pictures of models and samples, named and shaped as scikit-learn's displays.

Each class has `from_estimator` or `from_predictions`, which draw at once and return the display. Its ``plot`` draws
again, also into axes of your own. ``figure_`` and ``axes_`` are matplotlib's. matplotlib is imported when something is
drawn.
"""

from ._calibration import RatioCalibrationDisplay
from ._history import HistoryDisplay
from ._interpolation import InterpolationDisplay
from ._latent import LatentDisplay
from ._neighbors import NeighborsDisplay
from ._particles import ParticlesDisplay
from ._report import ReportDisplay
from ._samples import SampleDisplay
from ._two_sample import TwoSampleTestDisplay
from ._velocity import VelocityDisplay

__all__ = [
    "HistoryDisplay",
    "InterpolationDisplay",
    "LatentDisplay",
    "NeighborsDisplay",
    "ParticlesDisplay",
    "RatioCalibrationDisplay",
    "ReportDisplay",
    "SampleDisplay",
    "TwoSampleTestDisplay",
    "VelocityDisplay",
]
