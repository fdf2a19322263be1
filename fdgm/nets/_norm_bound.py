"""A bound on the norms of a network's layers, kept by a projection after each update."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import is_parametrized

__all__ = ["NormBound"]

_BOUNDED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_DIRECTION = "norm_direction"  # a buffer of each layer, and so a part of the network's state


class NormBound:
    """Divides each layer of a network by its largest singular value where that exceeds 1.

    The value is that of one power iteration, which starts where the last one ended. A step costs two products of a
    matrix and a vector for each layer, and no graph. A parametrisation, such as torch's `spectral_norm`, is computed in
    every forward pass, and also makes small norms larger.

    For a convolution the norm is that of its kernel as a matrix. Layers with a parametrised weight do not change.

    Parameters
    ----------
    module : Module
        Each of its layers gets a buffer ``norm_direction``.
    seed : int
        Seed of the first directions.

    References
    ----------
    Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018, section 2.1 and
    appendix A.

    Examples
    --------
    >>> import torch
    >>> from fdgm.nets import NormBound
    >>> layer = torch.nn.Linear(2, 2)
    >>> _ = layer.weight.data.copy_(torch.tensor([[8.0, 0.0], [0.0, 0.5]]))
    >>> bound = NormBound(layer, seed=0)
    >>> for _ in range(9):
    ...     bound()
    >>> layer.weight.detach().round(decimals=3)
    tensor([[1.0000, 0.0000],
            [0.0000, 0.0620]])
    """

    def __init__(self, module: nn.Module, *, seed: int) -> None:
        self.layers = [
            layer for layer in module.modules() if isinstance(layer, _BOUNDED) and not is_parametrized(layer, "weight")
        ]
        source = torch.Generator("cpu").manual_seed(seed)
        for layer in self.layers:
            size = layer.weight[0].numel()
            direction = torch.randn(size, generator=source, dtype=torch.float32, device="cpu")
            layer.register_buffer(_DIRECTION, normalize(direction, dim=0).to(layer.weight.device))

    @torch.no_grad()
    def __call__(self) -> None:
        """Bound every layer."""
        matrices = [layer.weight.flatten(1) for layer in self.layers]
        directions: list[Tensor] = [getattr(layer, _DIRECTION) for layer in self.layers]
        images = [torch.mv(matrix, direction) for matrix, direction in zip(matrices, directions, strict=True)]
        backs = [torch.mv(matrix.t(), image) for matrix, image in zip(matrices, images, strict=True)]
        lengths = torch.stack(torch._foreach_norm(backs))
        found = lengths / torch.stack(torch._foreach_norm(images))  # NaN for a layer of zeros, whose direction stays
        known, divisors = found.isfinite(), found.nan_to_num(nan=1.0).clamp(min=1.0)
        for i, (layer, direction) in enumerate(zip(self.layers, directions, strict=True)):
            direction.copy_(torch.where(known[i], backs[i] / lengths[i], direction))
            layer.weight.div_(divisors[i])
