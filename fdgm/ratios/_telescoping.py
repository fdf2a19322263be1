"""The ratio of distant distributions as a product of ratios of close ones."""

import math
from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from torch import Tensor

from .. import registry
from .._sklearn import Interval
from ..exceptions import FileError, PluginError
from ..inputs import Scaler, chunk_seed, entropy_of, with_seed
from ..persistence import Count, Sign, State
from ._base import DensityRatio
from ._bridges import Bridges
from ._order import comes_first

__all__ = ["TelescopingRatio"]


class TelescopingRatio(DensityRatio):
    """log dP/dQ as a sum of log-ratios between bridges from P to Q, each estimated separately.

    One critic cannot estimate the ratio of two samples that it separates without error. Bridges lie between them. In
    units of standard deviation, bridge k has rows x_p cos θ_k + x_q sin θ_k of random pairs. The angles θ_k are equal
    steps from 0 to π/2. Each bridge differs little from the next. Exchanging the samples changes only the sign of the
    log-ratio.

    Bridges also respect discrete columns:

    - A column may have one value in a twentieth of a sample's rows. Each of its values is then taken from one of the
      two rows, from the second with probability sin² θ_k. Examples are a binary column, a category's code and a column
      with many zeros.
    - Other columns on a grid, such as years of age, are added and rounded to values that occur.

    Parameters
    ----------
    base : str or DensityRatio, default="logistic"
        Estimator of each ratio: one of ``fdgm.available("density_ratio")``, or an instance, which is cloned.
    n_bridges : int, default=7
        Number of distributions between P and Q, one less than the number of ratios. Distant P and Q need more: some
        two for each standard deviation between them.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the pairs, and of each ratio that takes one and has none.

    Attributes
    ----------
    ratios_ : list of DensityRatio, of length n_bridges + 1
        Ratio of each distribution to the next. They start from one of the samples, in an order that does not depend
        on which one is P.

    References
    ----------
    Rhodes, Xu and Gutmann, "Telescoping Density-Ratio Estimation", NeurIPS 2020, section 3 (waymarks by linear
    combinations, equation 5; here each ratio has its own parameters).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import ClassifierRatio, TelescopingRatio
    >>> rng = np.random.default_rng(0)
    >>> X_p, X_q = rng.normal(0, 1, size=(800, 1)), rng.normal(6, 1, size=(800, 1))
    >>> ratio = TelescopingRatio(ClassifierRatio(), random_state=0).fit(X_p, X_q)
    >>> bool(10 < ratio.log_ratio([[0.0]])[0] < 26)  # 18
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "base": [str, DensityRatio],
        "n_bridges": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    _learned: ClassVar = {"_sign": Sign(), "_n_updates": Count()}
    ratios_: list[DensityRatio]
    _sign: int
    _n_updates: int

    def __init__(self, base: str | DensityRatio = "logistic", *, n_bridges: int = 7, random_state: Any = None) -> None:
        self.base = base
        self.n_bridges = n_bridges
        self.random_state = random_state

    @property
    def has_gradient(self) -> bool:
        return self.ratios_[0].has_gradient if "ratios_" in vars(self) else self._base().has_gradient

    @property
    def scale_invariant(self) -> bool:
        return self._base().scale_invariant

    @property
    def antisymmetric(self) -> bool:
        return True

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        entropy = entropy_of(self.random_state)
        self._sign = 1 if comes_first(X_p, X_q) else -1
        self._n_updates = 0
        fresh = (with_seed(clone(self._base()), chunk_seed(entropy, k)) for k in range(1, self.n_bridges + 2))
        pairs = self._pairs(X_p, X_q, np.random.default_rng(entropy))
        self.ratios_ = [ratio._fit_silently(near, far) for ratio, (near, far) in zip(fresh, pairs, strict=True)]

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        self._n_updates += 1
        rng = np.random.default_rng([entropy_of(self.random_state), self._n_updates])
        for ratio, (near, far) in zip(self.ratios_, self._pairs(X_p, X_q, rng), strict=True):
            ratio.update(near, far)

    def _pairs(
        self, X_p: np.ndarray, X_q: np.ndarray, rng: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Samples of each pair of neighbouring distributions, from one end to the other."""
        ends = (X_p, X_q) if self._sign > 0 else (X_q, X_p)
        scaler = Scaler.of(*ends, scaling="standard")
        units = scaler.mean.ravel(), scaler.scale.ravel()
        first, last = (X.reshape(len(X), -1) for X in ends)
        bridges = Bridges.of(first, last)
        near = ends[0]
        for k in range(1, self.n_bridges + 1):
            angle = math.pi / 2 * k / (self.n_bridges + 1)
            x, y = _shuffled(first, rng, len(last)), _shuffled(last, rng, len(first))
            far = bridges.between(x, y, angle, units, rng).reshape(-1, *X_p.shape[1:])
            yield near, far
            near = far
        yield near, ends[1]

    def _log_ratio(self, X: np.ndarray) -> np.ndarray:
        return self._sign * np.sum([ratio._log_ratio(X) for ratio in self.ratios_], axis=0)

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        return self._sign * sum((ratio._log_ratio_tensor(x) for ratio in self.ratios_), start=x.new_zeros(()))

    def _base(self) -> DensityRatio:
        try:
            return registry.make("density_ratio", self.base)
        except PluginError as error:
            raise PluginError(f"base of {type(self).__name__}: {error}") from error

    def to_state(self) -> State:
        ratios, self.ratios_ = self.ratios_, []
        try:
            state = super().to_state()
        finally:
            self.ratios_ = ratios
        learned = state.parts["learned"]
        del learned.json["ratios_"]
        learned.parts |= {str(k): ratio.to_state() for k, ratio in enumerate(ratios)}
        return state

    def _take_learned(self, learned: State, sizes: dict[str, int]) -> None:
        super()._take_learned(learned, sizes)
        base, n = self._base(), self.n_bridges + 1
        if n != len(learned.parts):
            raise FileError(f"ratios_ must be {n}, one more than n_bridges, got {len(learned.parts)}")
        self.ratios_ = [clone(base).from_state(learned.part(str(k))) for k in range(n)]
        for ratio in self.ratios_:
            if ratio._row_shape != self._row_shape:
                raise FileError(f"ratios_ must be of rows of shape {self._row_shape}, got {ratio._row_shape}")


def _shuffled(rows: np.ndarray, rng: np.random.Generator, n_other: int) -> np.ndarray:
    """The rows in random order, repeated up to the size of the other sample if that is larger."""
    order = rng.permutation(max(len(rows), n_other)) % len(rows)
    return rows[order]
