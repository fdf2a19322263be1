"""The contract of a regularizer: what it asks of a critic, or what it changes of a GAN."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from ..architectures import MLP
from ..regularizers import CriticRegularizer, GeneratorStep, Regularizer, Stabilizer
from ._check import Checks, Property, named, require
from ._component import check_copies, global_states, instance
from ._gan import SHAPE, TinyGAN

__all__ = ["check_regularizer"]

_OUTPUTS = 64  # outputs of the critic for each sample


class _Plain(Stabilizer):
    """No stabilizer."""


def check_regularizer(obj: Regularizer | type[Regularizer]) -> Checks:
    """The contract of a regularizer, as named checks.

    Parameters
    ----------
    obj : Regularizer or a class of them
        A class is checked with its default parameters.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest. They check the penalty and projection of a
        :class:`~fdgm.regularizers.CriticRegularizer`, and the critic and generator step of a
        :class:`~fdgm.regularizers.Stabilizer`.

    Raises
    ------
    TypeError
        If `obj` is neither of these.

    Notes
    -----
    A stabilizer is tested on a GAN with two columns and batches of 64 rows, or packs of rows.

    Examples
    --------
    >>> from fdgm.regularizers import R1
    >>> from fdgm.testing import check_regularizer
    >>> check_regularizer(R1()).run()
    """
    regularizer: Regularizer = instance("check_regularizer", obj, Regularizer)
    if isinstance(regularizer, CriticRegularizer):
        return Checks(
            regularizer,
            [penalty_is_one_number, projection_keeps_the_shapes],
            [does_something_to_a_critic, chance_is_the_streams_alone, can_be_saved],
        )
    if isinstance(regularizer, Stabilizer):
        properties: list[Property] = [
            does_something_to_a_gan,
            every_weight_of_the_critic_is_used,
            single_tells_what_the_critic_judges,
            generator_is_reached,
            critic_stays_in_the_generators_step,
            global_state_is_untouched,
            can_be_saved,
        ]
        return Checks(regularizer, [critic_has_one_output_a_pack, generator_loss_is_one_number], properties)
    raise TypeError(f"check_regularizer takes a CriticRegularizer or a Stabilizer, got {regularizer!r}.")


def _steep_critic() -> nn.Module:
    critic = MLP(width=8, depth=1).critic(SHAPE, seed=0)
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(3)
    return critic


def _penalty(regularizer: CriticRegularizer, critic: Callable[..., Tensor]) -> Tensor | None:
    rows = torch.randn(
        2, _OUTPUTS, *SHAPE, generator=torch.Generator("cpu").manual_seed(0), dtype=torch.float32, device="cpu"
    )
    return regularizer.penalty(critic, (rows[0] + 1,), (2 * rows[1],), torch.Generator("cpu").manual_seed(1))


def penalty_is_one_number(regularizer: CriticRegularizer) -> None:
    penalty: Any = _penalty(regularizer, _steep_critic())
    require(
        penalty is None or (isinstance(penalty, Tensor) and penalty.shape == () and bool(torch.isfinite(penalty))),
        f"penalty of {named(regularizer)} must be one finite number or None, got {penalty!r}",
    )


def projection_keeps_the_shapes(regularizer: CriticRegularizer) -> None:
    critic = _steep_critic()
    shapes = {name: value.shape for name, value in critic.named_parameters()}
    regularizer.project(critic)
    require(
        {name: value.shape for name, value in critic.named_parameters()} == shapes
        and all(torch.isfinite(value).all() for value in critic.parameters()),
        f"project of {named(regularizer)} must leave the critic finite weights of the same names and shapes",
    )


def does_something_to_a_critic(regularizer: CriticRegularizer) -> None:
    critic = _steep_critic()
    weights = list(critic.parameters())
    before = deepcopy(weights)
    penalty = _penalty(regularizer, critic)
    gradients: tuple[Tensor | None, ...] = ()
    if penalty is not None and penalty.requires_grad:
        gradients = torch.autograd.grad(penalty, weights, allow_unused=True)
    regularizer.project(critic)
    require(
        any(gradient is not None and gradient.any() for gradient in gradients)
        or any(not torch.equal(*pair) for pair in zip(before, weights, strict=True)),
        f"{named(regularizer)} must have a penalty with a gradient in the weights of a steep critic, or a projection"
        " that changes them, but has neither",
    )


def chance_is_the_streams_alone(regularizer: CriticRegularizer) -> None:
    before = global_states()
    one, again = (_penalty(regularizer, _steep_critic()) for _ in range(2))
    same = one is again is None or (one is not None and again is not None and torch.equal(one, again))
    require(
        same and before == global_states(),
        f"penalty of {named(regularizer)} must draw from its stream alone: the same stream must give the same penalty,"
        " and leave the global states as they are",
    )


def critic_has_one_output_a_pack(stabilizer: Stabilizer) -> None:
    gan = TinyGAN(stabilizer, _OUTPUTS)
    output = gan.critic(*gan.step().fake)
    require(
        isinstance(output, Tensor) and output.shape == (_OUTPUTS,),
        f"make_critic of {named(stabilizer)} must give a critic with an output (n,) for n packs of"
        f" {stabilizer.rows_per_output} rows, got {tuple(output.shape)} for {_OUTPUTS}",
    )


def generator_loss_is_one_number(stabilizer: Stabilizer) -> None:
    step: Any = stabilizer.look_ahead(TinyGAN(stabilizer, _OUTPUTS).step())
    require(
        isinstance(step, GeneratorStep), f"look_ahead of {named(stabilizer)} must return a GeneratorStep, got {step!r}"
    )
    term: Any = stabilizer.generator_loss(step)
    require(
        (isinstance(term, Tensor) and term.shape == () and bool(torch.isfinite(term)))
        or (term is None and not stabilizer.replaces_rule),
        f"generator_loss of {named(stabilizer)} must be one finite number, or None where it takes no rule's place, got"
        f" {term!r}",
    )


def does_something_to_a_gan(stabilizer: Stabilizer) -> None:
    found, plain = TinyGAN(stabilizer, _OUTPUTS).gradients(), TinyGAN(_Plain(), _OUTPUTS).gradients()
    require(
        any(
            one is None or other is None or not torch.equal(one, other) for one, other in zip(found, plain, strict=True)
        ),
        f"{named(stabilizer)} must change the critic or the generator's step, but changes neither",
    )


def every_weight_of_the_critic_is_used(stabilizer: Stabilizer) -> None:
    gan = TinyGAN(stabilizer, _OUTPUTS)
    names, weights = zip(*gan.critic.named_parameters(), strict=True)
    gradients = torch.autograd.grad(gan.step().critic_loss(gan.critic), weights, allow_unused=True)
    unused = [name for name, gradient in zip(names, gradients, strict=True) if gradient is None]
    require(
        not unused, f"make_critic of {named(stabilizer)} must give a critic that uses its weights, but not {unused}"
    )


def single_tells_what_the_critic_judges(stabilizer: Stabilizer) -> None:
    gan = TinyGAN(stabilizer, _OUTPUTS)
    points = gan.step().fake
    gan.critic.eval()
    with torch.no_grad():
        first = gan.critic(*points)[0]
        beside_others = gan.critic(*(torch.cat([part[:1], part[1:] + 1]) for part in points))[0]
    # A matrix product with other rows differs in the first row only by the order of its sums.
    single = bool((first - beside_others).abs() < 1e-5) and stabilizer.rows_per_output == 1 and not stabilizer.pairs
    require(
        stabilizer.single == single,
        f"single of {named(stabilizer)} must say whether each output of its critic is of one row alone, which is"
        f" {single}, got {stabilizer.single!r}",
    )


def generator_is_reached(stabilizer: Stabilizer) -> None:
    gradients = TinyGAN(stabilizer, _OUTPUTS).gradients()
    require(
        all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients)
        and any(gradient is not None and gradient.any() for gradient in gradients),
        f"{named(stabilizer)} must leave the generator's loss a finite gradient in its weights, but cuts it off",
    )


def critic_stays_in_the_generators_step(stabilizer: Stabilizer) -> None:
    gan = TinyGAN(stabilizer, _OUTPUTS)
    before = deepcopy(list(gan.critic.parameters()))
    gan.loss()
    require(
        all(torch.equal(*pair) for pair in zip(before, gan.critic.parameters(), strict=True)),
        f"look_ahead and generator_loss of {named(stabilizer)} must not change the critic's weights, but do",
    )


def global_state_is_untouched(stabilizer: Stabilizer) -> None:
    before = global_states()
    TinyGAN(stabilizer, _OUTPUTS).loss()
    require(before == global_states(), f"{named(stabilizer)} must leave the global random states as they are")


def can_be_saved(regularizer: Regularizer) -> None:
    check_copies(regularizer, lambda a, b: a == b)
