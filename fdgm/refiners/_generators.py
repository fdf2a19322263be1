"""One interface for every kind of generator that can be refined."""

import copy
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn
from torch.distributions import Normal, Uniform

from .._checks import check_count
from .._columns import Labels, align, labels_of
from .._sklearn import HasMethods
from ..inputs import Scaler, with_seed
from ..nets import dtype_of, own_copy
from ..training import GenerativeModel
from ._ordering import column_order, ordered
from ._prior import Prior

__all__ = ["LatentGenerator", "LatentSource", "RowSource", "check_generator", "is_fitted", "resolve", "source_of"]


class LatentGenerator:
    """A PyTorch module that maps latents to data, with the distribution of its latents.

    Parameters
    ----------
    module : Module
        Maps latents (n, latent_size) to samples (n, \\*shape) in the units of X. A refiner uses a copy, in evaluation
        mode and in the module's own dtype. The module itself keeps its mode and device.
    latent_size : int, at least 1
    bounds : (float, float) or None, default=None
        None means standard normal latents. Two numbers mean uniform latents between them. Refined latents stay within
        the bounds:

        - :class:`DGflowRefiner` reflects them at the bounds;
        - :class:`DOTRefiner` searches its minimum within the bounds;
        - :class:`DDLSRefiner` does not take a step that leaves them.

    Examples
    --------
    >>> import torch
    >>> from fdgm.refiners import LatentGenerator
    >>> LatentGenerator(torch.nn.Linear(4, 2), latent_size=4, bounds=(-1.0, 1.0)).bounds
    (-1.0, 1.0)
    """

    def __init__(self, module: nn.Module, latent_size: int, *, bounds: tuple[float, float] | None = None) -> None:
        if not isinstance(module, nn.Module):
            raise TypeError(f"module of LatentGenerator must be a torch.nn.Module, got {module!r}.")
        check_count(latent_size, "latent_size", "LatentGenerator")
        if bounds is not None and not (len(bounds) == 2 and np.isfinite(bounds).all() and bounds[0] < bounds[1]):
            raise ValueError(f"bounds of LatentGenerator must be None or two growing finite numbers, got {bounds!r}.")
        self.module = module
        self.latent_size = latent_size
        self.bounds = bounds

    def __sklearn_clone__(self) -> "LatentGenerator":
        return self  # fitted, and never changed here: a refiner copies it at `fit`


@dataclass(frozen=True)
class LatentSource:
    """Samples that come from latents, by a differentiable map.

    Parameters
    ----------
    prior : Prior
    generate : callable
        Maps latents (n, latent_size) to scaled samples (n, \\*shape).
    """

    prior: Prior
    generate: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class RowSource:
    """Samples without latents.

    Parameters
    ----------
    sample : callable
        Maps a number n and a seed to n samples in X's units.
    """

    sample: Callable[[int, int], np.ndarray]


def is_fitted(estimator: Any) -> bool:
    """Whether the estimator is fitted, by scikit-learn's check."""
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def check_generator(owner: str, generator: Any) -> Any:
    """A generator, unwrapped if it is frozen.

    Raises
    ------
    TypeError
        If it cannot be a generator.
    """
    if isinstance(generator, FrozenEstimator):
        generator = generator.estimator
    if isinstance(generator, LatentGenerator) or _is_zuko(generator):
        return kept(f"generator of {owner}", generator)
    if isinstance(generator, nn.Module):
        raise TypeError(
            f"generator of {owner} must come with the distribution of its latents where it is a torch.nn.Module, got a"
            f" bare {type(generator).__name__}; pass fdgm.refiners.LatentGenerator(module, latent_size)."
        )
    if isinstance(generator, type) or not HasMethods("sample").is_satisfied_by(generator):
        raise TypeError(
            f"generator of {owner} must be an estimator or another object with sample(n), a LatentGenerator, a zuko"
            f" flow or None, got {generator!r}."
        )
    return generator


def resolve(owner: str, generator: Any, X: Any, seed: int) -> Any:
    """A generator that is ready to sample. An unfitted estimator is fitted on X.

    Raises
    ------
    TypeError
        If it cannot be a generator.
    """
    generator = check_generator(owner, generator)
    if isinstance(generator, BaseEstimator) and not is_fitted(generator):
        return with_seed(clone(generator), seed).fit(X)
    return kept(f"generator of {owner}", generator)


def kept(what: str, model: Any) -> Any:
    """A copy of a user's model in its present state. Neither the refiner nor the user changes the other's model.

    Parameters
    ----------
    what : str
        Description of the model and its owner, for the error.
    model : object
        A model that cannot be copied, and is no module, is used itself.

    Raises
    ------
    TypeError
        If it is, or holds as a LatentGenerator does, a module that cannot be copied.
    """
    if isinstance(model, GenerativeModel):
        return model._frozen() if is_fitted(model) else model
    if isinstance(model, LatentGenerator):
        return LatentGenerator(own_copy(f"module of {what}", model.module), model.latent_size, bounds=model.bounds)
    if isinstance(model, nn.Module):
        return own_copy(what, model)
    try:
        return copy.deepcopy(model)
    except Exception:  # a foreign method may raise anything
        return model


def source_of(
    owner: str, generator: Any, scaler: Scaler, device: str, columns: Labels | None
) -> LatentSource | RowSource:
    """The generator behind the interface, in the scaled units of `scaler`, with columns in the order of `columns`."""
    if isinstance(generator, GenerativeModel) and (latent := generator._scaled_generator()) is not None:
        size, generate = latent
        generate = ordered(generate, column_order(f"generator of {owner}", generator, columns))
        own = generator.net_.device  # the device that it was trained on
        return LatentSource(Prior(size), lambda latents: generate(latents.to(own)).to(device))
    if isinstance(generator, LatentGenerator):
        module = generator.module.to(device).eval()
        rows = _scaled(owner, module, dtype_of(module), scaler, device)
        return LatentSource(Prior(generator.latent_size, generator.bounds), rows)
    if _is_zuko(generator):
        distribution = generator.to(device).eval()()
        size, bounds = _zuko_prior(owner, distribution.base)
        return LatentSource(
            Prior(size, bounds), _scaled(owner, distribution.transform.inv, dtype_of(generator), scaler, device)
        )
    return RowSource(lambda n, seed: _sample(owner, generator, n, seed, columns))


def _scaled(
    owner: str, function: Callable[[Tensor], Tensor], dtype: torch.dtype, scaler: Scaler, device: str
) -> Callable[[Tensor], Tensor]:
    """The function's samples, of X's shape, in scaled units."""
    shape = scaler.mean.shape

    def generate(latents: Tensor) -> Tensor:
        rows = function(latents.to(dtype))
        if not isinstance(rows, Tensor) or len(rows) != len(latents):
            got = f"{len(rows)} for {len(latents)}" if isinstance(rows, Tensor) else type(rows).__name__
            raise ValueError(f"generator of {owner} must give a tensor with a row for each of its latents, got {got}.")
        if rows.shape[1:] != shape:  # otherwise it might silently broadcast over X's columns
            raise ValueError(f"generator of {owner} must give rows of X's shape {shape}, got {tuple(rows.shape[1:])}.")
        return scaler.restore_constants(scaler.scaled(rows).to(torch.float32))

    return generate


def _zuko_prior(owner: str, base: Any) -> tuple[int, tuple[float, float] | None]:
    """Number and bounds of a flow's latents.

    Raises
    ------
    ValueError
        If they are neither standard normal nor uniform on a cube.
    """
    parts = getattr(base, "base_dist", base)
    size = base.event_shape[0]
    if isinstance(parts, Normal) and (parts.loc == 0).all() and (parts.scale == 1).all():
        return size, None
    if isinstance(parts, Uniform) and (parts.low == parts.low[0]).all() and (parts.high == parts.high[0]).all():
        return size, (float(parts.low[0]), float(parts.high[0]))
    raise ValueError(
        f"generator of {owner} must be a flow from a standard normal or from a uniform cube, got the base {base!r};"
        " wrap its transform into a LatentGenerator."
    )


def _is_zuko(generator: Any) -> bool:
    """Whether it is one of zuko's flows. It cannot be one unless zuko has been imported."""
    return "zuko" in sys.modules and isinstance(generator, sys.modules["zuko"].flows.Flow)


def drawn(generator: Any, n: int, seed: int) -> Any:
    """n samples of ``generator.sample`` as it gives them, with a seed if it takes one."""
    seed = seed % 2**32
    if "random_state" in inspect.signature(generator.sample).parameters:
        found = generator.sample(n, random_state=seed)
    elif isinstance(generator, BaseEstimator) and "random_state" in generator.get_params(deep=False):
        found = copy.copy(generator).set_params(random_state=seed).sample(n)
    else:
        found = generator.sample(n)
    return found[0] if isinstance(found, tuple) else found  # a GaussianMixture also returns components


def shuffled(n: int, seed: int) -> np.ndarray:
    """The numbers below n in random order."""
    return np.random.default_rng(seed % 2**32).permutation(n)


def _sample(owner: str, generator: Any, n: int, seed: int, columns: Labels | None) -> np.ndarray:
    """n samples of ``generator.sample``, with columns in the order of `columns`.

    Columns are matched by the names in the table that it makes, or by the names that it was fitted on.
    """
    rows = drawn(generator, n, seed)
    if isinstance(rows, Tensor):
        rows = rows.detach().cpu().numpy()
    what, named = f"generator of {owner}", labels_of(rows) is not None
    rows = np.asarray(align(rows, columns, what, "X at fit"))
    if rows.shape[:1] != (n,):
        raise ValueError(f"generator of {owner} must give as many rows as asked for, {n}, got shape {rows.shape}.")
    order = None if named else column_order(what, generator, columns)
    if order is not None and rows.shape[1:] == order.shape:  # other shapes are refused later
        rows = rows[:, order]
    return rows[shuffled(n, seed)]  # a mixture draws one component after another
