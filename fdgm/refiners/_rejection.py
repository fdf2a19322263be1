"""Discriminator rejection sampling."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit

from .._literals import Auto, Calibration
from .._sklearn import Interval, StrOptions
from ..training import check_idle
from ._selector import Selector

__all__ = ["RejectionRefiner"]

_OVERSAMPLING = 10.0


class RejectionRefiner(Selector):
    """Refiner that accepts samples with a probability that grows with T. It is a baseline for DGflow, and moves none.

    The probability is σ(F − γ) with F = T − M − log(1 − e^{T − M − ε}). M is the greatest T of 5,000 samples in `fit`.
    At γ = 0 the probability is r(x) / max r, with r the density ratio. Accepted samples then follow the data's
    distribution, as far as T is right.

    Parameters
    ----------
    generator : object or None, default=None
        The generator to refine:

        - a sampler or an AGEBidirectional, with its own critic;
        - any other estimator or object with ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity;
        - a zuko flow;
        - a :class:`LatentGenerator`: a PyTorch module with the distribution of its latents.

        `fit` copies a fitted generator in its present state, and `clone` keeps it. An unfitted estimator is cloned and
        fitted on X. None refines the samples given as `X_generated` or, without them, a VGrowSampler, or a TreeSampler
        of a table with categories, dates or missing values.
    gamma : float, default=0.0
        γ. A value below 0 accepts more samples, a value above 0 fewer.
    epsilon : float, at least 0, default=1e-8
        ε, which keeps F finite at the greatest T.
    oversampling : float, None or "auto", default="auto"
        The probability is min(1, r/c) in place of σ(F − γ), with the greatest c that at most so many of the generator's
        samples are needed for one that is accepted. Ratios beyond c count as c. At least 1; `gamma` and `epsilon` must
        be left alone. None is σ(F − γ). ``"auto"`` is 10 where T comes from boosted trees, and otherwise None.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        Estimator of T = log p_data/p_model:

        - ``"auto"``: a sampler's own critic. With any other generator, a LogisticRatio of three layers of 128 units.
          For a table with categories, dates or missing values, a ClassifierRatio of boosted trees.
        - ``"boosted"``: a ClassifierRatio of boosted trees, fitted on three generated samples for each row.
        - A name of ``fdgm.available("density_ratio")`` or a DensityRatio: it is fitted on X against generated samples.
        - A fitted sampler: its critic is used. A :class:`CorrectedRatio` of a sampler corrects that critic.
        - A callable: it maps a tensor of rows in X's units to log-ratios. Any PyTorch critic will do, also one trained
          for the Wasserstein distance.
    calibration : {"sigmoid", "isotonic"} or None, default="sigmoid"
        Calibration of T on held-out rows: ``"sigmoid"`` is logistic regression on T, ``"isotonic"`` is isotonic
        regression. None does not calibrate.
    validation_fraction : float in (0, 1), default=0.2
        Fraction of X that calibration uses. A density ratio is fitted on the rest. A critic that was trained elsewhere
        should not have seen X.
    device : str, default="auto"
        ``"auto"`` is a GPU if there is one. A sampler stays on the device that it was trained on.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    generator_ : object or None
        The fitted generator that is refined.
    ratio_ : object
        The fitted estimator of the log-ratio.
    effective_sample_size_ : float
        (Σ w)² / n Σ w² of the weights e^T of n = 5,000 fresh samples of the generator.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Azadi et al., "Discriminator Rejection Sampling", ICLR 2019, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm.refiners import RejectionRefiner
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> RejectionRefiner(GaussianMixture(), ratio="kliep", random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Selector._selector_constraints,
        "gamma": [Interval(Real, None, None, closed="neither")],
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "oversampling": [Interval(Real, 1, None, closed="left"), StrOptions({"auto"}), None],
    }

    def __init__(
        self,
        generator: Any = None,
        *,
        gamma: float = 0.0,
        epsilon: float = 1e-8,
        oversampling: float | Auto | None = "auto",
        ratio: Any = "auto",
        calibration: Calibration | None = "sigmoid",
        validation_fraction: float = 0.2,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.gamma = gamma
        self.epsilon = epsilon
        self.oversampling = oversampling
        self.ratio = ratio
        self.calibration = calibration
        self.validation_fraction = validation_fraction
        self.device = device
        self.random_state = random_state

    @property
    def _oversampling(self) -> float | None:
        """Candidates for an accepted one, at most. None is the published rule."""
        given = self._params.oversampling
        return (_OVERSAMPLING if self._is_boosted else None) if given == "auto" else given

    def _prepare(self, array: np.ndarray) -> None:
        if self._oversampling is not None:
            check_idle(self, ("gamma", "epsilon"), f"with oversampling={self.oversampling!r} in place of both")
        super()._prepare(array)

    def _select(self, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self._oversampling is not None:
            log_c = _largest(self._generated_t, self._oversampling)
            return np.flatnonzero(rng.random(len(t)) < np.exp(np.minimum(t - log_c, 0.0)))
        below = np.minimum(t - self._generated_t.max(), 0.0)
        with np.errstate(divide="ignore"):  # at the greatest T and ε = 0, F is infinite and the probability 1
            F = below - np.log(-np.expm1(below - self._params.epsilon))
        return np.flatnonzero(rng.random(len(t)) < expit(F - self._params.gamma))


def _largest(t: np.ndarray, oversampling: float) -> float:
    """The greatest log c up to max T with which min(1, e^T/c) accepts one of `oversampling` samples with these T (n,).

    With k samples cut at 1 and the others summing to s, c is s over what is left of n/oversampling past k.
    """
    ordered = np.sort(t)[::-1]
    below = np.logaddexp.accumulate(ordered[::-1])[::-1]  # log of the sum of the weights from the k-th on
    wanted = len(t) / oversampling - np.arange(len(t))
    with np.errstate(invalid="ignore", divide="ignore"):
        log_c = np.where(wanted > 0, below - np.log(wanted), np.inf)
    return float(min(ordered[0], log_c[int(np.argmax(ordered <= log_c))]))
