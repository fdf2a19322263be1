"""Types of the parameters that take one of a few names. What checks the values is elsewhere: tests compare the two.

Names that a plugin can add, such as those of divergences and architectures, are `str`.
"""

from collections.abc import Collection
from typing import Literal

__all__ = [
    "Activation",
    "Auto",
    "Calibration",
    "Candidates",
    "DataRange",
    "Distribution",
    "Precision",
    "ScalingName",
    "SpaceName",
    "TrainOrTest",
    "Unknown",
]

Auto = Literal["auto"]
#: Output of a network as a distribution: of encoders, of generators, between levels.
Distribution = Literal["deterministic", "gaussian", "isotropic", "implicit"]
Activation = Literal["elu", "gelu", "leaky_relu", "relu", "silu", "tanh"]
Precision = Literal["float32", "bfloat16"]
ScalingName = Literal["auto", "rank", "standard", "robust", "whole"]
#: Range of the values of samples.
DataRange = tuple[float, float] | Auto | None
#: Where a refiner moves points.
SpaceName = Literal["auto", "data", "latent"]
#: How the log-odds of a classifier are calibrated.
Calibration = Literal["sigmoid", "isotonic"]
#: A number, or those among which cross-validation chooses.
Candidates = float | Collection[float] | Auto
#: Parts of a data set of images.
TrainOrTest = Literal["train", "test"]
#: What encoding does with a level of a category that the schema does not have.
Unknown = Literal["error", "missing"]
