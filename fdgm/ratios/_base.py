"""The base class of every density-ratio estimator."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import logsumexp
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .. import registry
from .._ambient import undisturbed, without_autocast
from .._chunks import apply_in_chunks
from ..divergences import Divergence
from ..exceptions import ConstantRatioWarning, PluginError
from ..inputs import as_before_on_error, validate, validate_pair
from ..persistence import Rule, Savable, State, forget_card
from ..training import at_fit
from ._state import restore, state_of, take_learned

__all__ = ["DensityRatio", "with_gradient"]

_CHUNK = 4096  # rows evaluated at once, so that memory does not grow with the rows
_LARGEST = float(np.finfo(np.float64).max)
_MIDDLE = (0.005, 0.995)  # the log-ratio is constant if these two quantiles
_CONSTANT = 1e-3  # differ by less than this
_OUTSIDE = 3  # frames from a warning of `fit` to its caller, past `undisturbed`
_FAR = 300.0  # log-ratios are clamped to ±300 before f of them is averaged: f's square still fits a float64


def with_gradient() -> list[str]:
    """Names of the registered density ratios whose `log_ratio_tensor` has a gradient, sorted."""
    able = []
    for name in registry.available("density_ratio"):
        try:
            made = registry.make("density_ratio", name)
        except (PluginError, TypeError):  # registered twice, or a parameter has no default: not available by name
            continue
        if made.has_gradient:
            able.append(name)
    return able


class DensityRatio(Savable, ABC):
    """Base class of the estimators of log dP/dQ from a sample of each. The numerator P always comes first.

    A subclass implements these hooks, which get validated samples as float arrays of shape (n, \\*row_shape):

    - `_fit`;
    - `_log_ratio_tensor` if its estimate has a gradient in x, or else `_log_ratio`;
    - `_partial_fit` if the method can take more rows;
    - `_update` if the method can follow samples that move.

    The base class provides the rest: errors, chunks, weights, divergences and files. `save` stores everything learned
    that is an array, a tensor, a number, a string or a list of these. A subclass that learns anything else extends
    `to_state` and `from_state`. `load` may get a hostile file, so `_learned` says what each attribute in it must be.

    Attributes
    ----------
    log_ratio_p_ : ndarray of shape (n_p,)
        log dP/dQ at the rows of the last fitted X_p.
    log_ratio_q_ : ndarray of shape (n_q,)
        log dP/dQ at the rows of the last fitted X_q.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X_p had column names.

    Notes
    -----
    ``scale_invariant`` promises that ``fit(c * X_p, c * X_q).log_ratio(c * X)`` equals ``fit(X_p, X_q).log_ratio(X)``
    for any c > 0, up to rounding. It holds unless a subclass denies it, as the kernels do without `standardize`.

    ``antisymmetric`` promises that ``fit(X_q, X_p)``, with the same int as `random_state`, gives exactly minus the
    log-ratio of ``fit(X_p, X_q)``. Without this promise the two agree only as two estimates do.

    References
    ----------
    Sugiyama, Suzuki and Kanamori, "Density Ratio Estimation in Machine Learning", Cambridge University Press, 2012.
    """

    #: Attributes that `_fit` sets, and what each must be in a file. None accepts whatever gives finite log-ratios.
    _learned: ClassVar[Mapping[str, Rule] | None] = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    log_ratio_p_: np.ndarray
    log_ratio_q_: np.ndarray
    n_features_in_: int
    #: Learned attributes that are estimators. The subclass stores them itself.
    _apart: ClassVar[tuple[str, ...]] = ()
    _row_shape: tuple[int, ...]
    _params: SimpleNamespace | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls._log_ratio is DensityRatio._log_ratio and cls._log_ratio_tensor is DensityRatio._log_ratio_tensor:
            raise TypeError(
                f"{cls.__name__} must define _log_ratio_tensor(x) or _log_ratio(X), the log of the ratio of the first"
                " sample's density to the second's; it defines neither."
            )

    @abstractmethod
    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from validated samples of shape (n, \\*row_shape), the numerator's first. Forget an earlier fit."""

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        """log dP/dQ (n,) at points (n, \\*row_shape), in x's dtype and on its device, differentiable in x."""
        raise NotImplementedError(
            f"log_ratio_tensor of {type(self).__name__} has no gradient in x; density ratios that have one:"
            f" {with_gradient()}."
        )

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        """log dP/dQ (n,) at validated float64 rows (n, \\*row_shape), a few thousand at most."""
        with torch.no_grad():
            return self._log_ratio_tensor(torch.from_numpy(X)).cpu().numpy()

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from more rows without forgetting. The first call is on an unfitted estimator."""
        raise NotImplementedError

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Learn from samples that moved a little since the last fit or update, and forget the old ones. It is cheaper
        than a fit if the method can continue from the last state."""
        self._fit(X_p, X_q)

    @property
    def has_gradient(self) -> bool:
        """Whether `log_ratio_tensor` can be differentiated in x."""
        return type(self)._log_ratio_tensor is not DensityRatio._log_ratio_tensor

    @property
    def has_partial_fit(self) -> bool:
        """Whether there is a `partial_fit`, which learns from more rows without the old ones."""
        return type(self)._partial_fit is not DensityRatio._partial_fit

    @property
    def _goes_on(self) -> bool:
        """Whether `fit` continues from what was learned, and so keeps its columns."""
        return False

    def _has_learned(self) -> bool:
        """Whether a fit that ended with an error has learned something to keep."""
        return False

    @property
    def antisymmetric(self) -> bool:
        """Whether exchanging the samples is promised to change only the sign of the log-ratio."""
        return False

    @property
    def scale_invariant(self) -> bool:
        """Whether the log-ratio is promised to stay the same, up to rounding, if all samples are scaled by a number."""
        return True

    @undisturbed()
    def fit(self, X_p: Any, X_q: Any) -> Self:
        """Learn log dP/dQ.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Sample of the numerator P, with at least two rows.
        X_q : array-like of shape (n_q, n_features)
            Sample of the denominator Q, with at least two rows. The samples may differ in size.

        Returns
        -------
        self : DensityRatio

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, or if a sample is not two or more rows of finite real numbers.

        Warns
        -----
        ConstantRatioWarning
            If the ratio is constant to three digits at all except a hundredth of the rows.
        """
        self._fit_silently(X_p, X_q)
        if (constant := self._constant()) is not None:
            warnings.warn(
                f"{type(self).__name__} has found a ratio that is constant to three digits, its log {constant:.3g} at"
                " almost all rows of both samples: it tells them apart nowhere. If they do differ, take another density"
                " ratio or more rows, and look for outliers and for units that hide the difference.",
                ConstantRatioWarning,
                stacklevel=_OUTSIDE,
            )
        return self

    def _constant(self) -> float | None:
        """The log-ratio, where it is constant to three digits at all but a hundredth of the fitted rows."""
        low, high = np.quantile(np.concatenate([self.log_ratio_p_, self.log_ratio_q_]), _MIDDLE)
        return float(high) if high - low < _CONSTANT else None

    def _fit_silently(self, X_p: Any, X_q: Any) -> Self:
        """`fit` without the warning of a constant ratio, for parts of an estimate, which may be constant."""
        self._validate_params()
        with as_before_on_error(self, unless=self._has_learned):
            p, q = validate_pair(self, X_p, X_q, reset=not self._goes_on, min_samples=2)
            with self._at_fit():
                self._fit(p, q)
            return self._keep_log_ratios(p, q)

    @available_if(lambda self: self.has_partial_fit)
    @undisturbed()
    def partial_fit(self, X_p: Any, X_q: Any) -> Self:
        """Learn from more rows. The first call is like the beginning of a `fit`.

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
        with nullcontext() if goes_on else self._at_fit():
            self._partial_fit(p, q)
        return self._keep_log_ratios(p, q)

    @undisturbed()
    def update(self, X_p: Any, X_q: Any) -> Self:
        """Follow samples that have moved a little since the last `fit` or `update`. The first call is a `fit`.

        Unlike `partial_fit`, this forgets the old samples. What they have settled may stay: a kernel method keeps its
        width for some updates, and a critic continues from its weights.

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
        """The natural logarithm log dP/dQ. P is the first sample of `fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive where the numerator is denser. Finite, except where squares of the rows themselves overflow, past
            1e150.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        return self._in_chunks(array)

    def ratio(self, X: Any) -> np.ndarray:
        """dP/dQ: the exponential of `log_ratio`. Where it would overflow, the largest finite number.

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
        """Differentiable `log_ratio` of a tensor.

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
            If the method has no gradient. The message names those that have one.
        ValueError
            If the rows of x differ in shape from the samples of `fit`.
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
        """Importance weights of mean 1, under which rows drawn from Q count as if drawn from P.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of the denominator's distribution, such as the training rows under covariate shift.

        Returns
        -------
        weights : ndarray of shape (n_samples,), float64, at least 0
            Proportional to `ratio`, for use as `sample_weight`.
        """
        log_ratio = self.log_ratio(X)
        return np.exp(log_ratio - logsumexp(log_ratio) + np.log(len(log_ratio)))

    @undisturbed()
    def score(self, X_p: Any, X_q: Any) -> float:
        """Minus the log-loss −E_p[log σ(T)] − E_q[log σ(−T)] of T = `log_ratio`. Greater is better.

        The measure is the same for every method. The log-loss is least at the true log-ratio. Scores of different
        methods can be compared if the rows were held out of `fit`.

        Parameters
        ----------
        X_p : array-like of shape (n_p, n_features)
            Held-out sample of the numerator P.
        X_q : array-like of shape (n_q, n_features)
            Held-out sample of the denominator Q.

        Returns
        -------
        score : float, at most 0
            −2 log 2 = −1.386 if the samples cannot be told apart.
        """
        check_is_fitted(self)
        p, q = validate_pair(self, X_p, X_q, reset=False)
        return -float(np.logaddexp(0, -self._in_chunks(p)).mean() + np.logaddexp(0, self._in_chunks(q)).mean())

    @undisturbed()
    def estimate_divergence(self, divergence: str | Divergence = "kl", X_p: Any = None, X_q: Any = None) -> float:
        """Estimate D_f(P‖Q) = E_Q[f(dP/dQ)], with the numerator's distribution first.

        The integral is over the mixture of the two samples, E_p[f(r)/(1 + r)] + E_q[f(r)/(1 + r)]. Its terms stay small
        where the ratio is large. For f it takes f(r) − f'(1)(r − 1), so that no term is negative.

        Parameters
        ----------
        divergence : str or Divergence, default="kl"
            One of ``fdgm.available("divergence")`` or an instance.
        X_p, X_q : array-like of shape (n, n_features) or None, default=None
            Held-out samples. None, for both, uses the samples of the last fit, on which estimates are too large.

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

    @contextmanager
    def _at_fit(self) -> Iterator[None]:
        """Note the parameters of the fit. Restore the old ones if the fit fails."""
        before = vars(self).get("_params")
        self._params = at_fit(self)
        try:
            yield
        except BaseException:
            self._params = before
            raise

    def _fitted_param(self, name: str) -> Any:
        """A parameter as it was at the last fit, or its present value if there was none."""
        params = vars(self).get("_params")
        return getattr(self if params is None else params, name)

    def _fitted_params(self) -> dict[str, Any]:
        return {name: self._fitted_param(name) for name in self.get_params(deep=False)}

    def to_state(self) -> State:
        return state_of(self)

    def from_state(self, state: State) -> Self:
        self._params = at_fit(self)
        restore(self, state)
        return self

    def _take_learned(self, learned: State, sizes: dict[str, int]) -> None:
        """Read from a state what a subclass learned. `sizes` has the size of a flat row."""
        take_learned(self, learned, sizes)

    def _keep_log_ratios(self, p: np.ndarray, q: np.ndarray) -> Self:
        self.log_ratio_p_, self.log_ratio_q_ = self._in_chunks(p), self._in_chunks(q)
        forget_card(self)
        return self

    def _in_chunks(self, array: np.ndarray) -> np.ndarray:
        def values(rows: slice) -> np.ndarray:
            # A copy: a file can hold integers, coarse floats or another byte order, and torch warns of read-only ones.
            given = np.array(array[rows], dtype=np.float64, order="C")
            found = self._log_ratio(given)
            if np.shape(found) != (len(given),):
                raise ValueError(
                    f"_log_ratio of {type(self).__name__} must give one number a row, of shape ({len(given)},), got"
                    f" {np.shape(found)}."
                )
            return found

        return np.clip(apply_in_chunks(values, len(array), _CHUNK).astype(np.float64), -_LARGEST, _LARGEST)
