"""A linear map beside a network."""

import torch
from torch import Tensor, nn

__all__ = ["LinearSkip"]

_SMALL = 0.1  # factor of the initial weights of the body's last layer


class LinearSkip(nn.Module):
    """A linear map of the input, plus a network that starts small.

    Parameters
    ----------
    body : Sequential
        From inputs (n, a) to outputs (n, b). It ends in a linear layer.
    """

    def __init__(self, body: nn.Sequential) -> None:
        super().__init__()
        layers = [layer for layer in body if isinstance(layer, nn.Linear)]
        first, last = layers[0], layers[-1]
        with torch.no_grad():
            last.weight.mul_(_SMALL)
            last.bias.zero_()
        self.body = body
        self.linear = nn.Linear(first.in_features, last.out_features)

    def forward(self, input: Tensor) -> Tensor:
        return self.linear(input) + self.body(input)
