"""The warm-started critic update that all methods share."""

from collections.abc import Callable, Sequence
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..distributed import current
from ..flows import ValueAndGradient, differentiated
from ..objectives import Objective
from ..regularizers import CriticRegularizer, SlopePenalty
from ._forward import forward
from ._fused import FusedPerceptron
from ._mode import Mode

__all__ = ["CriticStep"]

Batch = Tensor | tuple[Tensor, ...]


class CriticStep:
    """One optimizer step of a critic on a batch from each of two samples, numerator first.

    Parameters
    ----------
    critic : Module
        Maps points (n, *shape) to outputs (n,). It may take several tensors, such as pairs of data and latents.
    optimizer : Optimizer
        Optimizes the critic's parameters.
    objective : Objective
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the critic. Its outputs and the loss are float32.
    regularizers : sequence of CriticRegularizer, default=()
        Regularizers in addition to those that the objective asks for.
    min_loss : float or None, default=None
        The critic is not updated while its loss is below this value.
    stream : Generator or None, default=None
        Source of the regularizers' randomness, on the critic's device. With None the step makes its own.

    Raises
    ------
    ValueError
        If one of the regularizers is a penalty, and the critic has batch normalisation.
    """

    def __init__(
        self,
        critic: nn.Module,
        optimizer: torch.optim.Optimizer,
        objective: Objective,
        *,
        precision: str = "float32",
        regularizers: Sequence[CriticRegularizer] = (),
        min_loss: float | None = None,
        stream: torch.Generator | None = None,
    ) -> None:
        self.critic = critic
        self.optimizer = optimizer
        self.objective = objective
        self.precision = precision
        self.min_loss = min_loss
        self._mode = Mode(critic)
        self.regularizers = (*objective.regularizers, *regularizers)
        for regularizer in self.regularizers:
            _check_rows_alone(critic, regularizer)
        penalties = [regularizer for regularizer in self.regularizers if _penalises(regularizer)]
        self._slope_penalties = [penalty for penalty in penalties if _is_of_slopes(penalty)]
        by_hand = precision == "float32" and len(self._slope_penalties) == len(penalties)
        self._perceptron = FusedPerceptron.of(critic) if by_hand else None
        device = next(critic.parameters()).device
        self.stream = torch.Generator(device).manual_seed(0) if stream is None else stream

    def __call__(self, batch_p: Batch, batch_q: Batch) -> Tensor:
        """Update the critic. Return the loss before the update, without penalties: a tensor () without graph.

        A batch is a tensor, or a tuple of as many tensors as the critic takes.
        """
        self._mode(training=True)
        p, q = (batch if isinstance(batch, tuple) else (batch,) for batch in (batch_p, batch_q))
        fused = self.fused()
        if fused is None:
            loss, total = self.losses(self.outputs, p, q)
        else:
            outputs = fused.outputs(*(torch.cat(both) for both in zip(p, q, strict=True)))
            loss, *slopes = self.objective.loss_and_slopes(outputs[: len(p[0])], outputs[len(p[0]) :])
        if self.min_loss is not None:
            loss = current().mean(loss)  # all processes must decide alike
            if loss.item() < self.min_loss:
                return loss.detach()
        if fused is None:
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
        else:
            self._backward(fused, *slopes)
        self.optimizer.step()
        for regularizer in self.regularizers:
            regularizer.project(self.critic)
        return loss.detach()

    def _backward(self, fused: FusedPerceptron, slope_p: Tensor, slope_q: Tensor) -> None:
        """Gradients of the loss, whose derivatives in the outputs are given, and of the penalties."""
        slopes = torch.cat([slope_p, slope_q])
        if not self._slope_penalties:
            fused.backward(slopes)
            return
        found = [penalty.weights(fused.n_numbers) for penalty in self._slope_penalties]
        weights = torch.empty_like(slopes)
        weights[: len(slope_p)] = sum(weight for weight, _ in found) / len(slope_p)
        weights[len(slope_p) :] = sum(weight for _, weight in found) / len(slope_q)
        fused.penalised_backward(slopes, weights)

    def losses(
        self, critic_fn: Callable[..., Tensor], p: tuple[Tensor, ...], q: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor]:
        """The objective's loss, and its sum with the penalties, both (). `critic_fn` evaluates the critic."""
        output = critic_fn(*(torch.cat(both) for both in zip(p, q, strict=True)))
        loss = total = self.objective.loss(output[: len(p[0])], output[len(p[0]) :])
        for regularizer in self.regularizers:
            penalty = regularizer.penalty(critic_fn, p, q, self.stream)
            total = total if penalty is None else total + penalty
        return loss, total

    def log_ratio(self) -> Callable[..., Tensor]:
        """log dP/dQ as a function of the critic's input. The critic is in evaluation mode from here on."""
        self._mode(training=False)
        return lambda *points: self.objective.log_ratio(self.outputs(*points))

    def value_and_gradient(self) -> ValueAndGradient:
        """The log-ratio of single points and its gradients, by the present critic. Otherwise as `log_ratio`."""
        log_ratio = self.log_ratio()
        fused, objective = self.fused(), self.objective
        if fused is None:
            return differentiated(log_ratio)

        def value_and_gradient(points: Tensor) -> tuple[Tensor, Tensor]:
            outputs, gradients = fused.value_and_gradient(points)
            outputs.requires_grad_()
            t = objective.log_ratio(outputs)
            if t is outputs:
                return outputs.detach(), gradients
            (slope,) = torch.autograd.grad(t.sum(), outputs)
            return t.detach(), gradients * slope.view(-1, *[1] * (points.dim() - 1))

        return value_and_gradient

    def fused(self) -> FusedPerceptron | None:
        """The fused critic, if the critic is a perceptron without hooks."""
        perceptron = self._perceptron
        return None if perceptron is None or perceptron.is_watched else perceptron

    def outputs(self, *inputs: Tensor) -> Tensor:
        """The critic's outputs, in its precision and present mode."""
        return forward(self.critic, self.precision, *inputs)


def _penalises(regularizer: CriticRegularizer) -> bool:
    return type(regularizer).penalty is not CriticRegularizer.penalty


def _is_of_slopes(regularizer: CriticRegularizer) -> TypeGuard[SlopePenalty]:
    """Whether its penalty is that of the base, and no subclass's own."""
    return isinstance(regularizer, SlopePenalty) and type(regularizer).penalty is SlopePenalty.penalty


def _check_rows_alone(critic: nn.Module, regularizer: CriticRegularizer) -> None:
    """Refuse batch normalisation under a penalty, whose slopes need outputs that depend on one row each."""
    if not _penalises(regularizer):
        return
    for layer in critic.modules():
        if isinstance(layer, _BatchNorm):
            raise ValueError(
                f"the critic that {regularizer!r} penalises must have no batch normalisation, got"
                f" {type(layer).__name__}: a penalty takes the slope of each output in its own row, and there outputs"
                " depend on other rows too; take an architecture whose critic has none."
            )
