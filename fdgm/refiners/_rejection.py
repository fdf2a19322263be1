"""Discriminator rejection sampling."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.utils._param_validation import Interval

from ._selector import Selector

__all__ = ["RejectionRefiner"]


class RejectionRefiner(Selector):
    """Refiner that accepts each sample with a chance that grows with T: DGflow's rival, which moves nothing.

    The chance is σ(F − γ), F = T − M − log(1 − e^{T − M − ε}), with M the greatest T of 5,000 samples in `fit`. At
    γ = 0 it is the density ratio over its greatest value, so that what is accepted has the data's law as far as T is
    right.

    Parameters
    ----------
    generator : object or None, default=None
        What is refined. A sampler or an AGEBidirectional, with its own critic; any other estimator or object with
        ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity; a zuko flow; or a
        :class:`LatentGenerator`, a PyTorch module with the law of its latents. What is fitted already
        is copied at `fit`, as it stands, and kept by `clone`; an estimator that is not is cloned and fitted on X. None
        refines the rows given as `X_generated`, and without them a VGrowSampler.
    gamma : float, default=0.0
        γ: below 0 more samples are accepted, and above 0 fewer.
    epsilon : float, at least 0, default=1e-8
        ε, which keeps F finite at the greatest T.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        What estimates T = log p_data/p_model. ``"auto"`` is a sampler's own critic, and with any other generator
        a LogisticRatio of three layers of 128 units. A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio is
        fitted on X against generated rows. A fitted sampler lends its critic; a :class:`CorrectedRatio` of one corrects
        it. A callable takes a tensor of rows in X's units and gives log-ratios: any PyTorch critic, also one trained to
        the Wasserstein distance.
    calibration : {"sigmoid", "isotonic"} or None, default="sigmoid"
        How T is made a log-ratio on held-out rows: by logistic regression on it, by isotonic regression, or not.
    validation_fraction : float in (0, 1), default=0.2
        Share of X that calibration is done on. A density ratio is fitted on the rest; a critic that was trained
        elsewhere should not have seen X.
    device : str, default="auto"
        ``"auto"`` is a GPU where there is one. A sampler stays where it was trained.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    generator_ : object or None
        What is refined, fitted.
    ratio_ : object
        What gives the log-ratio, fitted.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had column names.

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
    }

    def __init__(
        self,
        generator: Any = None,
        *,
        gamma: float = 0.0,
        epsilon: float = 1e-8,
        ratio: Any = "auto",
        calibration: str | None = "sigmoid",
        validation_fraction: float = 0.2,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.gamma = gamma
        self.epsilon = epsilon
        self.ratio = ratio
        self.calibration = calibration
        self.validation_fraction = validation_fraction
        self.device = device
        self.random_state = random_state

    def _select(self, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        below = np.minimum(t - self._generated_t.max(), 0.0)
        with np.errstate(divide="ignore"):  # at the greatest T and ε = 0, F is infinite and the chance 1
            F = below - np.log(-np.expm1(below - self._params.epsilon))
        return np.flatnonzero(rng.random(len(t)) < expit(F - self._params.gamma))
