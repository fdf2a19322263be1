"""Critics of pairs of data and latents."""

import torch
from torch import Tensor, nn

__all__ = ["PairCritic"]


class PairCritic(nn.Module):
    """T(x, z) by three modules: one for each argument, one for the features of both.

    Parameters
    ----------
    of_x : Module
        From data (n, *data_shape) to features (n, a).
    of_z : Module
        From latents (n, latent_size) to features (n, b).
    of_both : Module
        From features (n, a + b) to outputs (n, 1).
    """

    def __init__(self, of_x: nn.Module, of_z: nn.Module, of_both: nn.Module) -> None:
        super().__init__()
        self.of_x = of_x
        self.of_z = of_z
        self.of_both = of_both

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.of_both(torch.cat([self.of_x(x), self.of_z(z)], dim=1)).squeeze(1)
