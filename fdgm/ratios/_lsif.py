"""Least-squares importance fitting, unconstrained and relative."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import nnls
from torch import Tensor

from .._literals import Candidates
from .._sklearn import Interval, StrOptions
from ..persistence import Array, Count, Float, Rule
from ._kernels import (
    LEAST,
    TINY,
    KernelRatio,
    blocks,
    candidates,
    folds,
    held_out_loss,
    held_out_of,
    squared_distances,
)

__all__ = ["LeastSquaresRatio", "RuLSIF", "non_negative_weights", "uLSIF"]

_AUTO_PENALTIES = np.logspace(-6, 1, 11)
_SATURATION = 0.99  # the relative ratio is clamped at this fraction of its upper bound 1/alpha


@dataclass
class Moments:
    """Sums over rows of φφᵀ (b, b) and of φ (b,), which are all that least squares needs of a sample."""

    gram: np.ndarray
    total: np.ndarray
    n: int

    @classmethod
    def of(cls, Z: np.ndarray, centers: np.ndarray, width: float) -> "Moments":
        """Sums of the kernels at rows Z (n, d)."""
        b = len(centers)
        gram, total = np.zeros((b, b)), np.zeros(b)
        for block in blocks(Z):
            phi = np.exp(squared_distances(block, centers) / (-2 * width**2))
            gram += phi.T @ phi
            total += phi.sum(axis=0)
        return cls(gram, total, len(Z))

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.gram + other.gram, self.total + other.total, self.n + other.n)

    def __sub__(self, other: "Moments") -> "Moments":
        return Moments(self.gram - other.gram, self.total - other.total, self.n - other.n)

    @property
    def mean(self) -> np.ndarray:
        """Mean of φ."""
        return self.total / self.n


class LeastSquaresRatio(KernelRatio):
    """Base class of both. Its weights θ ≥ 0 minimise α E_p[r²]/2 + (1 − α) E_q[r²]/2 − E_p[r] + λ‖θ‖²/2.

    Attributes
    ----------
    penalty_ : float
        The chosen λ.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Cross-validated log-losses of the candidates, with probabilities between 0.01 and 0.99. NaN if there was only
        one candidate, or if there were too few rows for two folds: then the middle ones are used.
    """

    _learned: ClassVar[Mapping[str, Rule]] = {
        **KernelRatio._learned,
        "penalty_": Float(least=TINY),
        "losses_": Array(("widths", "penalties"), nan=True),
        **{f"_gram_{side}": Array(("centers", "centers"), least=0.0) for side in "pq"},
        **{f"_total_{side}": Array(("centers",), least=0.0) for side in "pq"},
        **{f"_n_{side}": Count(1) for side in "pq"},
    }
    penalty: Candidates
    penalty_: float
    losses_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **KernelRatio._parameter_constraints,
        "penalty": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither"), "array-like"],
    }

    @abstractmethod
    def _alpha(self) -> float:
        """Fraction of P in the denominator."""

    def _from_log_sum(self, log_sum: Tensor) -> Tensor:
        """log dP/dQ, from the log of the fitted ratio."""
        return log_sum

    def _search(
        self, P: np.ndarray, Q: np.ndarray, others: np.ndarray, widths: np.ndarray, rng: np.random.Generator
    ) -> None:
        penalties = candidates(type(self).__name__, "penalty", self.penalty, _AUTO_PENALTIES)
        self.losses_ = np.full((len(widths), len(penalties)), np.nan)
        best, at = np.intp(self._unjudged(widths, Q)), np.intp(len(penalties) // 2)  # too few rows for two folds
        if self.losses_.size > 1:
            fold_p, fold_q, n_folds = folds(self.cv, len(P), others, len(Q), rng)
            if n_folds > 1:
                self._cross_validate(P, Q, fold_p, fold_q, widths, penalties)
                best, at = np.unravel_index(np.argmin(self.losses_), self.losses_.shape)
        self.width_, self.penalty_ = float(widths[best]), float(penalties[at])
        self._learn(P, Q)

    def _cross_validate(
        self,
        P: np.ndarray,
        Q: np.ndarray,
        fold_p: np.ndarray,
        fold_q: np.ndarray,
        widths: np.ndarray,
        penalties: np.ndarray,
    ) -> None:
        """Compute `losses_`, the held-out log-loss for each width and penalty."""
        n_folds = int(fold_q.max()) + 1
        for k, width in enumerate(widths):
            # Fold −1 of P has the centres, which are never held out.
            parts_p = [Moments.of(P[fold_p == part], self.centers_, width) for part in range(-1, n_folds)]
            parts_q = [Moments.of(Q[fold_q == part], self.centers_, width) for part in range(n_folds)]
            whole_p, whole_q = sum(parts_p[1:], start=parts_p[0]), sum(parts_q[1:], start=parts_q[0])
            losses = np.empty((n_folds, len(penalties)))
            for part in range(n_folds):
                rest = whole_p - parts_p[part + 1], whole_q - parts_q[part]
                weights = np.stack([_weights(*rest, self._alpha(), penalty) for penalty in penalties])  # (L, b)
                held_p, held_q = held_out_of(P, fold_p, part), held_out_of(Q, fold_q, part)
                losses[part] = self._log_losses(held_p, held_q, weights, width)
            self.losses_[k] = losses.mean(axis=0)

    def _log_losses(self, P: np.ndarray, Q: np.ndarray, weights: np.ndarray, width: float) -> np.ndarray:
        """The log-loss −E_p[log σ(T)] − E_q[log σ(−T)] (L,) of the ratios with these weights (L, b).

        Least squares itself cannot judge. With narrow kernels, one held-out row of P in a gap between Q's rows makes it
        arbitrarily low. Only a row of Q in that gap would undo this.
        """
        log_ratios = []
        for rows in (P, Q):
            sums = np.exp(squared_distances(rows, self.centers_) / (-2 * width**2)) @ weights.T  # (n, L)
            log_ratios.append(self._from_log_sum(torch.from_numpy(np.log(sums + LEAST))).numpy())
        return held_out_loss(*log_ratios)

    def _learn(self, P: np.ndarray, Q: np.ndarray) -> None:
        self._take(Moments.of(P, self.centers_, self.width_), Moments.of(Q, self.centers_, self.width_))

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Add the rows to the sums. Units, centres, width and penalty stay those of the first call."""
        if "log_weights_" not in vars(self):
            self._fit(X_p, X_q)
            return
        new_p, new_q = (Moments.of(self._scaled(X), self.centers_, self.width_) for X in (X_p, X_q))
        old_p = Moments(self._gram_p, self._total_p, self._n_p)
        old_q = Moments(self._gram_q, self._total_q, self._n_q)
        self._take(old_p + new_p, old_q + new_q)

    def _take(self, p: Moments, q: Moments) -> None:
        """Compute the weights for these sums. The sums are kept, so that rows can be added."""
        self._gram_p, self._total_p, self._n_p = p.gram, p.total, p.n
        self._gram_q, self._total_q, self._n_q = q.gram, q.total, q.n
        weights = _weights(p, q, self._alpha(), self.penalty_)
        if not weights.any():
            raise ValueError(
                f"width of {type(self).__name__} must be wide enough for the kernels at rows of X_p to reach other"
                f" rows, got {self.width_:g}, at which they do not; choose wider ones."
            )
        with np.errstate(divide="ignore"):
            self.log_weights_ = np.log(weights)


def _weights(p: Moments, q: Moments, alpha: float, penalty: float) -> np.ndarray:
    """θ (b,) of a ratio with mean 1 under its denominator, αP + (1 − α)Q. All zero if no kernel reaches that."""
    gram = alpha / p.n * p.gram + (1 - alpha) / q.n * q.gram
    weights = non_negative_weights(gram, p.mean, penalty)
    mean = weights @ (alpha * p.mean + (1 - alpha) * q.mean)
    return weights / mean if mean > 0 else np.zeros_like(weights)


def non_negative_weights(gram: np.ndarray, mean: np.ndarray, penalty: float) -> np.ndarray:
    """θ ≥ 0 (b,) that minimises θᵀ(H + λI)θ/2 − hᵀθ.

    Parameters
    ----------
    gram : ndarray of shape (b, b)
        H, positive semidefinite.
    mean : ndarray of shape (b,)
        h.
    penalty : float
        λ > 0.
    """
    # A penalty below the rounding of H would not make it positive definite.
    floor = 4 * len(gram) * np.finfo(np.float64).eps * np.trace(gram)
    factor = cho_factor(gram + max(penalty, floor) * np.eye(len(gram)), lower=True)
    free = cho_solve(factor, mean)
    if (free >= 0).all():
        return free
    lower = np.tril(factor[0])
    return nnls(lower.T, solve_triangular(lower, mean, lower=True))[0]


class uLSIF(LeastSquaresRatio):
    """Least-squares importance fitting: dP/dQ as a sum of Gaussian kernels.

    It differs from the paper in these points:

    - The paper solves least squares over all weights and then clips them at 0. Here the minimum is over θ ≥ 0.
    - The ratio is scaled to mean 1 under Q. Both changes bring it closer to the true ratio.
    - The log-loss of held-out rows chooses width and penalty. A fit only needs sums over each fold, so candidates cost
      almost nothing.

    Parameters
    ----------
    width : float, sequence of float or "auto", default="auto"
        Standard deviation of the kernels, in standard deviations of the two samples together. Without `standardize`
        it is in X's units. The cross-validated log-loss chooses the best of several, together with the penalty.
        ``"auto"`` tries nine around the median distance between centres, and wider ones if these do not reach X_q.
    penalty : float, sequence of float or "auto", default="auto"
        The ridge penalty λ. ``"auto"`` tries eleven from 1e-6 to 10.
    n_centers : int, default=100
        Number of rows of X_p, drawn by `random_state`, that are centres of kernels. It is at most half of them, since
        the others judge the fit.
    cv : int, default=5
        Number of cross-validation folds, at least 2.
    standardize : bool, default=True
        Whether to scale each column to standard deviation one.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    width_, penalty_ : float
        The chosen values.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Cross-validated log-losses of the candidates, with probabilities between 0.01 and 0.99. NaN if there was only
        one candidate, or if there were too few rows for two folds: then the middle ones are used.
    centers_ : ndarray of shape (n_centers, n_features)
        In scaled units.
    log_weights_ : ndarray of shape (n_centers,)

    See Also
    --------
    RuLSIF : Bounded, and so more stable if P and Q are far apart.

    References
    ----------
    Kanamori, Hido and Sugiyama, "A Least-squares Approach to Direct Importance Estimation", JMLR 10, 2009, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import uLSIF
    >>> rng = np.random.default_rng(0)
    >>> ratio = uLSIF(random_state=0).fit(rng.normal(1, 1, size=(500, 1)), rng.normal(0, 1, size=(500, 1)))
    >>> ratio.log_ratio([[-0.5], [1.5]]).round()  # x − 1/2
    array([-1.,  1.])
    """

    def __init__(
        self,
        *,
        width: Candidates = "auto",
        penalty: Candidates = "auto",
        n_centers: int = 100,
        cv: int = 5,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.width = width
        self.penalty = penalty
        self.n_centers = n_centers
        self.cv = cv
        self.standardize = standardize
        self.random_state = random_state

    def _alpha(self) -> float:
        return 0.0


class RuLSIF(LeastSquaresRatio):
    """Relative least-squares importance fitting: kernels fit p/(αp + (1 − α)q), from which dP/dQ follows.

    The relative ratio r_α is at most 1/α. This keeps the fit stable where P is dense and Q is not. `relative_ratio`
    is r_α. `log_ratio` is log dP/dQ itself, log((1 − α) r_α/(1 − α r_α)), with α r_α clamped at 0.99. Beyond that it
    has no gradient. Weights and scale are as in :class:`uLSIF`.

    Parameters
    ----------
    alpha : float in [0, 1), default=0.1
        Fraction of P in the denominator. 0 is :class:`uLSIF`.
    width : float, sequence of float or "auto", default="auto"
        Standard deviation of the kernels, in standard deviations of the two samples together. Without `standardize`
        it is in X's units. The cross-validated log-loss chooses the best of several, together with the penalty.
        ``"auto"`` tries nine around the median distance between centres, and wider ones if these do not reach X_q.
    penalty : float, sequence of float or "auto", default="auto"
        The ridge penalty λ. ``"auto"`` tries eleven from 1e-6 to 10.
    n_centers : int, default=100
        Number of rows of X_p, drawn by `random_state`, that are centres of kernels. It is at most half of them, since
        the others judge the fit.
    cv : int, default=5
        Number of cross-validation folds, at least 2.
    standardize : bool, default=True
        Whether to scale each column to standard deviation one.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    width_, penalty_ : float
        The chosen values.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Cross-validated log-losses of the candidates, with probabilities between 0.01 and 0.99. NaN if there was only
        one candidate, or if there were too few rows for two folds: then the middle ones are used.
    centers_ : ndarray of shape (n_centers, n_features)
        In scaled units.
    log_weights_ : ndarray of shape (n_centers,)

    References
    ----------
    Yamada, Suzuki, Kanamori, Hachiya and Sugiyama, "Relative Density-Ratio Estimation for Robust Distribution
    Comparison", Neural Computation 25, 2013, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import RuLSIF
    >>> rng = np.random.default_rng(0)
    >>> ratio = RuLSIF(random_state=0).fit(rng.normal(1, 1, size=(500, 1)), rng.normal(0, 1, size=(500, 1)))
    >>> bool(ratio.relative_ratio([[9.0]])[0] <= 10)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LeastSquaresRatio._parameter_constraints,
        "alpha": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        width: Candidates = "auto",
        penalty: Candidates = "auto",
        n_centers: int = 100,
        cv: int = 5,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.width = width
        self.penalty = penalty
        self.n_centers = n_centers
        self.cv = cv
        self.standardize = standardize
        self.random_state = random_state

    def relative_ratio(self, X: Any) -> np.ndarray:
        """p/(αp + (1 − α)q), the ratio that the method fits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ratio : ndarray of shape (n_samples,), float64
            Between 0 and 0.99/α.
        """
        log_ratio = self.log_ratio(X)
        return np.exp(log_ratio - np.logaddexp(np.log1p(-self._alpha()), _log(self._alpha()) + log_ratio))

    def _alpha(self) -> float:
        return float(self._fitted_param("alpha"))

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        return self._from_log_sum(self._log_sum(x)).to(x.dtype)

    def _from_log_sum(self, log_sum: Tensor) -> Tensor:
        alpha = self._alpha()
        if alpha == 0:
            return log_sum
        relative = log_sum.clamp(max=math.log(_SATURATION / alpha))
        return relative + math.log1p(-alpha) - torch.log1p(-alpha * relative.exp())


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
