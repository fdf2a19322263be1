"""Errors and warnings that name what went wrong in fdgm."""

from sklearn.exceptions import ConvergenceWarning, DataDimensionalityWarning

__all__ = [
    "ConstantRatioWarning",
    "FileError",
    "PluginError",
    "PluginWarning",
    "PrecisionWarning",
    "SmallSampleWarning",
    "StopTraining",
    "TrainingError",
    "TrainingWarning",
    "UnrefinedWarning",
]


class ConstantRatioWarning(ConvergenceWarning):
    """A density ratio came out as one number: it tells the samples apart nowhere."""


class FileError(ValueError):
    """A file is not one that fdgm wrote, is damaged, or holds what no fitted object has."""


class PluginError(ValueError):
    """A plugin was asked for that is unknown, or that two distributions both claim."""


class PluginWarning(UserWarning):
    """A plugin did not load, or was refused; everything else still works."""


class PrecisionWarning(UserWarning):
    """Values differ so much in size that rounding leaves a figure too few digits."""


class SmallSampleWarning(DataDimensionalityWarning):
    """A measure was taken on too few rows for the figure to mean much."""


class TrainingWarning(ConvergenceWarning):
    """Training ended, or went on, in a state that is worth a look."""


class UnrefinedWarning(ConvergenceWarning):
    """A refiner moves nothing, since held-out rows saw no gain; samples come back as they came."""


class TrainingError(RuntimeError):
    """Training left nothing usable behind: there was no good generator to keep."""


class StopTraining(Exception):
    """Raised by a callback, ends training in good order; its text, if it has one, becomes the `stop_reason_`."""
