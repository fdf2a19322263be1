"""From rows to latents and back, by the encoder and the generator of a fitted model."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from .._checks import check_count, check_flag
from .._columns import Labels, align, labels_of
from ..architectures import Conditional
from ..inputs import validate
from ..training import chunk_noise, map_rows
from ._joint import chain

__all__ = [
    "aligned_latents",
    "between",
    "checked_level",
    "decode",
    "encode",
    "nearest",
    "noise_key",
    "plausibility",
    "reconstruct",
]

Key = tuple[int, ...] | None  # of the noise of both networks; None is no noise

_DRAWING = ("transform", "inverse_transform", "reconstruct")  # the methods whose draws have their own streams


def checked_level(model: Any, method: str, level: int | None) -> int:
    """A level of latents, counted from the data. None is the last.

    Raises
    ------
    ValueError
        If there is no such level.
    """
    last = len(model.net_.settings.level_sizes)
    if level is None:
        return last
    if isinstance(level, bool) or not isinstance(level, Integral) or not 1 <= level <= last:
        raise ValueError(
            f"level of {type(model).__name__}.{method} must be an int from 1 to {last}, the levels of latents that"
            f" its architecture has, got {level!r}."
        )
    return int(level)


def noise_key(model: Any, method: str, stochastic: bool, random_state: Any) -> Key:
    """A key that differs by method, so that two methods with one `random_state` draw different noise."""
    check_flag(stochastic, "stochastic", type(model).__name__)
    return (*model._key(random_state), _DRAWING.index(method)) if stochastic else None


def aligned_latents(model: Any, Z: Any, level: int, size: int) -> Any:
    """A table of latents with ordered columns: by number or, at the last level, by `transform`'s names."""
    labels = labels_of(Z)
    expected: Labels = tuple(range(size))
    if level == len(model.net_.settings.level_sizes) and set(labels or ()) != set(expected):
        expected = tuple(model.get_feature_names_out())
    return align(Z, expected, f"Z of {type(model).__name__}.inverse_transform", "transform's output")


def encode(model: Any, array: np.ndarray, level: int, key: Key) -> np.ndarray:
    """Latents of validated rows at a level, (n, size of the level)."""
    return _through(model, model.net_.encoding_module.eval().stages[:level], array, model._scaler.to_tensor, key)


def decode(model: Any, latents: np.ndarray, level: int, key: Key) -> np.ndarray:
    """Rows of latents of a level, in X's units."""
    rows = _through(model, model.net_.sampling_module.eval().stages[-level:], latents, torch.from_numpy, key)
    return model._scaler.to_array(torch.from_numpy(rows), model._record.dtype)


def reconstruct(model: Any, array: np.ndarray, level: int, key: Key) -> Tensor:
    """Validated rows, encoded up to a level and decoded, in scaled units."""
    up, down = model.net_.encoding_module.eval().stages[:level], model.net_.sampling_module.eval().stages[-level:]
    return torch.from_numpy(_through(model, (*up, *down), array, model._scaler.to_tensor, key))


def plausibility(model: Any, array: np.ndarray) -> np.ndarray:
    """log p(z) + log p(x|z) of validated rows, each with its mean representation z, up to a constant: (n,), float64."""
    net, scaler = model.net_, model._scaler
    rows = scaler.restore_constants(reconstruct(model, array, 1, None))
    errors = rows.numpy().astype(np.float64) - scaler.to_tensor(array).numpy()
    shared = np.unique(scaler.scale[scaler.varies]).size == 1
    varies = torch.from_numpy(scaler.varies).to(net.device)
    variances = net.residuals_.variances(varies, shared=shared).double().cpu().numpy()
    latents = encode(model, array, len(net.settings.level_sizes), None).astype(np.float64)
    distances = (np.square(errors) / variances).reshape(len(array), -1).sum(axis=1)
    return -(np.square(latents).sum(axis=1) + distances) / 2


def between(model: Any, X1: Any, X2: Any, steps: int) -> np.ndarray:
    """Rows on straight lines between representations, (n, steps, *shape) in X's units.

    Raises
    ------
    ValueError
        If X1 and X2 differ in length, or there are less than two steps.
    """
    steps = check_count(steps, "steps", "interpolate")
    first, second = _represent(model, X1), _represent(model, X2)
    if len(first) != len(second) or steps < 2:
        raise ValueError(
            f"interpolate of {type(model).__name__} must have as many rows in X2 as in X1, and steps of at least 2,"
            f" got {len(first)} and {len(second)} rows and steps={steps}."
        )
    fraction = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    latents = (1 - fraction) * first[:, None] + fraction * second[:, None]  # (n, steps, k)
    rows = decode(model, latents.reshape(-1, latents.shape[2]), len(model.net_.settings.level_sizes), None)
    return rows.reshape(len(first), steps, *rows.shape[1:])


def nearest(model: Any, X: Any, k: int, among: Any) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices, (n, k) each, of the rows with the nearest representations. None is among X itself.

    Raises
    ------
    ValueError
        If there are fewer candidates than `k`.
    """
    k = check_count(k, "k", "neighbors")
    latents = _represent(model, X)
    candidates = latents if among is None else _represent(model, among)
    n_others = len(candidates) - (among is None)
    if k > n_others:
        raise ValueError(
            f"k of {type(model).__name__}.neighbors must be at most the number of candidates, which is {n_others},"
            f" got {k}; look for them among more rows."
        )
    distances, indices = NearestNeighbors(n_neighbors=k).fit(candidates).kneighbors(None if among is None else latents)
    return distances, indices


def _represent(model: Any, X: Any) -> np.ndarray:
    """Mean representations at the last level, (n, latent_size)."""
    array, _ = validate(model, X, reset=False)
    return encode(model, array, len(model.net_.settings.level_sizes), None)


def _through(
    model: Any,
    stages: Sequence[Conditional],
    array: np.ndarray,
    to_tensor: Callable[[np.ndarray], Tensor],
    key: Key,
) -> np.ndarray:
    """Outputs of the last stage for an array's rows. Without a key the noise is zero."""
    size = sum(stage.noise_size for stage in stages)

    def part(rows: slice, chunk: int) -> tuple[Tensor, ...]:
        inputs = to_tensor(array[rows])
        return (inputs,) if key is None else (inputs, chunk_noise(key, chunk, len(inputs), size))

    return map_rows(lambda *inputs: chain(stages, *inputs)[-1], len(array), part, model.net_.device)
