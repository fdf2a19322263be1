"""Density ratios that are positive sums of Gaussian kernels, the base of KLIEP, uLSIF and RuLSIF."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.spatial.distance import pdist
from threadpoolctl import threadpool_limits
from torch import Tensor

from .._chunks import slices
from .._literals import Candidates
from .._sklearn import Interval, StrOptions
from ..inputs import Scaler, entropy_of, some_rows
from ..persistence import Array, Count, Float, Rule
from ._base import DensityRatio

__all__ = [
    "LEAST",
    "TINY",
    "KernelRatio",
    "blocks",
    "candidates",
    "folds",
    "held_out_loss",
    "held_out_of",
    "squared_distances",
]

_MAX_HELD_OUT = 1000  # rows of each sample that judge a fold: the mean over more would change little
TINY = float(np.nextafter(0.0, 1.0))  # the smallest number above 0
LEAST = 1e-300  # added to a sum of kernels, which may underflow, before its log
_CHUNK = 4096  # rows whose distances to the centres are held at once
_SEARCH_EVERY = 20  # updates between searches: VGrow's particle steps in an iteration, after which new particles start
_FACTORS = (0.125, 8.0)  # widths of the narrowest and the widest kernels to try, in median distances
_N_WIDTHS, _MOST_WIDTHS = 9, 17
_REACH = 0.5  # the widest kernels have at least this fraction of the distance between samples that lie apart
_DOUBT = 0.01  # smallest probability of either sample when held-out rows judge a ratio


def squared_distances(Z: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """‖z − c‖² for rows Z (n, d) and centres (b, d), as a non-negative array (n, b)."""
    squares = Z @ (-2 * centers.T)
    squares += np.einsum("ij,ij->i", Z, Z)[:, None]
    squares += np.einsum("ij,ij->i", centers, centers)
    return np.maximum(squares, 0, out=squares)


def candidates(owner: str, name: str, value: Any, auto: np.ndarray) -> np.ndarray:
    """The values to choose among, from the user's ``"auto"``, number or sequence."""
    if isinstance(value, str):
        return auto
    grid = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if grid.ndim != 1 or not len(grid) or not (np.isfinite(grid).all() and (grid > 0).all()):
        raise ValueError(f"{name} of {owner} must be 'auto', a number above 0 or several of them, got {value!r}.")
    return grid


class KernelRatio(DensityRatio):
    """Base class of the ratios Σ θ_k exp(−‖z − c_k‖²/(2 width²)) with θ ≥ 0 and z in standard deviations.

    The log of the sum is computed without exponentiating first. It is finite and has a gradient at any distance from
    the centres.

    Attributes
    ----------
    centers_ : ndarray of shape (n_centers, n_features)
        Rows of X_p, in scaled units.
    width_ : float
        Standard deviation of the kernels, in scaled units.
    log_weights_ : ndarray of shape (n_centers,)
        log θ, which is −inf for a centre without weight.
    """

    _learned: ClassVar[Mapping[str, Rule]] = {
        "centers_": Array(("centers", "d")),
        "width_": Float(least=TINY),
        "log_weights_": Array(("centers",), least=-math.inf),
        "_location": Array(("d",)),
        "_scale": Array(("d",), least=TINY),
        "_n_updates": Count(),
    }
    width: Candidates
    n_centers: int
    cv: int
    standardize: bool
    random_state: Any
    centers_: np.ndarray
    width_: float
    log_weights_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "width": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither"), "array-like"],
        "n_centers": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "standardize": ["boolean"],
        "random_state": ["random_state", np.random.Generator],
    }

    @property
    def scale_invariant(self) -> bool:
        return self.standardize

    @abstractmethod
    def _search(
        self, P: np.ndarray, Q: np.ndarray, others: np.ndarray, widths: np.ndarray, rng: np.random.Generator
    ) -> None:
        """Choose `width_` among `widths`, and any other parameters, and call `_learn`. Rows are scaled (n, d).

        The choice is judged by `others`, rows of P that are no centres. At its own centre the narrowest kernel wins.
        """

    @abstractmethod
    def _learn(self, P: np.ndarray, Q: np.ndarray) -> None:
        """Compute `log_weights_`, after everything is chosen."""

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        rng = np.random.default_rng(entropy_of(self.random_state))
        others = self._start(X_p, X_q, rng)
        self._n_updates = 0
        P, Q = self._scaled(X_p), self._scaled(X_q)
        auto = _auto_widths(self.centers_, Q)
        widths = candidates(type(self).__name__, "width", self.width, auto)
        # The many products of the search are too small to gain from threads, and lose on busy cores.
        with threadpool_limits(1, user_api="blas"):
            self._search(P, Q, others, widths, rng)

    def _unjudged(self, widths: np.ndarray, Q: np.ndarray) -> int:
        """The width to use if too few rows are held out to choose one. It is the middle one of the user's, or else the
        one nearest to the distance between centres, if it reaches Q.
        """
        if not isinstance(self.width, str):
            return len(widths) // 2
        wanted = max(_median_distance(self.centers_), _REACH * _distance(Q, self.centers_))
        return int(np.argmin(np.abs(np.log(widths / wanted))))

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        """Renew weights and centres, in the units and with the width of the last search, which is repeated at times."""
        self._n_updates += 1
        if self._n_updates % _SEARCH_EVERY == 0:
            self._fit(X_p, X_q)
            return
        P, Q = self._scaled(X_p), self._scaled(X_q)
        rng = np.random.default_rng([entropy_of(self.random_state), self._n_updates])
        self.centers_ = P[rng.choice(len(P), len(self.centers_), replace=len(P) < len(self.centers_))]
        with threadpool_limits(1, user_api="blas"):
            self._learn(P, Q)

    def _start(self, X_p: np.ndarray, X_q: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Fix units and centres. Return the rows of X_p that are no centres, at least half of them."""
        d = X_p[0].size
        self._location, self._scale = np.zeros(d), np.ones(d)
        if self.standardize:
            scaler = Scaler.of(X_p, X_q)
            self._location, self._scale = scaler.mean.ravel(), scaler.scale.ravel()
        order = rng.permutation(len(X_p))
        n_centers = min(self.n_centers, len(X_p) // 2)
        self.centers_ = self._scaled(X_p[order[:n_centers]])
        return order[n_centers:]

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Rows (n, d) in scaled units."""
        return (X.reshape(len(X), -1) - self._location) / self._scale

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        return self._log_sum(x).to(x.dtype)

    def _log_sum(self, x: Tensor) -> Tensor:
        """log Σ θ_k k(x, c_k) (n,), in float64."""
        used = np.isfinite(self.log_weights_)
        location, scale, centers, log_weights = (
            torch.from_numpy(array).to(x.device)
            for array in (self._location, self._scale, self.centers_[used], self.log_weights_[used])
        )
        z = (x.flatten(1).double() - location) / scale  # (n, d)
        squares = z.square().sum(1, keepdim=True) - 2 * z @ centers.T + centers.square().sum(1)  # (n, b)
        return torch.logsumexp(log_weights - squares / (2 * self.width_**2), dim=1)


def blocks(Z: np.ndarray) -> Iterator[np.ndarray]:
    """Rows, a few thousand at a time."""
    return (Z[rows] for rows in slices(len(Z), _CHUNK))


def folds(
    cv: int, n_p: int, others: np.ndarray, n_q: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, int]:
    """The fold of each row of P and of Q, and the number of folds. Rows of P outside `others` are in fold −1."""
    n_folds = min(cv, len(others), n_q)
    fold_p = np.full(n_p, -1)
    fold_p[others] = rng.permutation(len(others)) % n_folds
    return fold_p, rng.permutation(n_q) % n_folds, n_folds


def held_out_of(X: np.ndarray, fold: np.ndarray, part: int) -> np.ndarray:
    """The rows that judge a fold."""
    rows = np.flatnonzero(fold == part)
    return X[rows[some_rows(len(rows), _MAX_HELD_OUT, part)]]


def held_out_loss(log_ratio_p: np.ndarray, log_ratio_q: np.ndarray) -> np.ndarray:
    """The log-loss (...) of log-ratios at held-out rows (n, ...) of each sample, with bounded probabilities.

    At a row that no kernel reaches, the log-ratio is the logarithm of a number that underflows. Without the bound one
    such row among hundreds would outweigh all others. It would choose kernels so wide that they reach it but resolve
    nothing.
    """
    losses = [np.logaddexp(0, -sign * t) for sign, t in ((1, log_ratio_p), (-1, log_ratio_q))]
    means = [-np.log(_DOUBT + (1 - 2 * _DOUBT) * np.exp(-loss)).mean(axis=0) for loss in losses]
    return np.asarray(means[0] + means[1])


def _auto_widths(centers: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Widths (w,) to choose among: around the median distance between centres, up to widths that reach Q."""
    near = _median_distance(centers)
    narrowest, widest = _FACTORS[0] * near, max(_FACTORS[1] * near, _REACH * _distance(Q, centers))
    step = (_FACTORS[1] / _FACTORS[0]) ** (1 / (_N_WIDTHS - 1))
    n_widths = round(np.log(widest / narrowest) / np.log(step)) + 1
    return np.geomspace(narrowest, widest, min(max(n_widths, _N_WIDTHS), _MOST_WIDTHS))


def _median_distance(centers: np.ndarray) -> float:
    """Median distance between centres, or 1 if they are one point."""
    median = float(np.median(pdist(centers))) if len(centers) > 1 else 0.0
    return median if median > 0 else 1.0


def _distance(Q: np.ndarray, centers: np.ndarray) -> float:
    """Median distance between rows and centres."""
    return float(np.sqrt(np.median(squared_distances(Q[some_rows(len(Q), _MAX_HELD_OUT, 0)], centers))))
