"""What every sampler does with its generator and critic."""

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ..inputs import validate
from ..training import GenerativeModel, in_chunks

__all__ = ["Sampler"]


class Sampler(GenerativeModel):
    """Base of the samplers, whose net has a `generator_` and a `critic_`, and gives its `sampling_module`."""

    _sampler_constraints = GenerativeModel._generative_constraints

    def log_ratio(self, X: Any) -> np.ndarray:
        """The critic's estimate of log p_data(x)/p_model(x), at the end of training.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive where the model has too few samples.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        return in_chunks(self.net_.critic_step_.log_ratio(), array, self._scaler.to_tensor, self.net_.device)

    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        net = self.net_
        generator = net.sampling_module.eval()
        return generator(torch.randn(n, net.settings.latent_size, generator=source).to(net.device))
