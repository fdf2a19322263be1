"""What any density-ratio estimator offers."""

import os
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .. import registry
from .._ambient import undisturbed, without_autocast
from ..divergences import Divergence
from ..exceptions import PluginError
from ..inputs import plain_columns, set_columns, validate, validate_pair
from ..persistence import as_tensor, encode_params, write

__all__ = ["DensityRatio", "with_gradient"]

_CHUNK = 4096  # rows evaluated at once, so that memory does not grow with the rows
_LARGEST = float(np.finfo(np.float64).max)
_FAR = 300.0  # log-ratios are held inside ±300 where f of them is averaged: f's square still fits a float64


def with_gradient() -> list[str]:
    """Names of the registered density ratios whose `log_ratio_tensor` has a gradient, sorted."""
    able = []
    for name in registry.available("density_ratio"):
        try:
            made = registry.make("density_ratio", name)
        except (PluginError, TypeError):  # claimed twice, or with a parameter without default: not to be had by name
            continue
        if made.has_gradient:
            able.append(name)
    return able


class DensityRatio(BaseEstimator, ABC):
    """An estimate of log dP/dQ from a sample of each: the numerator P always comes first.

    A subclass writes `_fit`, and `_log_ratio_tensor` if its estimate has a gradient in x, or else `_log_ratio`; where
    the method can take more rows, also `_partial_fit`, and where it can follow rows that move, `_update`. Samples
    reach these hooks validated, as float arrays of shape (n, \\*row_shape), and all else follows: errors, chunks,
    weights, divergences, files.

    Everything learned that is an array, a tensor, a number, a string or a list of these is stored by `save`; a
    subclass that learns anything else overrides `_state` and `_set_state`.

    Attributes
    ----------
    log_ratio_p_ : ndarray of shape (n_p,)
        log dP/dQ at the rows of the last fitted X_p.
    log_ratio_q_ : ndarray of shape (n_q,)
        The same at the rows of X_q.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X_p had column names.

    Notes
    -----
    ``antisymmetric`` is the promise that ``fit(X_q, X_p)``, with the same int as `random_state`, gives exactly minus
    the log-ratio of ``fit(X_p, X_q)``. Without the promise the two agree only as two estimates do.

    References
    ----------
    Sugiyama, Suzuki and Kanamori, "Density Ratio Estimation in Machine Learning", Cambridge University Press, 2012.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    log_ratio_p_: np.ndarray
    log_ratio_q_: np.ndarray
    n_features_in_: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls._log_ratio is DensityRatio._log_ratio and cls._log_ratio_tensor is DensityRatio._log_ratio_tensor:
            raise TypeError(
                f"{cls.__name__} must define _log_ratio_tensor(x) or _log_ratio(X), the log of the ratio of the first"
                " sample's density to the second's; it defines neither."
            )

    @abstractmethod
    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from validated samples of shape (n, \\*row_shape), the numerator's first; forget an earlier fit."""

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        """log dP/dQ (n,) at points (n, \\*row_shape), in x's dtype and on its device, differentiable in x."""
        raise NotImplementedError(
            f"log_ratio_tensor of {type(self).__name__} has no gradient in x; density ratios that have one:"
            f" {with_gradient()}."
        )

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        """log dP/dQ (n,) at validated rows (n, \\*row_shape) of float64, a few thousand of them at most."""
        with torch.no_grad():
            return self._log_ratio_tensor(torch.from_numpy(X)).cpu().numpy()

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from more rows without forgetting; called first on an unfitted estimator."""
        raise NotImplementedError

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from samples that moved a little since the last fit or update, forgetting the old: cheaper than a fit
        where the method can go on from it."""
        self._fit(X_p, X_q)

    @property
    def has_gradient(self) -> bool:
        """Whether `log_ratio_tensor` can be differentiated in x."""
        return type(self)._log_ratio_tensor is not DensityRatio._log_ratio_tensor

    @property
    def has_partial_fit(self) -> bool:
        """Whether more rows can be learned from without the old ones: whether there is a `partial_fit`."""
        return type(self)._partial_fit is not DensityRatio._partial_fit

    @property
    def _goes_on(self) -> bool:
        """Whether `fit` goes on from what was learned, and so from its columns."""
        return False

    @property
    def antisymmetric(self) -> bool:
        """Whether exchanging the samples is promised to change the sign of the log-ratio, and nothing else."""
        return False

    @undisturbed()
    def fit(self, X_p: Any, X_q: Any) -> Self:
        """Learn log dP/dQ.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Sample of the numerator P; at least two rows.
        X_q : array-like of shape (n_q, n_features)
            Sample of the denominator Q; at least two rows. The samples need not have the same size.

        Returns
        -------
        self : DensityRatio

        Raises
        ------
        ValueError, TypeError
            For a parameter out of range, or a sample that is not two or more rows of finite real numbers.
        """
        self._validate_params()
        p, q = validate_pair(self, X_p, X_q, reset=not self._goes_on, min_samples=2)
        self._fit(p, q)
        return self._keep_log_ratios(p, q)

    @available_if(lambda self: self.has_partial_fit)
    @undisturbed()
    def partial_fit(self, X_p: Any, X_q: Any) -> Self:
        """Learn from more rows; the first call is like the beginning of a `fit`.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Sample of the numerator P.
        X_q : array-like of shape (n_q, n_features)
            Sample of the denominator Q.

        Returns
        -------
        self : DensityRatio
        """
        self._validate_params()
        goes_on = "log_ratio_p_" in vars(self)
        p, q = validate_pair(self, X_p, X_q, reset=not goes_on, min_samples=1 if goes_on else 2)
        self._partial_fit(p, q)
        return self._keep_log_ratios(p, q)

    @undisturbed()
    def update(self, X_p: Any, X_q: Any) -> Self:
        """Follow samples that have moved a little since the last `fit` or `update`; the first call is a `fit`.

        The old samples are forgotten, unlike by `partial_fit`, but what they have settled may stay: a kernel method
        keeps its width for some updates, and a critic goes on from its weights.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Sample of the numerator P.
        X_q : array-like of shape (n_q, n_features)
            Sample of the denominator Q.

        Returns
        -------
        self : DensityRatio
        """
        if "log_ratio_p_" not in vars(self):
            return self.fit(X_p, X_q)
        p, q = validate_pair(self, X_p, X_q, reset=False, min_samples=2)
        self._update(p, q)
        return self._keep_log_ratios(p, q)

    @undisturbed()
    def log_ratio(self, X: Any) -> np.ndarray:
        """log dP/dQ, natural logarithm, P being the first sample of `fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive where the numerator is denser. Finite, but where squares of the rows themselves overflow, past
            1e150.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        return self._in_chunks(array)

    def ratio(self, X: Any) -> np.ndarray:
        """dP/dQ: the exponential of `log_ratio`, and the largest finite number where that would overflow.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ratio : ndarray of shape (n_samples,), float64, at least 0
        """
        return np.exp(np.minimum(self.log_ratio(X), np.log(np.finfo(np.float64).max)))

    @without_autocast()
    def log_ratio_tensor(self, x: Tensor) -> Tensor:
        """`log_ratio` as a differentiable function of a tensor.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_features), floating point
            In the units of the samples of `fit`.

        Returns
        -------
        log_ratio : Tensor of shape (n_samples,)
            In x's dtype and on its device.

        Raises
        ------
        NotImplementedError
            If the method has no gradient; the message names those that have.
        ValueError
            If x has rows of another shape than the samples of `fit`.
        """
        check_is_fitted(self)
        if not self.has_gradient:
            DensityRatio._log_ratio_tensor(self, x)
        if not isinstance(x, Tensor) or not x.is_floating_point():
            raise TypeError(
                f"x of {type(self).__name__}.log_ratio_tensor must be a floating-point tensor, got"
                f" {x.dtype if isinstance(x, Tensor) else type(x).__name__}; log_ratio takes arrays."
            )
        if x.dim() < 2 or x.shape[1] != self.n_features_in_:
            raise ValueError(
                f"x of {type(self).__name__}.log_ratio_tensor must have shape (n, {self.n_features_in_}, ...), got"
                f" {tuple(x.shape)}."
            )
        return self._log_ratio_tensor(x)

    def importance_weights(self, X: Any) -> np.ndarray:
        """Weights, of mean 1, under which rows drawn from Q count as if they were drawn from P.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the denominator's distribution, such as the training rows under covariate shift.

        Returns
        -------
        weights : ndarray of shape (n_samples,), float64, at least 0
            In proportion to `ratio`; fit for `sample_weight`.
        """
        log_ratio = self.log_ratio(X)
        return np.exp(log_ratio - logsumexp(log_ratio) + np.log(len(log_ratio)))

    @undisturbed()
    def score(self, X_p: Any, X_q: Any) -> float:
        """Minus the log-loss −E_p[log σ(T)] − E_q[log σ(−T)] of T = `log_ratio`, so that greater is better.

        It is one measure for every method, least at the true log-ratio, and comparable between methods where the rows
        were held out of `fit`.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Held-out sample of the numerator P.
        X_q : array-like of shape (n_q, n_features)
            Held-out sample of the denominator Q.

        Returns
        -------
        score : float, at most 0
            −2 log 2 = −1.386 where the samples cannot be told apart.
        """
        check_is_fitted(self)
        p, q = validate_pair(self, X_p, X_q, reset=False)
        return -float(np.logaddexp(0, -self._in_chunks(p)).mean() + np.logaddexp(0, self._in_chunks(q)).mean())

    @undisturbed()
    def estimate_divergence(self, divergence: str | Divergence = "kl", X_p: Any = None, X_q: Any = None) -> float:
        """D_f(P‖Q) = E_Q[f(dP/dQ)], with the numerator's distribution first.

        The integral is taken over the mixture of the two samples, E_p[f(r)/(1 + r)] + E_q[f(r)/(1 + r)], whose terms
        stay small where the ratio is large; f is centred, f(r) − f'(1)(r − 1), so that no term is negative.

        Parameters
        ----------
        divergence : str or Divergence, default="kl"
            One of ``fdgm.available("divergence")`` or an instance.
        X_p, X_q : array-like of shape (n, n_features) or None, default=None
            Held-out samples; None, for both, takes the samples of the last fit, on which estimates are too large.

        Returns
        -------
        divergence : float, at least 0
            In nats for the Kullback–Leibler family.
        """
        check_is_fitted(self)
        if (X_p is None) != (X_q is None):
            missing = "X_p" if X_p is None else "X_q"
            raise ValueError(
                f"{missing} of {type(self).__name__}.estimate_divergence must be given with the other sample or left"
                " out with it, got None for it alone."
            )
        if X_p is None:
            values = (self.log_ratio_p_, self.log_ratio_q_)
        else:
            p, q = validate_pair(self, X_p, X_q, reset=False)
            values = (self._in_chunks(p), self._in_chunks(q))
        f = registry.make("divergence", divergence).f_centered
        logs = [torch.from_numpy(value).clamp(-_FAR, _FAR) for value in values]
        return float(sum((f(l) * torch.sigmoid(-l)).mean() for l in logs))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one file, which :func:`fdgm.load` reads; there is no pickle in it.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If a parameter, or something learned, cannot be stored without pickle; it is named.
        """
        write(path, *self._described())

    def _described(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """What a file holds of the fitted estimator: tensors, and the rest as JSON."""
        check_is_fitted(self)
        arrays, values = self._state()
        tensors = {name: as_tensor(array) for name, array in arrays.items()}
        description = {"class": self._registered_name(), "family": "density_ratio", "params": encode_params(self)}
        return tensors, {**description, "state": values}

    def _state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Everything learned, as arrays and as JSON."""
        arrays: dict[str, np.ndarray] = {}
        values: dict[str, Any] = {}
        params = self.get_params(deep=False)
        for name, value in vars(self).items():
            if name in params or name in ("_columns", "feature_names_in_"):
                continue
            if isinstance(value, Tensor):
                value = value.detach().cpu().numpy()
            if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
                arrays[name] = value
            else:
                values[name] = _plain(type(self).__name__, name, value)
        return arrays, {**values, "feature_names_in_": plain_columns(self)}

    def _set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take up, in an estimator of the same parameters, what `_state` gave."""
        for name, value in {**arrays, **values}.items():
            if name != "feature_names_in_":
                setattr(self, name, value)
        set_columns(self, values.get("feature_names_in_"))

    def _restore(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> Self:
        self._set_state({name: tensor.numpy() for name, tensor in tensors.items()}, state)
        return self

    def _registered_name(self) -> str:
        for entry in registry.report()[0]:
            if entry.family == "density_ratio" and entry.cls is type(self):
                return entry.name
        raise TypeError(
            f"{type(self).__name__} must be registered to be saved, through the hook fdgm_density_ratios, so that load"
            f" can find its class; got a class that is not among {registry.available('density_ratio')}."
        )

    def _keep_log_ratios(self, p: np.ndarray, q: np.ndarray) -> Self:
        self.log_ratio_p_, self.log_ratio_q_ = self._in_chunks(p), self._in_chunks(q)
        return self

    def _in_chunks(self, array: np.ndarray) -> np.ndarray:
        values = np.empty(len(array))
        for start in range(0, len(array), _CHUNK):
            # A file can hold integers, or floats that are too coarse for squares, or in another order of bytes.
            rows = np.ascontiguousarray(array[start : start + _CHUNK], dtype=np.float64)
            values[start : start + _CHUNK] = self._log_ratio(rows)
        return np.clip(values, -_LARGEST, _LARGEST)


def _plain(owner: str, name: str, value: Any) -> Any:
    """A learned value as JSON."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        return [_plain(owner, name, item) for item in value]
    raise TypeError(
        f"{name} of {owner} must be an array, a number, a string or a list of them to be saved, got {value!r}, which"
        " cannot be stored without pickle."
    )
