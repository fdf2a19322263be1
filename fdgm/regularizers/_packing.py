"""Packing: a critic of several rows at once."""

from typing import ClassVar

from ..options import Optimizer
from ._checks import check_count
from ._remedy import Remedy

__all__ = ["Packing"]


class Packing(Remedy):
    """The critic judges packs of `size` independent rows, in which a lack of diversity is plain to see.

    A pack is its rows side by side, along the channels for images, so that only the critic's first layer grows. As
    its authors have it, a batch holds as many packs as it would rows.

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
        return check_count(self, "size", 2)

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        check_count(self, "size", 2)
