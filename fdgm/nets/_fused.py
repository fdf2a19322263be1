"""Outputs and gradients of a perceptron, computed without autograd in buffers that are made once."""

from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from .._chunks import slices

__all__ = ["FusedPerceptron"]

_ROWS = 1024  # rows at a time in `value_and_gradient`: their hidden layers fit into a core's cache


class FusedPerceptron:
    """A network of linear layers with ReLU or leaky ReLU between them and one output, evaluated without autograd.

    It reads the module's own weights and writes their ``.grad``, so that any optimizer can step them. Matrix products
    go straight into buffers. This saves the graph, its allocations and the Python objects of each layer. A critic of 3
    × 128 units on 512 rows would spend some two thirds of its time on them.

    Parameters
    ----------
    module : Module
    layers : list of Linear
        The module's layers, in order. The last has one output.
    slope : float, at least 0
        Slope of the activation for negative inputs.
    flatten : bool
        Whether rows have a shape and must be flattened.

    Notes
    -----
    Results agree with autograd's to rounding. The second derivative is not available.
    """

    def __init__(self, module: nn.Module, layers: list[nn.Linear], slope: float, *, flatten: bool) -> None:
        self._parts = list(module.modules())
        self.layers = layers
        self.slope = slope
        self.flatten = flatten
        self._buffers: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self._inputs: list[Tensor] = []
        self._weights: list[tuple[Tensor, Tensor]] = []
        self._where: list[int] = []

    @classmethod
    def of(cls, module: nn.Module) -> Self | None:
        """The fused form of such a module in float32. None for any other module, which is left to autograd."""
        if not isinstance(module, nn.Sequential):
            return None
        parts = list(module)
        flatten = bool(parts) and isinstance(parts[0], nn.Flatten) and parts[0].start_dim == 1
        parts = parts[flatten:]
        if len(parts) < 4 or len(parts) % 2 or not isinstance(parts[-1], nn.Flatten) or parts[-1].start_dim != 0:
            return None
        slopes = {_slope(activation) for activation in parts[1:-1:2]}
        layers = [part for part in parts[:-1:2] if type(part) is nn.Linear and part.bias is not None]
        plain = len(layers) == len(parts) // 2 and not any(is_parametrized(layer) for layer in layers)
        chained = plain and all(a.out_features == b.in_features for a, b in pairwise(layers))
        slope = slopes.pop() if len(slopes) == 1 else None
        if not chained or layers[-1].out_features != 1 or slope is None:
            return None
        if any(weight.dtype != torch.float32 for weight in module.parameters()):
            return None
        return cls(module, layers, slope, flatten=flatten)

    @property
    def n_numbers(self) -> int:
        """Numbers of a row."""
        return self.layers[0].in_features

    @property
    def is_watched(self) -> bool:
        """Whether the module has hooks. It is then left to autograd."""
        return any(
            part._forward_hooks or part._forward_pre_hooks or part._backward_hooks or part._backward_pre_hooks
            for part in self._parts
        )

    def outputs(self, x: Tensor) -> Tensor:
        """Outputs (n,) at rows (n, *shape). They are kept for `backward` until the next call."""
        x = x.flatten(1) if self.flatten else x
        hidden, _ = self._buffers_for(x)
        self._inputs = [x, *hidden[:-1]]
        self._find_weights()
        for (weight, bias), before, after in zip(self._weights, self._inputs, hidden, strict=True):
            torch.addmm(bias, before, weight.t(), out=after)
            if after is not hidden[-1]:
                self._activate(after)
        return hidden[-1].flatten().clone()

    def backward(self, gradient: Tensor) -> None:
        """Write the gradient of each weight to its ``.grad``, from the gradient (n,) of the last `outputs`."""
        _, back = self._buffers_for(self._inputs[0])
        g = gradient[:, None]
        for i in reversed(range(len(self.layers))):
            layer = self.layers[i]
            if layer.weight.requires_grad:
                torch.mm(g.t(), self._inputs[i], out=_grad(layer.weight))
            if layer.bias.requires_grad:
                torch.sum(g, dim=0, out=_grad(layer.bias))
            if i:
                torch.mm(g, self._weights[i][0], out=back[i - 1])
                g = self._chain(back[i - 1], self._inputs[i])

    def penalised_backward(self, gradient: Tensor, weights: Tensor) -> None:
        """As `backward`, of the loss plus Σᵢ weightᵢ/2 ‖∇D(xᵢ)‖² over the rows of the last `outputs`.

        The slopes are piecewise constant here. So the gradient of ‖∇D‖²/2 in a layer's weights is a product of two
        tensors. One is the output's gradient after the layer. The other is ∇D itself, taken forward to the layer
        through the same branches.

        Parameters
        ----------
        gradient : Tensor of shape (n,)
            Of the loss in the outputs.
        weights : Tensor of shape (n,)
        """
        x = self._inputs[0]
        hidden, back = self._buffers_for(x)
        last = len(self.layers) - 1
        g = torch.ones_like(hidden[last])  # the outputs' own gradient
        for i in range(last, 0, -1):
            torch.mm(g, self.layers[i].weight.detach(), out=back[i - 1])
            g = self._chain(back[i - 1], self._inputs[i])
        forward = torch.mm(g, self.layers[0].weight.detach()).mul_(weights[:, None])  # weighted slopes (n, d)
        for i, layer in enumerate(self.layers):
            g = back[i] if i < last else torch.ones_like(hidden[last])
            if layer.weight.requires_grad:
                torch.mm(g.t(), torch.addcmul(forward, self._inputs[i], gradient[:, None]), out=_grad(layer.weight))
            if layer.bias.requires_grad:
                torch.mv(g.t(), gradient, out=_grad(layer.bias))
            if i < last:
                forward = self._chain(torch.mm(forward, layer.weight.detach().t()), self._inputs[i + 1])

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (n,) and their gradients, of x's shape, row by row."""
        values = torch.empty(len(x), device=x.device, dtype=torch.float32)
        gradients = torch.empty_like(x)
        flat = gradients.flatten(1)  # a view: empty_like of rows that are contiguous is contiguous
        for rows in slices(len(x), _ROWS):
            values[rows] = self.outputs(x[rows])
            _, back = self._buffers_for(self._inputs[0])
            last = len(self.layers) - 1
            g = self._weights[last][0].expand(len(values[rows]), -1)
            for i in reversed(range(1, last + 1)):
                g = self._chain(back[i - 1].copy_(g) if i == last else g, self._inputs[i])
                into = flat[rows] if i == 1 else back[i - 2]
                g = torch.mm(g, self._weights[i - 1][0], out=into)
        return values, gradients

    def _find_weights(self) -> None:
        """Take the layers' weights as plain tensors, anew if they have moved in memory."""
        parameters = [(layer.weight, layer.bias) for layer in self.layers]
        where = [part.data_ptr() for pair in parameters for part in pair]
        if where != self._where:
            self._where = where
            self._weights = [(weight.detach(), bias.detach()) for weight, bias in parameters]

    def _activate(self, values: Tensor) -> None:
        if self.slope == 0:
            values.relu_()
        else:
            nn.functional.leaky_relu_(values, self.slope)

    def _chain(self, gradient: Tensor, activated: Tensor) -> Tensor:
        """The gradient before an activation, from the gradient after it. The sign of its output tells the branch."""
        if self.slope == 0:
            return torch.ops.aten.threshold_backward.grad_input(gradient, activated, 0.0, grad_input=gradient)
        return torch.ops.aten.leaky_relu_backward.grad_input(gradient, activated, self.slope, True, grad_input=gradient)

    def _buffers_for(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Buffers for each layer's output, and for the gradient of each layer's input except the first's."""
        n = len(x)
        if n not in self._buffers or self._buffers[n][0][0].device != x.device:
            sizes = [layer.out_features for layer in self.layers]

            def empty(size: int) -> Tensor:
                return torch.empty(n, size, dtype=torch.float32, device=x.device)

            self._buffers[n] = [empty(size) for size in sizes], [empty(size) for size in sizes[:-1]]
        return self._buffers[n]


def _slope(activation: nn.Module) -> float | None:
    """Slope for negative inputs. None for an activation of another kind."""
    if type(activation) is nn.ReLU:
        return 0.0
    if type(activation) is nn.LeakyReLU and activation.negative_slope > 0:
        return float(activation.negative_slope)
    return None


def _grad(weight: Tensor) -> Tensor:
    if weight.grad is None:
        weight.grad = torch.empty_like(weight)
    return weight.grad
