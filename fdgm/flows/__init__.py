"""Points that move along weight times gradient of the log-ratio."""

from ._proximal import proximal_step
from ._steps import euler_maruyama_step, euler_step, shortened
from ._velocity import ValueAndGradient, differentiated, pull_back, velocity

__all__ = [
    "ValueAndGradient",
    "differentiated",
    "euler_maruyama_step",
    "euler_step",
    "proximal_step",
    "pull_back",
    "shortened",
    "velocity",
]
