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
    """A density ratio is the same number everywhere: it does not tell the samples apart."""


class FileError(ValueError):
    """A file was not written by fdgm, is damaged, or holds something that no fitted object has."""


class PluginError(ValueError):
    """A plugin is unknown, or two distributions registered its name."""


class PluginWarning(UserWarning):
    """A plugin did not load, or was refused. Everything else still works."""


class PrecisionWarning(UserWarning):
    """Values differ so much in size that rounding leaves a result too few digits."""


class SmallSampleWarning(DataDimensionalityWarning):
    """A measure used too few rows for a reliable result."""


class TrainingWarning(ConvergenceWarning):
    """Training ended or continued in a state that the user should check."""


class UnrefinedWarning(ConvergenceWarning):
    """A refiner moves nothing, since held-out rows saw no gain; samples come back as they came."""


class TrainingError(RuntimeError):
    """Training failed before there was a good model to keep."""


class StopTraining(Exception):
    """A callback raises it to end training normally. Its text, if any, becomes the `stop_reason_`."""
