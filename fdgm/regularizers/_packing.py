"""Packing: a critic of several rows at once."""

from typing import ClassVar

from .._checks import check_count, check_params
from ..options import Optimizer
from ._stabilizer import Stabilizer

__all__ = ["Packing"]


class Packing(Stabilizer):
    """Packing: the critic judges packs of `size` independent samples, which show a lack of diversity.

    A pack concatenates its rows, along the channels for images. Only the critic's first layer grows. As in the paper,
    a batch holds as many packs as it would hold rows.

    Parameters
    ----------
    size : int, default=2

    References
    ----------
    Lin et al., "PacGAN: The power of two samples in generative adversarial networks", NeurIPS 2018, section 2.
    """

    single: ClassVar = False

    def __init__(self, size: int = 2) -> None:
        self.size = size

    @property
    def rows_per_output(self) -> int:
        return check_count(self.size, "size", "Packing", minimum=2)

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        check_params(self, check_count, "size", minimum=2)
