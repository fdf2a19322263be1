"""The base class of the samplers, with a generator and a critic."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .._ambient import undisturbed, without_autocast
from ..inputs import validate
from ..nets import forward
from ..training import GenerativeModel, values_at
from ._critic_copy import CriticCopy

__all__ = ["Sampler"]


class Sampler(GenerativeModel):
    """Base class of the samplers. Their net has a `generator_`, a `critic_` and a `sampling_module`."""

    _sampler_constraints = GenerativeModel._generative_constraints

    @undisturbed()
    def log_ratio(self, X: Any, y: Any = None) -> np.ndarray:
        """The critic's estimate of log p_data(x)/p_model(x), at the end of training.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or None, default=None
            After a fit with ``condition="y"`` the estimate is of log p_data(x|y)/p_model(x|y), and y must be given.

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive where the model puts too few samples.

        Raises
        ------
        ValueError
            If y is missing, or has values that were not in that of `fit`.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        if self._condition is None:
            return values_at(array, self._scaled_log_ratio(), self._scaler.to_tensor, self.net_.device)
        if y is None:
            raise ValueError(f'y of {type(self).__name__}.log_ratio must be given with condition="y", got None.')
        beside = self._condition.encode(self._condition.read(y, len(array), type(self).__name__))

        def joint(index: np.ndarray) -> Tensor:
            return torch.cat([self._scaler.to_tensor(array[index]), torch.from_numpy(beside[index])], dim=1)

        return values_at(np.arange(len(array)), self._joint_log_ratio(), joint, self.net_.device)

    @without_autocast()
    def log_ratio_tensor(self, x: Tensor) -> Tensor:
        """Differentiable `log_ratio` of a tensor, as density-ratio estimators have it.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_features), floating point
            In X's units. After a fit with ranks, normal scores of them.

        Returns
        -------
        log_ratio : Tensor of shape (n_samples,)
            In x's dtype.
        """
        check_is_fitted(self)
        return self._scaled_log_ratio()(self._scaler.scaled(x).to(self.net_.device, torch.float32)).to(x)

    def _scaled_log_ratio(self) -> Callable[[Tensor], Tensor]:
        """The critic's log-ratio as a function of scaled rows on its device. Its gradient moves points.

        Raises
        ------
        ValueError
            If the critic judges more than single rows.
        """
        if self._condition is not None:
            raise ValueError(
                f"condition of {type(self).__name__} must be None for a log-ratio of rows alone, got"
                f" {self._made_with['condition']!r}: its critic judges rows with their y."
            )
        return self._joint_log_ratio()

    def _joint_log_ratio(self) -> Callable[[Tensor], Tensor]:
        """As `_scaled_log_ratio`, of rows with what networks see of the condition behind them."""
        log_ratio, offset = self.net_.critic_step_.log_ratio(), self._offset
        return (lambda rows: log_ratio(rows) - offset) if offset else log_ratio

    @property
    def _offset(self) -> float:
        """The constant by which the objective's log-ratio exceeds that of the densities."""
        return 0.0

    def _critic_copy(self) -> nn.Module | None:
        """A trainable network from scaled rows to the critic's log-ratios. None if the critic is no network."""
        self._scaled_log_ratio()  # raises if the critic judges rows together
        return CriticCopy(self.net_.critic_, self.net_.critic_step_.objective, self._offset)

    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]] | None:
        """Number of standard normal latents, and the map from them to scaled rows, on the generator's device."""
        net = self.net_
        if self._condition is not None:
            return None
        module, precision = net.sampling_module.eval(), net.settings.precision
        return net.settings.latent_size, lambda latents: forward(module, precision, latents)

    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        net = self.net_
        generator = net.sampling_module.eval()
        return generator(
            torch.randn(n, net.settings.latent_size, generator=source, dtype=torch.float32, device="cpu").to(net.device)
        )

    def _make_given(self, n: int, source: torch.Generator, beside: Tensor) -> Tensor:
        net = self.net_
        latents = torch.randn(n, net.settings.latent_size, generator=source, dtype=torch.float32, device="cpu")
        made: Tensor = net.sampling_module.eval()(torch.cat([latents, beside], dim=1).to(net.device))
        return made[:, : self._record.shape[0]]
