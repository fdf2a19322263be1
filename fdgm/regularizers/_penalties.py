"""Penalties and projections of a critic: bounded slopes and bounded weights."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .._checks import check_flag, check_number, check_params
from .._literals import Auto
from ..component import Component
from ._base import Regularizer

__all__ = ["R1", "R1R2", "CriticRegularizer", "GradientPenalty", "SlopePenalty", "WeightClip"]

_AUTO_WEIGHT, _MOST_WEIGHT = 0.05, 10.0  # of R1R2: for each number of a row, and at most, as published for images


class CriticRegularizer(Regularizer, ABC):
    """A term of the critic's loss that needs the critic, a projection of its weights after a step, or both.

    A subclass overrides `penalty`, `project` or both. The critic step calls them at each update.
    """

    def penalty(
        self,
        critic: Callable[..., Tensor],
        batch_p: tuple[Tensor, ...],
        batch_q: tuple[Tensor, ...],
        stream: torch.Generator,
    ) -> Tensor | None:
        """A term () to add to the loss, or None.

        Parameters
        ----------
        critic : callable
            Maps as many tensors (n, \\*shape) as it takes, one for points, to outputs (n,), row by row.
        batch_p, batch_q : tuple of Tensor of shape (n, \\*shape)
            The critic's inputs in this step, numerator first.
        stream : Generator
            The only source of randomness, on the batches' device.
        """
        return None

    def project(self, critic: nn.Module) -> None:
        """Change the critic's weights in place, after an update."""
        return None


class GradientPenalty(CriticRegularizer):
    """Gradient penalty weight · E[(‖∇D(x̂)‖ − 1)²], at points x̂ drawn uniformly between rows of the two samples.

    Parameters
    ----------
    weight : float, default=10.0
    two_sided : bool, default=True
        Whether to penalise slopes below 1 too. If False, only slopes above 1 are penalised.

    References
    ----------
    Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, equation 3; one-sided: Petzka, Fischer
    and Lukovnikov, "On the regularization of Wasserstein GANs", ICLR 2018, equation 8.

    Examples
    --------
    >>> import torch
    >>> from fdgm.regularizers import GradientPenalty
    >>> stream = torch.Generator().manual_seed(0)
    >>> penalty = GradientPenalty().penalty(lambda x: 3 * x[:, 0], (torch.ones(4, 2),), (torch.zeros(4, 2),), stream)
    >>> penalty.item()
    40.0
    """

    def __init__(self, weight: float = 10.0, *, two_sided: bool = True) -> None:
        self.weight = weight
        self.two_sided = two_sided

    def penalty(
        self,
        critic: Callable[..., Tensor],
        batch_p: tuple[Tensor, ...],
        batch_q: tuple[Tensor, ...],
        stream: torch.Generator,
    ) -> Tensor:
        check_params(self, check_number, "weight")
        check_params(self, check_flag, "two_sided")
        n = min(len(batch_p[0]), len(batch_q[0]))
        fraction = torch.rand(n, generator=stream, device=batch_p[0].device, dtype=batch_p[0].dtype)
        between = (
            torch.lerp(q[:n], p[:n], fraction.view(-1, *[1] * (p.dim() - 1)))
            for p, q in zip(batch_p, batch_q, strict=True)
        )
        slope = _squared_slopes(critic, tuple(between)).sqrt()
        excess = slope - 1 if self.two_sided else (slope - 1).clamp(min=0)
        return self.weight * excess.square().mean()


class SlopePenalty(CriticRegularizer, ABC):
    """Base of the zero-centred penalties weight_p/2 · E_p[‖∇D‖²] + weight_q/2 · E_q[‖∇D‖²].

    A subclass gives the weights. A critic that is a perceptron takes such a penalty at the price of one more pass.
    """

    @abstractmethod
    def weights(self, n_numbers: int) -> tuple[float, float]:
        """Weights of the numerator's and the denominator's sample, for rows of so many numbers, at least 0."""

    def penalty(
        self,
        critic: Callable[..., Tensor],
        batch_p: tuple[Tensor, ...],
        batch_q: tuple[Tensor, ...],
        stream: torch.Generator,
    ) -> Tensor:
        weights = self.weights(numbers_of(batch_p))
        halves = [
            weight / 2 * _squared_slopes(critic, batch).mean()
            for weight, batch in zip(weights, (batch_p, batch_q), strict=True)
            if weight
        ]
        return torch.stack(halves).sum()

    def clashes(self, other: Component) -> str | None:
        return "both bound the critic's slope at data" if isinstance(other, SlopePenalty) else None


class R1(SlopePenalty):
    """Zero-centred gradient penalty weight/2 · E_p[‖∇D‖²], at rows of the numerator's sample, which are data.

    Parameters
    ----------
    weight : float, default=10.0

    References
    ----------
    Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018, equation 9.
    """

    def __init__(self, weight: float = 10.0) -> None:
        self.weight = weight

    def weights(self, n_numbers: int) -> tuple[float, float]:
        check_params(self, check_number, "weight")
        return self.weight, 0.0


class R1R2(SlopePenalty):
    """Zero-centred gradient penalty weight/2 · (E_p[‖∇D‖²] + E_q[‖∇D‖²]), at rows of both samples.

    Parameters
    ----------
    weight : float or "auto", default="auto"
        ``"auto"`` is 0.05 for each number of a row, in scaled units, and at most 10.

    References
    ----------
    Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018, equations 9
    and 10; Huang et al., "The GAN is dead; long live the GAN! A Modern Baseline GAN", NeurIPS 2024, section 2.2.

    Examples
    --------
    >>> import torch
    >>> from fdgm.regularizers import R1R2
    >>> stream = torch.Generator().manual_seed(0)
    >>> R1R2(1.0).penalty(lambda x: 3 * x[:, 0], (torch.ones(4, 2),), (torch.zeros(4, 2),), stream)
    tensor(9.)
    """

    def __init__(self, weight: float | Auto = "auto") -> None:
        self.weight = weight

    def weights(self, n_numbers: int) -> tuple[float, float]:
        if self.weight == "auto":
            weight = min(_AUTO_WEIGHT * n_numbers, _MOST_WEIGHT)
            return weight, weight
        weight = check_number(self.weight, "weight", type(self).__name__)
        return weight, weight


class WeightClip(CriticRegularizer):
    """Weight clipping: each weight is clamped to [−limit, limit] after each update.

    Parameters
    ----------
    limit : float, default=0.01

    References
    ----------
    Arjovsky, Chintala and Bottou, "Wasserstein Generative Adversarial Networks", ICML 2017, algorithm 1.
    """

    def __init__(self, limit: float = 0.01) -> None:
        self.limit = limit

    @torch.no_grad()
    def project(self, critic: nn.Module) -> None:
        check_params(self, check_number, "limit")
        for parameter in critic.parameters():
            parameter.clamp_(-self.limit, self.limit)


def numbers_of(batch: tuple[Tensor, ...]) -> int:
    """How many numbers the critic judges at once."""
    return sum(part[0].numel() for part in batch)


def _squared_slopes(critic: Callable[..., Tensor], points: tuple[Tensor, ...]) -> Tensor:
    """‖∇D‖² (n,) over all inputs of the critic, differentiable in its weights and in what made the points."""
    points = tuple(part if part.requires_grad else part.detach().requires_grad_() for part in points)
    gradients = torch.autograd.grad(critic(*points).sum(), points, create_graph=True)
    squares = torch.stack([gradient.flatten(1).square().sum(dim=1) for gradient in gradients]).sum(dim=0)
    # The root has no derivative at slope 0, so the smallest normal number is added under it.
    return squares + torch.finfo(squares.dtype).tiny
