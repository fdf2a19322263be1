"""Least-squares importance fitting, unconstrained and relative."""

import math
from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor

from ._kernels import KernelRatio, blocks, candidates, squared_distances
from ._loo import leave_one_out, non_negative_weights

__all__ = ["LeastSquaresRatio", "RuLSIF", "uLSIF"]

_AUTO_PENALTIES = np.logspace(-6, 1, 11)
_MAX_PAIRS = 5000  # pairs left out, one at a time, to score a candidate: the mean of more would change little
_SATURATION = 0.99  # share of its upper bound 1/alpha at which the relative ratio is held


class LeastSquaresRatio(KernelRatio):
    """Base of the two: weights θ ≥ 0 that minimise α E_p[r²]/2 + (1 − α) E_q[r²]/2 − E_p[r] + λ‖θ‖²/2.

    Attributes
    ----------
    penalty_ : float
        The chosen λ.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Leave-one-out losses that the choice was made by; NaN where there was but one candidate.
    """

    penalty: Any
    penalty_: float
    losses_: np.ndarray
    _n_p: int
    _n_q: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **KernelRatio._parameter_constraints,
        "penalty": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither"), "array-like"],
    }

    @abstractmethod
    def _alpha(self) -> float:
        """Share of P in the denominator."""

    def _search(self, P: np.ndarray, Q: np.ndarray, widths: np.ndarray, rng: np.random.Generator) -> None:
        penalties = candidates(type(self).__name__, "penalty", self.penalty, _AUTO_PENALTIES)
        (gram_p, sum_p), (gram_q, sum_q) = (self._moments(Z, widths) for Z in (P, Q))
        sizes = n_p, n_q = len(P), len(Q)
        self.losses_ = np.full((len(widths), len(penalties)), np.nan)
        best = at = np.intp(0)
        if self.losses_.size > 1:
            n_pairs = min(n_p, n_q, _MAX_PAIRS)
            squares = [squared_distances(Z[rng.choice(len(Z), n_pairs, replace=False)], self.centers_) for Z in (P, Q)]
            for k, width in enumerate(widths):
                phi_p, phi_q = (np.exp(square / (-2 * width**2)) for square in squares)
                grams, means = (gram_p[k] / n_p, gram_q[k] / n_q), (sum_p[k] / n_p, sum_q[k] / n_q)
                self.losses_[k] = leave_one_out((phi_p, phi_q), grams, means, sizes, self._alpha(), penalties)
            best, at = np.unravel_index(np.argmin(self.losses_), self.losses_.shape)
        self.width_, self.penalty_ = float(widths[best]), float(penalties[at])
        self._gram_p, self._gram_q = gram_p[best], gram_q[best]
        self._sum_p, self._sum_q = sum_p[best], sum_q[best]
        self._n_p, self._n_q = sizes
        self._solve()

    def _learn(self, P: np.ndarray, Q: np.ndarray) -> None:
        width = np.array([self.width_])
        (self._gram_p,), (self._sum_p,) = self._moments(P, width)
        (self._gram_q,), (self._sum_q,) = self._moments(Q, width)
        self._n_p, self._n_q = len(P), len(Q)
        self._solve()

    def _partial_fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Add the rows to the sums; units, centres, width and penalty stay those of the first call."""
        if "log_weights_" not in vars(self):
            self._fit(X_p, X_q)
            return
        widths = np.array([self.width_])
        (gram_p, sum_p), (gram_q, sum_q) = (self._moments(self._scaled(X), widths) for X in (X_p, X_q))
        self._gram_p, self._gram_q = self._gram_p + gram_p[0], self._gram_q + gram_q[0]
        self._sum_p, self._sum_q = self._sum_p + sum_p[0], self._sum_q + sum_q[0]
        self._n_p, self._n_q = self._n_p + len(X_p), self._n_q + len(X_q)
        self._solve()

    def _moments(self, Z: np.ndarray, widths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of φφᵀ (W, b, b) and of φ (W, b) over rows Z, for each width."""
        b = len(self.centers_)
        grams, sums = np.zeros((len(widths), b, b)), np.zeros((len(widths), b))
        for chunk in blocks(Z):
            squares = squared_distances(chunk, self.centers_)
            for k, width in enumerate(widths):
                phi = np.exp(squares / (-2 * width**2))
                grams[k] += phi.T @ phi
                sums[k] += phi.sum(axis=0)
        return grams, sums

    def _solve(self) -> None:
        """The weights for the sums as they are, scaled so that the fitted ratio has mean 1 under its denominator.

        The minimum over θ ≥ 0 is nearer the ratio than one over all θ that is cut at 0 afterwards.
        """
        alpha = self._alpha()
        mean_p, mean_q = self._sum_p / self._n_p, self._sum_q / self._n_q
        gram = alpha / self._n_p * self._gram_p + (1 - alpha) / self._n_q * self._gram_q
        weights = non_negative_weights(gram, mean_p, self.penalty_)
        total = weights @ (alpha * mean_p + (1 - alpha) * mean_q)
        if not total > 0:
            raise ValueError(
                f"width of {type(self).__name__} must be wide enough for the kernels at rows of X_p to reach other"
                f" rows, got {self.width_:g}, at which they do not; choose wider ones."
            )
        with np.errstate(divide="ignore"):
            self.log_weights_ = np.log(weights / total)


class uLSIF(LeastSquaresRatio):
    """Least-squares importance fitting: dP/dQ as a sum of Gaussian kernels, chosen by leave-one-out in closed form.

    The weights are the least squares over θ ≥ 0, where the paper takes them over all θ and cuts them at 0, and the
    ratio is scaled to mean 1 under Q: both bring it nearer the truth.

    Parameters
    ----------
    width : float, sequence of float or "auto", default="auto"
        Standard deviation of the kernels, in standard deviations of the two samples together (in X's units without
        `standardize`). The best of several is chosen, with the penalty, by the closed form of leave-one-out;
        ``"auto"`` offers nine around the median distance between centres.
    penalty : float, sequence of float or "auto", default="auto"
        The ridge λ; ``"auto"`` offers eleven from 1e-4 to 10.
    n_centers : int, default=100
        Rows of X_p, drawn by `random_state`, that kernels sit on; all of them where there are fewer.
    standardize : bool, default=True
        Whether each column is brought to standard deviation one.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    width_, penalty_ : float
        The chosen ones.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Leave-one-out losses that the choice was made by; NaN where there was but one candidate.
    centers_ : ndarray of shape (n_centers, n_features)
        In scaled units.
    log_weights_ : ndarray of shape (n_centers,)

    See Also
    --------
    RuLSIF : bounded, and so steadier where P and Q are far apart.

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
        width: Any = "auto",
        penalty: Any = "auto",
        n_centers: int = 100,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.width = width
        self.penalty = penalty
        self.n_centers = n_centers
        self.standardize = standardize
        self.random_state = random_state

    def _alpha(self) -> float:
        return 0.0


class RuLSIF(LeastSquaresRatio):
    """Relative least-squares importance fitting: p/(αp + (1 − α)q) by kernels, from which dP/dQ follows.

    The relative ratio r_α is at most 1/α, which keeps the fit steady where P is dense and Q is not. `log_ratio` is
    that of dP/dQ itself, log((1 − α) r_α/(1 − α r_α)), with α r_α held at 0.99, past which it has no gradient;
    `relative_ratio` is r_α. Weights and scale are as in :class:`uLSIF`.

    Parameters
    ----------
    alpha : float in [0, 1), default=0.1
        Share of P in the denominator; 0 is :class:`uLSIF`.
    width : float, sequence of float or "auto", default="auto"
        Standard deviation of the kernels, in standard deviations of the two samples together (in X's units without
        `standardize`). The best of several is chosen, with the penalty, by the closed form of leave-one-out;
        ``"auto"`` offers nine around the median distance between centres.
    penalty : float, sequence of float or "auto", default="auto"
        The ridge λ; ``"auto"`` offers eleven from 1e-4 to 10.
    n_centers : int, default=100
        Rows of X_p, drawn by `random_state`, that kernels sit on; all of them where there are fewer.
    standardize : bool, default=True
        Whether each column is brought to standard deviation one.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    width_, penalty_ : float
        The chosen ones.
    losses_ : ndarray of shape (n_widths, n_penalties)
        Leave-one-out losses that the choice was made by; NaN where there was but one candidate.
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
        width: Any = "auto",
        penalty: Any = "auto",
        n_centers: int = 100,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.width = width
        self.penalty = penalty
        self.n_centers = n_centers
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
        return np.exp(log_ratio - np.logaddexp(np.log1p(-self.alpha), _log(self.alpha) + log_ratio))

    def _alpha(self) -> float:
        return float(self.alpha)

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        alpha, relative = self._alpha(), self._log_sum(x)
        if alpha == 0:
            return relative.to(x.dtype)
        relative = relative.clamp(max=math.log(_SATURATION / alpha))
        return (relative + math.log1p(-alpha) - torch.log1p(-alpha * relative.exp())).to(x.dtype)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf
