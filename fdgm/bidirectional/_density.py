"""Likelihoods of a fitted model whose generator has a density."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .._checks import check_count
from .._chunks import apply_in_chunks
from ..architectures import Gaussian
from ..inputs import chunk_seed, validate
from ..training import chunk_noise, map_rows
from ._likelihood import annealed_log_likelihood
from ._variational import gaussian_log_density, kl_to_standard_normal, moments

__all__ = ["bound", "log_likelihood"]

_CHAINS = 2**15  # chains run at once, enough to fill a processor
_IMAGE_CHAINS = 2**9  # the same for images: at width 64, layers take half a MB for one of 28 × 28 pixels


def log_likelihood(model: Any, X: Any, n_temperatures: int, n_chains: int, random_state: Any) -> np.ndarray:
    """log p_model(x) of each row by annealed importance sampling, in X's units."""
    generator = _with_density(model, "log_likelihood", "generator", model.net_.sampling_module)
    n_temperatures = check_count(n_temperatures, "n_temperatures", "log_likelihood")
    n_chains = check_count(n_chains, "n_chains", "log_likelihood")
    array, _ = validate(model, X, reset=False)
    key, net, scaler = model._key(random_state), model.net_, model._scaler
    step = max(1, (_CHAINS if array.ndim == 2 else _IMAGE_CHAINS) // n_chains)

    def likelihoods(rows: slice) -> np.ndarray:
        x = scaler.to_tensor(array[rows]).to(net.device)
        chains = x.repeat(n_chains, *[1] * (x.dim() - 1))
        found = annealed_log_likelihood(
            lambda z: gaussian_log_density(chains, *moments(generator, z), net.joint_.varies),
            len(x),
            net.settings.latent_size,
            n_temperatures=n_temperatures,
            n_chains=n_chains,
            source=torch.Generator(net.device).manual_seed(chunk_seed(*key, rows.start // step)),
        )
        return found.cpu().numpy()

    return apply_in_chunks(likelihoods, len(array), step) - scaler.log_volume(array)


def bound(model: Any, method: str, X: Any, n_draws: int, random_state: Any) -> tuple[np.ndarray, np.ndarray]:
    """E[log p_g(x|z)], in X's units, and KL(p_e(z|x)‖p(z)) of each row."""
    net = model.net_
    generator = _with_density(model, method, "generator", net.sampling_module)
    encoder = _with_density(model, method, "encoder", net.encoding_module)
    n_draws = check_count(n_draws, "n_draws", method)
    array, _ = validate(model, X, reset=False)
    key, size = model._key(random_state), encoder.noise_size

    def part(rows: slice, chunk: int) -> tuple[Tensor, ...]:
        x = model._scaler.to_tensor(array[rows])
        return x, chunk_noise(key, chunk, len(x), n_draws * size).view(len(x), n_draws, size)

    def terms(x: Tensor, noise: Tensor) -> Tensor:
        mean, log_std = moments(encoder, x)
        latents = (mean + log_std.exp() * noise[:, i] for i in range(n_draws))
        draws = [gaussian_log_density(x, *moments(generator, z), net.joint_.varies) for z in latents]
        return torch.stack([torch.stack(draws).mean(dim=0), kl_to_standard_normal(mean, log_std)], dim=1)

    both = map_rows(terms, len(array), part, net.device).astype(np.float64)
    return both[:, 0] - model._scaler.log_volume(array), both[:, 1]


def _with_density(model: Any, method: str, which: str, module: Any) -> Gaussian:
    """The network, in evaluation mode, if it has a density.

    Raises
    ------
    ValueError
        If it has none.
    """
    network = module.eval()
    if isinstance(network, Gaussian):
        return network
    settings = model.net_.settings
    levels = len(settings.level_sizes)
    mend = f"set {which}='gaussian'" if levels == 1 else "take an architecture with one level of latents"
    raise ValueError(
        f"{method} of {type(model).__name__} must have a {which} with a density, got {which}="
        f"{getattr(settings, which)!r} on {levels} level{'s' * (levels > 1)} of latents; {mend} and fit again."
    )
