"""Points that move along weight times gradient of the log-ratio."""

from ._velocity import euler_step, velocity

__all__ = ["euler_step", "velocity"]
