"""The contract of a joint objective: what trains critic, encoder and generator of a bidirectional model."""

from dataclasses import dataclass, field
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from .._literals import Distribution
from ..architectures import MLP
from ..bidirectional import Batch, Joint, JointObjective
from ..divergences import Scaling
from ..objectives import Objective
from ._check import Checks, Property, named, require
from ._component import check_copies, global_states, instance

__all__ = ["check_joint_objective"]

_ROWS, _SHAPE, _LATENT = 6, (3,), 2


def check_joint_objective(obj: JointObjective | type[JointObjective]) -> Checks:
    """The contract of an objective of bidirectional models, as named checks.

    Parameters
    ----------
    obj : JointObjective or a class of them
        A class is checked with its default parameters.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest.

    Raises
    ------
    TypeError
        If `obj` is not a joint objective.

    Examples
    --------
    >>> from fdgm.bidirectional import NonSaturating
    >>> from fdgm.testing import check_joint_objective
    >>> check_joint_objective(NonSaturating()).run()
    """
    objective: JointObjective = instance("check_joint_objective", obj, JointObjective)
    properties: list[Property] = [
        encoder_and_generator_get_gradients,
        critic_is_given_pairs,
        chance_is_the_callers,
        what_it_does_not_take_does_not_matter,
        log_ratio_is_the_critics,
        can_be_saved,
    ]
    return Checks(objective, [critic_has_an_objective_or_there_is_none, loss_is_one_number], properties)


@dataclass
class _Model:
    """Small networks of these distributions, in evaluation mode, and a batch for them."""

    encoder: Distribution
    generator: Distribution
    critic: nn.Module = field(default_factory=lambda: MLP(width=8).pair_critic(_SHAPE, _LATENT, seed=3))

    def __post_init__(self) -> None:
        architecture = MLP(width=8)
        encoder = architecture.conditional_encoder(_SHAPE, _LATENT, distribution=self.encoder, seed=1).eval()
        generator = architecture.conditional_generator(_SHAPE, _LATENT, distribution=self.generator, seed=2).eval()
        self.joint = Joint(encoder, generator, "float32")
        sizes = (*_SHAPE, _LATENT, encoder.noise_size, generator.noise_size)
        self.batch = Batch(
            *(
                torch.linspace(-1, 1, _ROWS * n, dtype=torch.float32, device="cpu").view(_ROWS, n) * (k + 1)
                for k, n in enumerate(sizes)
            )
        )

    def loss(self, objective: JointObjective, scaling: Scaling) -> Tensor:
        return objective.loss(self.joint, self.batch, self.critic, scaling)


def _models(objective: JointObjective) -> list[_Model]:
    """One for each pair of distributions that it allows."""
    return [_Model(*pair) for pair in product(objective.encoders, objective.generators)]


def _scaling(divergence: str = "kl", scale_clip: float | None = None) -> Scaling:
    return Scaling.make(divergence, scale_clip)


def critic_has_an_objective_or_there_is_none(objective: JointObjective) -> None:
    found = objective.critic(_scaling())
    require(
        found is None or isinstance(found, Objective),
        f"critic of {named(objective)} must return an Objective, or None where there is no critic, got {found!r}",
    )


def loss_is_one_number(objective: JointObjective) -> None:
    for model in _models(objective):
        loss = model.loss(objective, _scaling())
        require(
            loss.shape == () and torch.isfinite(loss),
            f"loss of {named(objective)} must be one finite number, got {loss!r} with a {model.encoder} encoder and a"
            f" {model.generator} generator",
        )


def encoder_and_generator_get_gradients(objective: JointObjective) -> None:
    for model in _models(objective):
        for which in ("encoder", "generator"):
            weights = list(getattr(model.joint, which).parameters())
            loss = model.loss(objective, _scaling())
            found = torch.autograd.grad(loss, weights, allow_unused=True) if loss.requires_grad else ()
            require(
                any(gradient is not None and gradient.any() for gradient in found),
                f"loss of {named(objective)} must move the {which}, but has no gradient in its weights",
            )


def critic_is_given_pairs(objective: JointObjective) -> None:
    if objective.critic(_scaling()) is None:
        return
    for model in _models(objective):
        for rows, latents in objective.critic_pairs(model.joint, model.batch):
            require(
                rows.shape == (_ROWS, *_SHAPE) and latents.shape == (_ROWS, _LATENT),
                f"critic_pairs of {named(objective)} must be of data {(_ROWS, *_SHAPE)} and latents"
                f" {(_ROWS, _LATENT)}, got {tuple(rows.shape)} and {tuple(latents.shape)}",
            )


def chance_is_the_callers(objective: JointObjective) -> None:
    for model in _models(objective):
        before = global_states()
        first, again = (model.loss(objective, _scaling()) for _ in range(2))
        require(
            torch.equal(first, again) and global_states() == before,
            f"loss of {named(objective)} must be the same for the same batch, whose noise is all the randomness that"
            f" there is, but was {first.item():.6g} and {again.item():.6g}, or moved a global state",
        )


def what_it_does_not_take_does_not_matter(objective: JointObjective) -> None:
    others = {"divergence": _scaling("pearson"), "scale_clip": _scaling("kl", 0.9)}
    for name, other in others.items():
        if getattr(objective, f"takes_{name}"):
            continue
        for model in _models(objective):
            require(
                torch.equal(model.loss(objective, _scaling()), model.loss(objective, other)),
                f"takes_{name} of {named(objective)} is False, but another {name} changes its loss",
            )


def log_ratio_is_the_critics(objective: JointObjective) -> None:
    if not objective.gives_log_ratio:
        return
    critic = objective.critic(_scaling())
    require(
        critic is not None and critic.exact,
        f"gives_log_ratio of {named(objective)} is True, so that its critic's objective must be exact, got {critic!r}",
    )


def can_be_saved(objective: JointObjective) -> None:
    def same(a: Any, b: Any) -> bool:
        return all(torch.equal(m.loss(a, _scaling()), m.loss(b, _scaling())) for m in _models(objective))

    check_copies(objective, same)
