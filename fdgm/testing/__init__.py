"""The contracts of plugins, as named checks for a plugin's own tests."""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError("fdgm.testing needs hypothesis, which is in its extra: pip install 'fdgm[testing]'.") from error

from ._architecture import check_architecture
from ._check import Check, Checks
from ._density_ratio import check_density_ratio
from ._divergence import check_divergence
from ._estimator import check_estimator
from ._joint_objective import check_joint_objective
from ._objective import check_objective
from ._regularizer import check_regularizer

__all__ = [
    "Check",
    "Checks",
    "check_architecture",
    "check_density_ratio",
    "check_divergence",
    "check_estimator",
    "check_joint_objective",
    "check_objective",
    "check_regularizer",
]
