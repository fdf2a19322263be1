"""The log-ratio that moves the points, from any object that a user may give."""

from collections.abc import Callable
from typing import Any

import torch
from sklearn.base import clone
from torch import Tensor, nn

from .. import registry
from .._columns import Labels
from ..architectures import MLP
from ..inputs import Scaler, with_seed
from ..nets import dtype_of
from ..ratios import DensityRatio, LogisticRatio, with_gradient
from ..samplers import Sampler
from ..training import GenerativeModel
from ._corrected import CorrectedRatio
from ._generators import kept
from ._ordering import column_order, of_ordered

__all__ = ["check_field", "depends_on", "field_of", "neural_ratio", "resolve_ratio"]

#: The ratio for generators without a critic: neural and smooth, so that points can move along its gradient. A smaller
#: one misses fine structure, such as that of a Swiss roll. So may one that is trained half as long: the loss stays at
#: its level for some tens of iterations first.
_AUTO: dict[str, Any] = {"max_iter": 100, "batch_size": 128}
_AUTO_NETWORK: dict[str, Any] = {"width": 128, "depth": 3, "activation": "silu"}


def resolve_ratio(owner: str, ratio: Any, generator: Any, seed: int, *, needs_gradient: bool = True) -> Any:
    """The estimator of the log-ratio. A density ratio is not fitted yet, and has a seed.

    Raises
    ------
    TypeError, ValueError, PluginError
        If it cannot be an estimator of the log-ratio, or has no gradient.
    """
    if isinstance(ratio, str) and ratio == "auto":
        if isinstance(generator, GenerativeModel) and _own(generator) is not None:
            return generator
        ratio = neural_ratio()
    if isinstance(ratio, str):
        ratio = registry.make("density_ratio", ratio)
    if isinstance(ratio, DensityRatio):
        if needs_gradient and not ratio.has_gradient:
            raise ValueError(
                f"ratio of {owner} must have a gradient in x, got {ratio!r}, which has none; density ratios that have"
                f" one: {with_gradient()}."
            )
        return with_seed(clone(ratio), seed)
    if isinstance(ratio, type) or not (isinstance(ratio, Sampler) or callable(ratio)):
        raise TypeError(
            f"ratio of {owner} must be 'auto', one of {with_gradient()}, a DensityRatio, a fitted sampler, a"
            f" CorrectedRatio of one or a callable from a tensor of rows to log-ratios, got {ratio!r}."
        )
    return ratio if ratio is generator else kept(f"ratio of {owner}", ratio)


def neural_ratio() -> LogisticRatio:
    """The ratio for generators without a critic."""
    return LogisticRatio(architecture=MLP(**_AUTO_NETWORK), **_AUTO)


def field_of(
    owner: str, ratio: Any, generator: Any, scaler: Scaler, device: str, columns: Labels | None
) -> Callable[[Tensor], Tensor]:
    """T (n,) as a function of scaled rows (n, *shape) with columns in the order of `columns`."""
    if isinstance(ratio, DensityRatio) and not isinstance(ratio, CorrectedRatio):
        return ratio.log_ratio_tensor if ratio.has_gradient else _without_gradient(ratio)  # fitted on scaled rows
    if ratio is generator and isinstance(ratio, GenerativeModel):
        own = ratio._scaled_log_ratio()
        if own is not None:
            own = of_ordered(own, column_order(f"generator of {owner}", ratio, columns))
            device_of_ratio = ratio.net_.device
            return lambda points: own(points.to(device_of_ratio)).to(device)
    function = ratio.log_ratio_tensor if isinstance(ratio, (Sampler, CorrectedRatio)) else ratio
    if isinstance(ratio, Sampler):
        function = of_ordered(function, column_order(f"ratio of {owner}", ratio, columns))
    # A user's module takes its own dtype. A model of this package first scales in float64.
    exact = torch.float64 if isinstance(ratio, (Sampler, CorrectedRatio)) else torch.float32
    if isinstance(function, nn.Module):
        function, exact = function.to(device).eval(), dtype_of(function)

    def field(points: Tensor) -> Tensor:
        t = function(scaler.unscaled(points).to(exact))
        if not isinstance(t, Tensor):
            raise TypeError(f"it gives a {type(t).__name__}, and must give a tensor of log-ratios alone")
        t = t.to(points.dtype)
        return t[:, 0] if t.dim() == 2 and t.shape[1] == 1 else t

    return field


def _without_gradient(ratio: DensityRatio) -> Callable[[Tensor], Tensor]:
    """T (n,) of a density ratio that takes arrays, such as boosted trees."""

    def field(points: Tensor) -> Tensor:
        return torch.from_numpy(ratio.log_ratio(points.detach().cpu().numpy())).to(points.device, points.dtype)

    return field


def depends_on(output: Tensor, points: Tensor) -> bool:
    """Whether the output has a gradient with respect to the points, even if it is 0."""
    if not output.requires_grad:
        return False
    return torch.autograd.grad(output.sum(), points, allow_unused=True)[0] is not None


def _own(model: GenerativeModel) -> Callable[[Tensor], Tensor] | None:
    """The log-ratio of a model's own critic, if it has one that judges single rows."""
    try:
        return model._scaled_log_ratio()
    except ValueError:
        return None


def check_field(owner: str, field: Callable[[Tensor], Tensor], points: Tensor, *, needs_gradient: bool = True) -> None:
    """Test the log-ratio on scaled rows.

    Raises
    ------
    ValueError
        If it does not take them, does not give one number a row, or has no gradient.
    """
    shape = tuple(points.shape[1:])
    points = points.detach().requires_grad_()
    try:
        with torch.enable_grad():
            t = field(points)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise ValueError(f"ratio of {owner} must take rows of the generator's shape {shape}, got: {error}") from error
    if not isinstance(t, Tensor) or t.shape != (len(points),):
        got = tuple(t.shape) if isinstance(t, Tensor) else type(t).__name__
        raise ValueError(f"ratio of {owner} must give one log-ratio a row, ({len(points)},), got {got}.")
    if needs_gradient and not depends_on(t, points):
        raise ValueError(
            f"ratio of {owner} must have a gradient in x, got one that has none; density ratios that have one:"
            f" {with_gradient()}."
        )
