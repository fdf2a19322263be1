"""VEEGAN's reconstructor: a network from data to latents that keeps the generator from dropping modes."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import Tensor, nn

from .._checks import check_number, check_params
from ..architectures import Architecture
from ..options import Optimizer
from ._stabilizer import GeneratorStep, Stabilizer

__all__ = ["Reconstructor"]


class Reconstructor(Stabilizer):
    """VEEGAN: a network F from data to latents, trained with the generator G on weight · E‖z − F(G(z))‖² / latent size.

    The critic judges pairs: (x, F(x)) of data against (G(z), z) of the model. F's latents of data thus become standard
    normal. If the generator drops a mode, the data have latents where the model has none. The generator's loss is the
    objective's plus the error above. Only that error trains F.

    Use no more latents than the data have dimensions. F is a function of the data, so its latents cannot fill more
    dimensions, and the critic would tell all pairs apart.

    Parameters
    ----------
    weight : float, default=1.0

    References
    ----------
    Srivastava et al., "VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning", NeurIPS 2017,
    section 3 and algorithm 1.
    """

    single: ClassVar = False
    pairs: ClassVar = True

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight

    def make_modules(
        self, architecture: Architecture, data_shape: tuple[int, ...], latent_size: int
    ) -> dict[str, nn.Module]:
        return {"reconstructor": architecture.make_encoder(data_shape, latent_size)}

    def latents_of(self, rows: Tensor, modules: Mapping[str, Callable[..., Tensor]]) -> Tensor:
        return modules["reconstructor"](rows)

    def generator_loss(self, step: GeneratorStep) -> Tensor:
        error = (step.latents - step.modules["reconstructor"](step.rows)).square().mean()
        return self.weight * error

    def check(self, *, batch_size: int, optimizer: Optimizer) -> None:
        check_params(self, check_number, "weight")
