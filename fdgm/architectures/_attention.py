"""Self-attention between the pixels of feature maps."""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from ._residual import Norm

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """Adds to each pixel what it attends to in the image at half the side, times a learned factor that starts at 0.

    Parameters
    ----------
    channels : int
        Number of channels. Queries and keys have an eighth of them, values a half.
    norm : callable
        Wraps each convolution.

    References
    ----------
    Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019, section 3.
    """

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        eighth, half = max(channels // 8, 1), max(channels // 2, 1)
        self.query = norm(nn.Conv2d(channels, eighth, 1))
        self.key = norm(nn.Conv2d(channels, eighth, 1))
        self.value = norm(nn.Conv2d(channels, half, 1))
        self.out = norm(nn.Conv2d(half, channels, 1))
        self.gamma = nn.Parameter(torch.zeros((), dtype=torch.float32, device="cpu"))

    def forward(self, input: Tensor) -> Tensor:
        query = self.query(input).flatten(2)  # (n, c/8, s²)
        key = max_pool2d(self.key(input), 2).flatten(2)  # (n, c/8, s²/4)
        value = max_pool2d(self.value(input), 2).flatten(2)  # (n, c/2, s²/4)
        attention = (query.transpose(1, 2) @ key).softmax(dim=2)  # (n, s², s²/4)
        seen = (value @ attention.transpose(1, 2)).unflatten(2, input.shape[2:])  # (n, c/2, s, s)
        return input + self.gamma * self.out(seen)
