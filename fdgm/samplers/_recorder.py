"""A skorch callback that keeps particles as they evolve."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from ..distributed import current
from ..training import Keeper

__all__ = ["ParticleRecorder"]


class ParticleRecorder(Keeper):
    """Keep the particles of chosen iterations.

    Parameters
    ----------
    loops : tuple of int
        Counted from 1.
    kept : dict
        Filled with iteration: ndarray of shape (n_particles, *row shape).
    to_array : callable
        Maps scaled rows to the user's units.
    """

    def __init__(
        self, loops: tuple[int, ...], kept: dict[int, np.ndarray], to_array: Callable[[Tensor], np.ndarray]
    ) -> None:
        self.loops = loops
        self.kept = kept
        self.to_array = to_array

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        loop = len(net.history)
        if loop in self.loops:
            self.kept[loop] = self.to_array(current().gather(net.particles_))

    def noted(self) -> dict[int, np.ndarray]:
        return dict(self.kept)

    def put_back(self, noted: dict[int, np.ndarray]) -> None:
        self.kept.clear()
        self.kept.update(noted)
