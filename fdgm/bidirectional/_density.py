"""Likelihoods of models whose generator has a density."""

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .._ambient import undisturbed
from .._checks import check_count
from .._chunks import apply_in_chunks
from ..architectures import Gaussian
from ..inputs import chunk_seed, validate
from ..training import chunk_noise, map_rows
from ._base import BidirectionalModel
from ._likelihood import annealed_log_likelihood
from ._variational import gaussian_log_density, kl_to_standard_normal, moments

__all__ = ["DensityModel"]

_CHAINS = 2**15  # chains run at once, enough to fill a processor
_IMAGE_CHAINS = 2**9  # the same for images: at width 64, layers take half a MB for one of 28 × 28 pixels


class DensityModel(BidirectionalModel):
    """Base class of the bidirectional models, which have a likelihood if their generator is Gaussian."""

    generator: str
    encoder: str

    @undisturbed()
    def log_likelihood(
        self, X: Any, *, n_temperatures: int = 1000, n_chains: int = 30, random_state: Any = None
    ) -> np.ndarray:
        """Estimate log p_model(x) by annealed importance sampling.

        - Bias: the estimate is too low on average, and less so with more chains and temperatures.
        - Adaptation: all chains of a row adapt the step size together. With a single chain its distribution is only
          approximately right.
        - Randomness: it is drawn for all rows together. A row's estimate depends, within its error, on the other rows.
        - Cost: 10 forward and backward passes of the generator for each temperature, chain and row. This takes minutes
          for a hundred rows at the defaults.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_temperatures : int, default=1000
            Number of distributions between the prior and the posterior.
        n_chains : int, default=30
            Number of Hamiltonian Monte Carlo chains for each row.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,), float64
            In nats, for X in its own units. Columns that were constant at `fit` do not count.

        Raises
        ------
        ValueError
            If the generator has no density: ``generator="gaussian"`` gives it one.

        References
        ----------
        Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 5.1. (Its
        table 3 appears to leave out the d/2 log 2π of the Gaussian density.)
        Wu, Burda, Salakhutdinov and Grosse, "On the Quantitative Analysis of Decoder-Based Generative Models", ICLR
        2017.
        """
        check_is_fitted(self)
        generator = self._with_density("log_likelihood")
        n_temperatures = check_count(n_temperatures, "n_temperatures", "log_likelihood")
        n_chains = check_count(n_chains, "n_chains", "log_likelihood")
        array, _ = validate(self, X, reset=False)
        key, device = self._key(random_state), self.net_.device
        step = max(1, (_CHAINS if array.ndim == 2 else _IMAGE_CHAINS) // n_chains)

        def likelihoods(rows: slice) -> np.ndarray:
            x = self._scaler.to_tensor(array[rows]).to(device)
            chains = x.repeat(n_chains, *[1] * (x.dim() - 1))
            found = annealed_log_likelihood(
                lambda z: self._log_density(chains, generator, z),
                len(x),
                self.net_.settings.latent_size,
                n_temperatures=n_temperatures,
                n_chains=n_chains,
                source=torch.Generator(device).manual_seed(chunk_seed(*key, rows.start // step)),
            )
            return found.cpu().numpy()

        return apply_in_chunks(likelihoods, len(array), step) - self._scaler.log_volume(array)

    @undisturbed()
    def elbo(self, X: Any, *, n_draws: int = 16, random_state: Any = None) -> np.ndarray:
        """The evidence lower bound, E[log p_g(x|z)] − KL(p_e(z|x)‖p(z)) with z drawn from p_e(z|x).

        Minus its mean over the data is KL(p_e‖p_g) of the joint distributions, except for the data's own entropy.
        Tables of the objective show this value.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_draws : int, default=16
            Number of draws of the first term for each row. The second term is exact.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        elbo : ndarray of shape (n_samples,), float64
            At most `log_likelihood`, in the same units.

        Raises
        ------
        ValueError
            If encoder or generator has no density: ``"gaussian"`` gives it one.
        """
        likelihood, kl = self._bound("elbo", X, n_draws, random_state)
        return likelihood - kl

    @undisturbed()
    def cycle_consistency(self, X: Any, *, n_draws: int = 16, random_state: Any = None) -> np.ndarray:
        """E[log p_g(x|z)] with z drawn from p_e(z|x): the log-probability of reconstructing a row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        n_draws : int, default=16
            Number of draws for each row.
        random_state : int, RandomState, Generator or None, default=None
            None is as in `sample`.

        Returns
        -------
        cycle_consistency : ndarray of shape (n_samples,), float64
            In the units of `log_likelihood`.

        Raises
        ------
        ValueError
            If encoder or generator has no density: ``"gaussian"`` gives it one.

        References
        ----------
        Shen et al., 2020, equation 5.
        """
        return self._bound("cycle_consistency", X, n_draws, random_state)[0]

    def _bound(self, method: str, X: Any, n_draws: int, random_state: Any) -> tuple[np.ndarray, np.ndarray]:
        """E[log p_g(x|z)] and KL(p_e(z|x)‖p(z)) of each row."""
        check_is_fitted(self)
        generator = self._with_density(method)
        encoder = self.net_.encoding_module.eval()
        if not isinstance(encoder, Gaussian):
            raise ValueError(self._no_density(method, "encoder"))
        n_draws = check_count(n_draws, "n_draws", method)
        array, _ = validate(self, X, reset=False)
        key, size = self._key(random_state), encoder.noise_size

        def part(rows: slice, chunk: int) -> tuple[Tensor, ...]:
            x = self._scaler.to_tensor(array[rows])
            return x, chunk_noise(key, chunk, len(x), n_draws * size).view(len(x), n_draws, size)

        def terms(x: Tensor, noise: Tensor) -> Tensor:
            mean, log_std = moments(encoder, x)
            draws = [self._log_density(x, generator, mean + log_std.exp() * noise[:, i]) for i in range(n_draws)]
            return torch.stack([torch.stack(draws).mean(dim=0), kl_to_standard_normal(mean, log_std)], dim=1)

        both = map_rows(terms, len(array), part, self.net_.device).astype(np.float64)
        return both[:, 0] - self._scaler.log_volume(array), both[:, 1]

    def _log_density(self, x: Tensor, generator: Gaussian, z: Tensor) -> Tensor:
        """log p_g(x|z) in scaled units, over the columns that vary."""
        return gaussian_log_density(x, *moments(generator, z), self.net_.joint_.varies)

    def _with_density(self, method: str) -> Gaussian:
        generator = self.net_.sampling_module.eval()
        if not isinstance(generator, Gaussian):
            raise ValueError(self._no_density(method, "generator"))
        return generator

    def _no_density(self, method: str, which: str) -> str:
        settings = self.net_.settings
        levels = len(settings.level_sizes)
        mend = f"set {which}='gaussian'" if levels == 1 else "take an architecture with one level of latents"
        return (
            f"{method} of {type(self).__name__} must have a {which} with a density, got {which}="
            f"{getattr(settings, which)!r} on {levels} level{'s' * (levels > 1)} of latents; {mend} and fit again."
        )
