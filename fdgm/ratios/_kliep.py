"""The Kullback–Leibler importance estimation procedure."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from .._literals import Candidates
from ..persistence import Array, Rule
from ._kernels import LEAST, KernelRatio, blocks, folds, held_out_loss, held_out_of, squared_distances

__all__ = ["KLIEP"]

_TOLERANCE = 1e-9  # relative change of the mean log-likelihood that ends its ascent


class KLIEP(KernelRatio):
    """Kullback–Leibler importance estimation: the kernel ratio r with the greatest E_p[log r] subject to E_q[r] = 1.

    It differs from the paper in how the width is chosen. The paper uses the held-out likelihood of P's rows. Here both
    samples are held out, and the centres of kernels do not judge, since they make narrow widths look too good.

    Parameters
    ----------
    width : float, sequence of float or "auto", default="auto"
        Standard deviation of the kernels, in standard deviations of the two samples together. Without `standardize`
        it is in X's units. The cross-validated log-loss chooses the best of several. ``"auto"`` tries nine around the
        median distance between centres, and wider ones if these do not reach X_q.
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
    width_ : float
        The chosen width.
    losses_ : ndarray of shape (n_widths,)
        Cross-validated log-losses of the candidates, with probabilities between 0.01 and 0.99. NaN if there was only
        one candidate, or if there were too few rows for two folds: then the middle one is used.
    centers_ : ndarray of shape (n_centers, n_features)
        In scaled units.
    log_weights_ : ndarray of shape (n_centers,)

    References
    ----------
    Sugiyama, Suzuki, Nakajima, Kashima, von Bünau and Kawanabe, "Direct importance estimation for covariate shift
    adaptation", Annals of the Institute of Statistical Mathematics 60, 2008, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import KLIEP
    >>> rng = np.random.default_rng(0)
    >>> ratio = KLIEP(random_state=0).fit(rng.normal(1, 1, size=(500, 1)), rng.normal(0, 1, size=(500, 1)))
    >>> ratio.log_ratio([[-0.5], [1.0]]).round()  # x − 1/2
    array([-1.,  1.])
    """

    _learned: ClassVar[Mapping[str, Rule]] = {
        **KernelRatio._learned,
        "losses_": Array(("widths",), nan=True),
    }

    def __init__(
        self,
        *,
        width: Candidates = "auto",
        n_centers: int = 100,
        cv: int = 5,
        standardize: bool = True,
        random_state: Any = None,
    ) -> None:
        self.width = width
        self.n_centers = n_centers
        self.cv = cv
        self.standardize = standardize
        self.random_state = random_state

    def _search(
        self, P: np.ndarray, Q: np.ndarray, others: np.ndarray, widths: np.ndarray, rng: np.random.Generator
    ) -> None:
        self.losses_ = np.full(len(widths), np.nan)
        if len(widths) > 1:
            self._cross_validate(P, Q, others, widths, rng)
        judged = not np.isnan(self.losses_).any()
        self.width_ = float(widths[np.argmin(self.losses_) if judged else self._unjudged(widths, Q)])
        self._learn(P, Q)

    def _cross_validate(
        self, P: np.ndarray, Q: np.ndarray, others: np.ndarray, widths: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Held-out log-loss for each width.

        Both samples are held out in turn. The likelihood E_p[log r] alone would not do: its constraint holds at Q's
        rows only, so it favours ratios that are too high in the gaps between them.
        """
        fold_p, fold_q, n_folds = folds(self.cv, len(P), others, len(Q), rng)
        if n_folds < 2:
            return
        squares = squared_distances(P, self.centers_)  # (n_p, b)
        log_sums = np.stack([_log_sums(Q[fold_q == part], self.centers_, widths) for part in range(n_folds)])
        squares_q = [squared_distances(held_out_of(Q, fold_q, part), self.centers_) for part in range(n_folds)]
        sizes = np.bincount(fold_q)
        for k, width in enumerate(widths):
            losses = np.empty(n_folds)
            start = None
            for part in range(n_folds):
                rest = np.arange(n_folds) != part
                log_means = logsumexp(log_sums[rest, k], axis=0) - np.log(sizes[rest].sum())
                kernels, shifts = _normalized(squares, width, log_means)
                kernels_q, shifts_q = _normalized(squares_q[part], width, log_means)
                held_out = fold_p == part
                weights = start = _weights(kernels[~held_out], start)
                p = np.log(kernels[held_out] @ weights + LEAST) + shifts[held_out]
                q = np.log(kernels_q @ weights + LEAST) + shifts_q
                losses[part] = held_out_loss(p, q)
            self.losses_[k] = losses.mean()

    def _learn(self, P: np.ndarray, Q: np.ndarray) -> None:
        log_means = _log_sums(Q, self.centers_, np.array([self.width_]))[0] - np.log(len(Q))
        kernels, _ = _normalized(squared_distances(P, self.centers_), self.width_, log_means)
        with np.errstate(divide="ignore"):
            self.log_weights_ = np.log(_weights(kernels)) - log_means


def _log_sums(Q: np.ndarray, centers: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Logs of the kernels' sums over rows (W, b), finite even if the kernels underflow."""
    parts = []
    for block in blocks(Q):
        squares = squared_distances(block, centers)
        parts.append(np.stack([logsumexp(squares / (-2 * width**2), axis=0) for width in widths]))
    return logsumexp(parts, axis=0)


def _normalized(squares: np.ndarray, width: float, log_means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kernels divided by their means under Q. Each row is divided by its largest value, whose log is returned too."""
    logs = squares / (-2 * width**2) - log_means
    shifts = logs.max(axis=1)
    return np.exp(logs - shifts[:, None]), shifts


def _weights(kernels: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """β ≥ 0 with Σβ = 1 that maximises mean log Ψβ: the proportions of a mixture.

    The objective is homogeneous, so the multiplier of Σβ = 1 is known to be 1. Only the bounds remain.
    """
    n, b = kernels.shape

    def value_and_slope(beta: np.ndarray) -> tuple[float, np.ndarray]:
        mixed = kernels @ beta + LEAST
        return float(beta.sum() - np.log(mixed).mean()), 1 - (1 / mixed) @ kernels / n

    start = np.full(b, 1 / b) if start is None else np.maximum(start, 1e-6 / b)
    found = minimize(
        value_and_slope, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * b,
        options={"maxiter": 500, "ftol": _TOLERANCE},
    )  # fmt: skip
    return found.x / found.x.sum()
