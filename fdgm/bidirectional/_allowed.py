"""The parameters of a bidirectional model that its objective leaves a choice of."""

from collections.abc import Sequence
from typing import Any

from ..divergences import Divergence, Scaling
from ..options import Gradient, ImplicitNoise, Option
from ..training import check_idle
from ._objective import JointObjective

__all__ = ["check_flow", "check_without_critic", "distribution_of", "noise_size_of", "scaling_of"]

_AUTO_CLIP = 0.5

#: Without a critic these have no effect: the remaining loss, a VAE's, has its own reconstruction term.
_OF_CRITIC = ("critic_optimizer",)
_OF_CRITIC_IN_METHOD = ("n_warmup_steps", "n_critic_steps", "min_critic_loss", "cycle_weight", "instance_noise")


def scaling_of(model: Any, objective: JointObjective, divergence: str | Divergence) -> Scaling:
    """The divergence and its scaling clip, if the objective uses them."""
    for name, takes, idle in (
        ("divergence", objective.takes_divergence, "kl"),
        ("scale_clip", objective.takes_scale_clip, "auto"),
    ):
        value = getattr(model, name)
        if not takes and not (isinstance(value, str) and value == idle) and value is not None:
            raise ValueError(
                f"{name} of {type(model).__name__} must be left at {idle!r} with objective={model.objective!r}, which"
                f" has none, got {value!r}."
            )
    if not objective.takes_scale_clip:
        if isinstance(model.divergence, str) and model.divergence == "all":
            raise ValueError(
                f"divergence of {type(model).__name__} must be one with a weight of its own with"
                f" objective={model.objective!r}, which clamps no ratio, got 'all'."
            )
        return Scaling.make(divergence, None)
    return Scaling.make(divergence, model.scale_clip, auto=_AUTO_CLIP)


def distribution_of(model: Any, name: str, allowed: Sequence[str]) -> str:
    given = getattr(model, name)
    value = "implicit" if isinstance(given, ImplicitNoise) else given
    if value not in allowed:
        raise ValueError(
            f"{name} of {type(model).__name__} must be one of {sorted(allowed)} with objective={model.objective!r},"
            f" got {value!r}."
        )
    return str(value)


def noise_size_of(model: Any, name: str) -> int | None:
    """Noise size of an implicit distribution. With None the architecture sets it."""
    given = getattr(model, name)
    size = given.check(f"{name} of {type(model).__name__}").size if isinstance(given, Option) else None
    return None if size is None else int(size)


def check_flow(model: Any, objective: JointObjective, level_sizes: tuple[int, ...]) -> None:
    """Check that pairs can move.

    Raises
    ------
    ValueError
        If objective or architecture do not allow it.
    """
    owner, mend = type(model).__name__, "; set method='gradient'"
    if not objective.takes_flow:
        raise ValueError(
            f"method of {owner} must be 'gradient' or 'auto' with objective={model.objective!r}, got"
            f" {model.method!r}, which is for 'age'{mend}."
        )
    if len(level_sizes) > 1:
        raise ValueError(
            f"method of {owner} must be 'gradient' or 'auto' with several levels of latents, got {model.method!r}"
            f" and architecture={model.architecture!r}{mend}."
        )


def check_without_critic(model: Any, method: Gradient) -> None:
    """Check that parameters of the critic are at their defaults if there is no critic.

    Raises
    ------
    ValueError
        If one is not. The message names the first.
    """
    reason = f"with objective={model.objective!r}, which trains no critic"
    check_idle(model, _OF_CRITIC, reason)
    default = Gradient()
    for name in _OF_CRITIC_IN_METHOD:
        untold = name == "n_warmup_steps" and method.n_warmup_steps == 0
        if getattr(method, name) != getattr(default, name) and not untold:
            raise ValueError(
                f"{name} of method, {type(model).__name__}, must be {getattr(default, name)!r} {reason}, got"
                f" {getattr(method, name)!r}."
            )
