"""Critics of pairs of data and latents."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["PairCritic", "ThreeHeads"]


class PairCritic(nn.Module):
    """T(x, z) from three modules: one for each argument, and one for the features of both.

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


class ThreeHeads(nn.Module):
    """T(x, z) from three outputs: of x, of z, and of the features of both. Their average, or their sum.

    Parameters
    ----------
    of_x : Module
        From data (n, *data_shape) to features (n, a).
    of_z : Module
        From latents (n, latent_size) to features (n, b).
    of_both : Module
        From features (n, a + b) to features (n, c).
    heads : sequence of three Modules
        From features (n, a), (n, b) and (n, c) to outputs (n, 1).
    summed : bool, default=False
        Whether T is the sum, as in BigBiGAN, instead of the average, as in AGE.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, appendix E.3 and
    figure 7.
    Donahue and Simonyan, "Large Scale Adversarial Representation Learning", NeurIPS 2019, equation 1.
    """

    def __init__(
        self,
        of_x: nn.Module,
        of_z: nn.Module,
        of_both: nn.Module,
        heads: Sequence[nn.Module],
        *,
        summed: bool = False,
    ) -> None:
        super().__init__()
        self.summed = summed
        self.of_x = of_x
        self.of_z = of_z
        self.of_both = of_both
        self.heads = nn.ModuleList(heads)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        of_x, of_z = self.of_x(x), self.of_z(z)
        features = (of_x, of_z, self.of_both(torch.cat([of_x, of_z], dim=1)))
        outputs = [head(f) for head, f in zip(self.heads, features, strict=True)]
        if self.summed:
            return (outputs[0] + outputs[1] + outputs[2]).squeeze(1)
        return torch.cat(outputs, dim=1).mean(dim=1)
