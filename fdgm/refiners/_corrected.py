"""The density-ratio corrector: it turns another model's critic into the log-ratio of the refined model."""

import copy
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import Tensor

from ..inputs import Scaler, columns_of, entropy_of, int_seed, with_seed
from ..options import Adam
from ..persistence import Count, Savable, State
from ..ratios import DensityRatio, LogisticRatio
from ..samplers import Sampler
from ._critic import finetune, warm_start
from ._generators import is_fitted, kept
from ._ordering import column_order, of_ordered

__all__ = ["CorrectedRatio"]

_LR = 0.001  # the critic has learned before; a new critic's learning rate would undo that


class CorrectedRatio(DensityRatio):
    """Estimate log p_data/p_model for a model without a critic, from another model's critic and a corrector.

    The log-ratio is d_φ + d_λ:

    - d_φ is the critic of the `source`, a sampler that was trained on the same data. It estimates
      log p_data/p_source.
    - d_λ is the corrector. It starts from d_φ's weights and learns to tell the source's samples (label 1) from the
      model's (label 0). It estimates log p_source/p_model.

    Two steps between closer distributions are easier to estimate than one large step.

    Use it as the `ratio` of a refiner: ``DGflowRefiner(model, ratio=CorrectedRatio(sampler))``.

    Parameters
    ----------
    source : VGrowSampler or GANSampler
        A sampler fitted on the refiner's data. `fit` copies it, and `clone` keeps it. If its critic's output is no
        log-ratio but stands in for one, as a Wasserstein critic's does, so does d_φ.
    corrector : LogisticRatio or None, default=None
        Training settings of the corrector. Its `critic`, `architecture`, `precision` and `device` are the source's.
        None is ``LogisticRatio(optimizer=Adam(0.001))``.

    Attributes
    ----------
    corrector_ : LogisticRatio
        The fitted corrector. Its ``history_`` records the training.
    log_ratio_p_ : ndarray of shape (n_p,)
        log p_data/p_model at the rows of the last fitted X_p.
    log_ratio_q_ : ndarray of shape (n_q,)
        The same at the rows of X_q.
    n_features_in_ : int

    Notes
    -----
    `fit(X_p, X_q)` takes data and the model's samples, like every density ratio. The corrector is trained on X_q and
    on as many samples of the source. The data only serve to check the shape. Rows are in the units of the data that
    the source was fitted on.

    References
    ----------
    Ansari, Ang and Soh, "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 3.2,
    equation 13, and appendix D.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm import DGflowRefiner, VGrowSampler
    >>> from fdgm.ratios import LogisticRatio
    >>> from fdgm.refiners import CorrectedRatio
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> sampler = VGrowSampler(max_iter=2, random_state=0).fit(X)
    >>> ratio = CorrectedRatio(sampler, LogisticRatio(max_iter=2))
    >>> DGflowRefiner(GaussianMixture(random_state=0), ratio=ratio, n_steps=5, random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "source": [object],
        "corrector": [LogisticRatio, None],
        "random_state": ["random_state", np.random.Generator],
    }

    _held = ("source",)
    _apart: ClassVar = ("corrector_", "source_")
    _learned: ClassVar = {"_n_updates": Count()}

    source_: Sampler
    corrector_: Any

    def __init__(self, source: Any, corrector: LogisticRatio | None = None, *, random_state: Any = None) -> None:
        self.source = source
        self.corrector = corrector
        self.random_state = random_state

    @property
    def scale_invariant(self) -> bool:
        return False  # the source has units

    def __sklearn_clone__(self) -> Self:
        """As scikit-learn's clone, except that the source is kept, which clone would unfit."""
        return type(self)(self.source, clone(self.corrector, safe=False), random_state=self.random_state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy with its own corrector and the same source, which nothing changes."""
        made = copy.copy(self)
        for name, value in vars(self).items():
            if name not in ("source", "source_"):
                setattr(made, name, copy.deepcopy(value, memo))
        return made

    def _fit(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        self.source_ = kept("source of CorrectedRatio", self._checked_source(X_q.shape[1:]))
        seed = self._seed(0)
        corrector = with_seed(self._fresh_corrector(self.source_), seed)
        # A constant one has nothing to correct, which is no matter: the whole ratio may still tell the samples apart.
        self.corrector_ = corrector._fit_silently(self._source_rows(len(X_q), seed), X_q)
        self._n_updates = 0

    def _update(self, X_p: np.ndarray, X_q: np.ndarray) -> None:
        self._n_updates += 1
        self.corrector_ = finetune(self.corrector_, self._source_rows(len(X_q), self._seed(self._n_updates)), X_q)

    def _log_ratio_tensor(self, x: Tensor) -> Tensor:
        of_source = of_ordered(self.source_.log_ratio_tensor, self._source_order())
        return of_source(x) + self.corrector_.log_ratio_tensor(x)

    def _seed(self, key: int) -> int:
        """Seeds for each fit and update. Without a `random_state` they are fresh."""
        return int_seed(entropy_of(self.random_state), key)

    def _source_rows(self, n: int, seed: int) -> np.ndarray:
        rows, order = np.asarray(self.source_.sample(n, random_state=seed)), self._source_order()
        return rows if order is None else rows[:, order]

    def _source_order(self) -> np.ndarray | None:
        """The positions of the samples' columns among the source's."""
        return column_order("source of CorrectedRatio", self.source_, columns_of(self))

    def _checked_source(self, shape: tuple[int, ...]) -> Sampler:
        """The source, checked.

        Raises
        ------
        TypeError, NotFittedError, ValueError
            If it is no sampler of this package, is not fitted, or has rows of another shape.
        """
        source = self.source
        if not isinstance(source, Sampler):
            raise TypeError(
                f"source of CorrectedRatio must be a VGrowSampler or a GANSampler, fitted on the same data, got"
                f" {source!r}."
            )
        if not is_fitted(source):
            raise NotFittedError(
                f"source of CorrectedRatio must be fitted, got {source!r}, which is not; call its fit."
            )
        if source._record.shape != shape:
            raise ValueError(
                f"source of CorrectedRatio must make rows of the samples' shape {shape}, got one of rows of shape"
                f" {source._record.shape}."
            )
        return source

    def _fresh_corrector(self, source: Sampler) -> LogisticRatio:
        """The source's critic, for further training.

        Raises
        ------
        ValueError
            If the source's critic is not a network.
        """
        settings = LogisticRatio(optimizer=Adam(_LR)) if self.corrector is None else self.corrector
        identity = Scaler.identity(source._record.shape)
        made = warm_start("source of CorrectedRatio", source, identity, settings, columns_of(self))
        if made is None:
            raise ValueError(
                f"source of CorrectedRatio must have a network for its critic, for the corrector to begin from, got"
                f" {source!r}; fit it with ratio=None."
            )
        return made

    def to_state(self) -> State:
        """What was learned, without the source."""
        state = super().to_state()
        state.parts["learned"].parts["corrector"] = self.corrector_.to_state()
        return state

    def _take_learned(self, learned: State, sizes: dict[str, int]) -> None:
        super()._take_learned(learned, sizes)
        self.source_ = kept("source of CorrectedRatio", self._checked_source(self._row_shape))
        self.corrector_ = self._fresh_corrector(self.source_).from_state(learned.part("corrector"))

    def _held_estimators(self) -> dict[str, Savable]:
        return {"source": self.source_}
