"""The contract of an objective: the loss that a critic minimises, and the log-ratio that its output becomes."""

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from ..objectives import Objective
from ._check import Checks, Property, named, require
from ._component import check_copies, instance
from ._hypotheses import for_all

__all__ = ["check_objective"]

_KINDS = 4
_OUTPUTS = torch.linspace(-1.5, 1.5, 12, dtype=torch.float64, device="cpu")
_COUNTS = arrays(np.int64, (2, _KINDS), elements=st.integers(1, 9))


def check_objective(obj: Objective | type[Objective]) -> Checks:
    """The contract of a critic's objective, as named checks.

    Parameters
    ----------
    obj : Objective or a class of them
        A class is checked with its default parameters.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest.

    Raises
    ------
    TypeError
        If `obj` is not an objective.

    Notes
    -----
    The optimum is searched on two samples with a few kinds of points. The critic may give each kind any output.

    Examples
    --------
    >>> from fdgm.objectives import Logistic
    >>> from fdgm.testing import check_objective
    >>> check_objective(Logistic()).run()
    """
    objective: Objective = instance("check_objective", obj, Objective)
    properties: list[Property] = [
        numerator_comes_first,
        sizes_of_the_samples_do_not_matter,
        is_finite_in_range,
        optimum_is_least,
        generator_loss_is_a_mean,
        generator_is_drawn_to_the_numerator,
        generator_loss_is_finite_in_range,
        settings_are_in_range,
        can_be_saved,
    ]
    if objective.antisymmetric:
        properties.append(exchanging_the_samples_changes_the_sign)
    if objective.exact:
        properties.append(log_ratio_is_exact_at_the_optimum)
    if objective.relative:
        properties += [loss_sees_differences_alone, paired_generator_loss_pulls_towards_the_data]
    return Checks(objective, [has_the_right_shape, is_differentiable], properties)


def has_the_right_shape(objective: Objective) -> None:
    for dtype in (torch.float32, torch.float64):
        p, q = _OUTPUTS[:5].to(dtype), _OUTPUTS[5:].to(dtype)
        loss = objective.loss(p, q)
        require(
            loss.shape == () and loss.dtype == dtype,
            f"loss of {named(objective)} must be one number in the outputs' {dtype}, got shape {tuple(loss.shape)} and"
            f" {loss.dtype}",
        )
        l = objective.log_ratio(p)
        require(
            l.shape == p.shape and l.dtype == dtype,
            f"log_ratio of {named(objective)} must return the shape and dtype of its argument, {tuple(p.shape)} and"
            f" {dtype}, got {tuple(l.shape)} and {l.dtype}",
        )


def is_differentiable(objective: Objective) -> None:
    p, q = (part.clone().requires_grad_() for part in (_OUTPUTS[::2], _OUTPUTS[1::2]))
    for name, value in (("loss", objective.loss(p, q)), ("log_ratio", objective.log_ratio(p))):
        require(
            value.requires_grad,
            f"{name} of {named(objective)} must be differentiable in the critic's output, but its result is detached",
        )
    gradients = torch.autograd.grad(objective.loss(p, q), (p, q), allow_unused=True)
    for name, gradient in zip(("numerator", "denominator"), gradients, strict=True):
        require(
            gradient is not None and gradient.any(),
            f"loss of {named(objective)} must have a gradient in the outputs on the {name}'s sample, but has none",
        )


def settings_are_in_range(objective: Objective) -> None:
    steps, rates = objective.n_critic_steps, objective.learning_rates
    require(
        isinstance(steps, int) and not isinstance(steps, bool) and steps >= 1,
        f"n_critic_steps of {named(objective)} must be an int of at least 1, got {steps!r}",
    )
    require(
        isinstance(rates, tuple) and len(rates) == 2 and all(isinstance(rate, float) and rate > 0 for rate in rates),
        f"learning_rates of {named(objective)} must be two floats above 0, got {rates!r}",
    )


def exchanging_the_samples_changes_the_sign(objective: Objective) -> None:
    """Take some steps down the loss, from outputs for equal densities. One step alone does not separate losses."""
    kinds = [
        torch.repeat_interleave(
            torch.arange(_KINDS, dtype=torch.int64, device="cpu"), torch.tensor(n, dtype=torch.int64, device="cpu")
        )
        for n in ([8, 4, 2, 1], [2, 3, 2, 3])
    ]
    found = []
    for p, q in (kinds, kinds[::-1]):
        output = _typical(objective, torch.zeros(_KINDS, dtype=torch.float64, device="cpu"))
        for _ in range(3):
            output = output.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(objective.loss(output[p], output[q]), output)
            output = output - 0.3 * gradient
        found.append(objective.log_ratio(output.detach()))
    require(
        torch.allclose(found[0], -found[1], rtol=1e-9, atol=1e-12),
        f"{named(objective)} promises to be antisymmetric, but steps down its loss give the log-ratios"
        f" {found[0].tolist()}, and with the samples exchanged {found[1].tolist()}",
    )


def loss_sees_differences_alone(objective: Objective) -> None:
    p, q = _OUTPUTS[:5], _OUTPUTS[5:]
    for name, loss in (("loss", objective.loss), ("paired_generator_loss", objective.paired_generator_loss)):
        found, shifted = loss(p, q).item(), loss(p + 0.7, q + 0.7).item()
        require(
            abs(found - shifted) <= 1e-9 * (1 + abs(found)),
            f"{name} of {named(objective)}, which promises to be relative, must not change where 0.7 is added to all"
            f" outputs, but goes from {found:.9g} to {shifted:.9g}",
        )


def paired_generator_loss_pulls_towards_the_data(objective: Objective) -> None:
    p, q = _OUTPUTS[6:], _OUTPUTS[:6].clone().requires_grad_()
    loss = objective.paired_generator_loss(p, q)
    (gradient,) = torch.autograd.grad(loss, q)
    twice = objective.paired_generator_loss(p, q.detach().repeat(2)).item()
    require(
        loss.shape == () and bool((gradient <= 0).all() and gradient.any()) and abs(twice - loss.item()) <= 1e-9,
        f"paired_generator_loss of {named(objective)} must be a mean over samples and fall as the outputs on them rise,"
        f" got {loss.item():.6g} with the gradient {gradient.tolist()}, and {twice:.6g} with each sample taken twice",
    )


def _optimum(objective: Objective, counts: np.ndarray) -> tuple[Tensor, Tensor]:
    """The log-ratio at the least loss over two samples with these counts of each kind, and the true one."""
    kinds = [
        torch.repeat_interleave(torch.arange(_KINDS, dtype=torch.int64, device="cpu"), torch.from_numpy(count))
        for count in counts
    ]
    output = torch.zeros(_KINDS, dtype=torch.float64, requires_grad=True, device="cpu")
    optimizer = torch.optim.LBFGS(
        [output], max_iter=500, tolerance_grad=1e-10, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective.loss(output[kinds[0]], output[kinds[1]])
        loss.backward()
        return loss

    optimizer.step(closure)
    p, q = (torch.from_numpy(count / count.sum()) for count in counts)
    found = objective.log_ratio(output.detach())
    return found - torch.log((q * found.exp()).sum()) if objective.relative else found, torch.log(p / q)


def numerator_comes_first(objective: Objective) -> None:
    """Take a small step down the loss, from the same output everywhere. It has a sign even without an optimum."""
    kinds = [
        torch.repeat_interleave(
            torch.arange(_KINDS, dtype=torch.int64, device="cpu"), torch.tensor(n, dtype=torch.int64, device="cpu")
        )
        for n in ([8, 4, 2, 1], [1, 2, 4, 8])
    ]
    output = torch.zeros(_KINDS, dtype=torch.float64, requires_grad=True, device="cpu")
    (gradient,) = torch.autograd.grad(objective.loss(output[kinds[0]], output[kinds[1]]), output)
    found = objective.log_ratio((output - 0.1 * gradient).detach())
    require(
        found[0] > found[-1],
        f"loss of {named(objective)} takes the outputs on the numerator's sample first: where that is 8 times denser"
        f" a step down the loss gives log-ratio {found[0].item():.4g}, and where it is 8 times thinner"
        f" {found[-1].item():.4g}",
    )


def optimum_is_least(objective: Objective) -> None:
    """Compare the output that `optimum` states with others, up to the log-ratio's sign, which has its own check."""
    try:
        objective.optimum(_OUTPUTS)
    except NotImplementedError:
        require(
            not objective.exact, f"optimum of {named(objective)} must be given, for its log_ratio claims to be exact"
        )
        return

    @for_all(counts=_COUNTS, shift=arrays(np.float64, _KINDS, elements=st.floats(-1, 1)))
    def holds(counts: np.ndarray, shift: np.ndarray) -> None:
        counts = counts * counts.sum(axis=1)[::-1, None]
        kinds = [
            torch.repeat_interleave(torch.arange(_KINDS, dtype=torch.int64, device="cpu"), torch.from_numpy(count))
            for count in counts
        ]
        p, q = (torch.from_numpy(count / count.sum()) for count in counts)

        def loss(output: Tensor) -> float:
            return objective.loss(output[kinds[0]], output[kinds[1]]).item()

        best = min((objective.optimum(sign * torch.log(p / q)) for sign in (1, -1)), key=loss)
        other = best + torch.from_numpy(shift)
        require(
            not loss(other) < loss(best) - 1e-9 * (1 + abs(loss(best))),
            f"optimum of {named(objective)} must be the output of least loss, but {best.tolist()} has loss"
            f" {loss(best):.6g}, and {other.tolist()} has {loss(other):.6g}",
        )


def sizes_of_the_samples_do_not_matter(objective: Objective) -> None:
    p, q = _OUTPUTS[:3], _OUTPUTS[2:7]
    once, twice = objective.loss(p, q).item(), objective.loss(p.repeat(2), q).item()
    require(
        abs(once - twice) <= 1e-9 * (1 + abs(once)),
        f"loss of {named(objective)} must be made of the mean of each sample, else its optimum carries the log of their"
        f" sizes' ratio; but with the first sample taken twice it goes from {once:.9g} to {twice:.9g}",
    )


def is_finite_in_range(objective: Objective) -> None:
    for scale in (1.0, 10.0, 40.0):
        output = torch.linspace(-scale, scale, 21, dtype=torch.float32, device="cpu").requires_grad_()
        loss = objective.loss(output, output.flip(0))
        (gradient,) = torch.autograd.grad(loss, output)
        for name, value in (("loss", loss), ("its gradient", gradient), ("log_ratio", objective.log_ratio(output))):
            require(
                torch.isfinite(value).all(),
                f"{name} of {named(objective)} must be finite in float32 for outputs within ±40, but is not within"
                f" ±{scale:g}",
            )


def _typical(objective: Objective, log_ratios: Tensor = _OUTPUTS) -> Tensor:
    """Outputs of a critic that stand for log-ratios, from −1.5 to 1.5 unless others are given."""
    try:
        return objective.optimum(log_ratios)
    except NotImplementedError:
        return log_ratios


def generator_loss_is_a_mean(objective: Objective) -> None:
    output = _typical(objective)[3:]  # without symmetry
    for dtype in (torch.float32, torch.float64):
        loss = objective.generator_loss(output.to(dtype))
        require(
            loss.shape == () and loss.dtype == dtype,
            f"generator_loss of {named(objective)} must be one number in the outputs' {dtype}, got shape"
            f" {tuple(loss.shape)} and {loss.dtype}",
        )
    once, twice = (objective.generator_loss(rows).item() for rows in (output, output.repeat(2)))
    require(
        abs(once - twice) <= 1e-9 * (1 + abs(once)),
        f"generator_loss of {named(objective)} must be a mean over rows, but with each taken twice it goes from"
        f" {once:.9g} to {twice:.9g}",
    )


def generator_is_drawn_to_the_numerator(objective: Objective) -> None:
    output = _typical(objective).detach().requires_grad_()
    loss = objective.generator_loss(output)
    require(
        loss.requires_grad,
        f"generator_loss of {named(objective)} must be differentiable in the critic's output, but is detached",
    )
    (gradient,) = torch.autograd.grad(loss, output)
    require(
        (gradient <= 0).all() and gradient.any(),
        f"generator_loss of {named(objective)} must fall as the critic's outputs rise to the numerator's, but has the"
        f" gradient {gradient.tolist()} at {output.tolist()}",
    )


def generator_loss_is_finite_in_range(objective: Objective) -> None:
    output = torch.linspace(-40, 40, 21, dtype=torch.float32, device="cpu").requires_grad_()
    loss = objective.generator_loss(output)
    (gradient,) = torch.autograd.grad(loss, output, allow_unused=True) if loss.requires_grad else (output,)
    require(
        torch.isfinite(loss) and (gradient is None or torch.isfinite(gradient).all()),
        f"generator_loss of {named(objective)} and its gradient must be finite in float32 for outputs within ±40",
    )


def can_be_saved(objective: Objective) -> None:
    check_copies(objective, lambda a, b: torch.equal(a.loss(_OUTPUTS, -_OUTPUTS), b.loss(_OUTPUTS, -_OUTPUTS)))


def log_ratio_is_exact_at_the_optimum(objective: Objective) -> None:
    """Up to its sign, and on samples of one size. Signs and sizes have their own checks.

    Of a relative objective, up to the constant that E_q[e^T] = 1 gives.
    """

    @for_all(counts=_COUNTS)
    def agrees(counts: np.ndarray) -> None:
        counts = counts * counts.sum(axis=1)[::-1, None]
        found, expected = _optimum(objective, counts)
        error = min((found - expected).abs().max(), (found + expected).abs().max())
        require(
            error <= 1e-4,
            f"log_ratio of {named(objective)} must be log p/q at the least loss, {expected.tolist()}, but is"
            f" {found.tolist()}",
        )
