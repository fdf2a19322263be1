"""What every sampler does with its generator and critic once they are trained."""

import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from ..inputs import AffineScaler, Record, Seeds, entropy_of, validate, validate_count
from ..metrics import energy_distance
from ..persistence import encode_params, write
from ._draw import draw, in_chunks

__all__ = ["Sampler"]

_SCORED = 5000  # rows at most that `score` compares: the size in which energy distances are reported
_SCORE_KEY, _PUBLIC_KEY = 0, 1  # streams of the fit's own seed: `score`'s never moves, `sample`'s does


class Sampler(BaseEstimator, ABC):
    """Base of the samplers, which fit `net_`, with a generator and a critic in scaled units."""

    checkpoint: Any
    checkpoint_seconds: float
    net_: Any
    schedule_: list[float]
    particles_: dict[int, np.ndarray]
    _scaler: AffineScaler
    _record: Record
    _n_calls: int

    @abstractmethod
    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn to sample from the distribution of X."""

    @abstractmethod
    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        """Fresh networks in `net_`, for rows of this shape."""

    @abstractmethod
    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything that was learned, as tensors and JSON."""

    def sample(self, n_samples: int = 1, *, random_state: Any = None) -> Any:
        """Draw rows from the model.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState, Generator or None, default=None
            None goes on along the fit's own stream, so that successive calls differ.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In X's units and container; in its dtype where that is a float.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        check_is_fitted(self)
        n_samples = validate_count("sample", "n_samples", n_samples)
        if random_state is None:
            key: tuple[int, ...] = (self.net_.seeds.sample, _PUBLIC_KEY, self._n_calls)
            self._n_calls += 1
        else:
            key = (entropy_of(random_state),)
        return self._record.restore(self._draw(n_samples, key))

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
        self.net_.critic_.eval()
        return in_chunks(self.net_.critic_step_.log_ratio(), array, self._scaler.to_tensor, self.net_.device)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the energy distance between X and the model, so that greater is better.

        A fixed sample of the model is compared, of X's size up to 5,000 rows, and it is the same at each call. (A
        model's own critic cannot rank models in a grid search.) Distances are in the data's standard deviations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        generated = self._draw(min(len(array), _SCORED), (self.net_.seeds.sample, _SCORE_KEY))
        return -energy_distance(
            self._scaler.to_tensor(array[:_SCORED]).numpy(), self._scaler.to_tensor(generated).numpy()
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted sampler to one file, which :func:`fdgm.load` reads; there is no pickle in it.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If a parameter, such as a callback, cannot be stored without pickle.
        """
        check_is_fitted(self)
        tensors, state = self._state()
        write(path, tensors, {"class": type(self).__name__, "params": encode_params(self), "state": state})

    def _draw(self, n_samples: int, key: tuple[int, ...]) -> np.ndarray:
        dtype = self._record.dtype
        return draw(
            self.net_.generator_,
            self.net_.settings.latent_size,
            n_samples,
            key=key,
            device=self.net_.device,
            to_array=lambda rows: self._scaler.to_array(rows, dtype),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return "net_" in vars(self)
