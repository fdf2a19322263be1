"""Sampling by importance: one of several candidates, drawn in proportion to the density ratio."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from .._literals import Calibration
from .._sklearn import Interval
from ._selector import CANDIDATES, Selector

__all__ = ["ImportanceRefiner"]


class ImportanceRefiner(Selector):
    """Refiner that draws each sample from a group of candidates, with probabilities proportional to e^T.

    This is sampling by importance and resampling. As groups grow, the distribution of the samples approaches that of
    the data, as far as T is right. No candidate is returned twice. The ratio needs no gradient.

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
    n_candidates : int in [1, 4096], default=32
        Number of candidates in a group: the generator's samples for each sample that is returned.
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

    Notes
    -----
    `refine` uses the rows of X as candidates, `n_candidates` for each row that it returns.

    References
    ----------
    Rubin, "The calculation of posterior distributions by data augmentation: Comment", Journal of the American
    Statistical Association 82, 1987; Grover et al., "Bias Correction of Learned Generative Models using
    Likelihood-Free Importance Weighting", NeurIPS 2019, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm.ratios import ClassifierRatio
    >>> from fdgm.refiners import ImportanceRefiner
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> ImportanceRefiner(GaussianMixture(), ratio=ClassifierRatio(), random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Selector._selector_constraints,
        "n_candidates": [Interval(Integral, 1, CANDIDATES, closed="both")],
    }

    def __init__(
        self,
        generator: Any = None,
        *,
        n_candidates: int = 32,
        ratio: Any = "auto",
        calibration: Calibration | None = "sigmoid",
        validation_fraction: float = 0.2,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.n_candidates = n_candidates
        self.ratio = ratio
        self.calibration = calibration
        self.validation_fraction = validation_fraction
        self.device = device
        self.random_state = random_state

    def _select(self, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        size = self._params.n_candidates
        n_groups = len(t) // size
        groups = t[: n_groups * size].reshape(n_groups, size)
        # The greatest of log-weights with Gumbel noise is a draw in proportion to the weights.
        drawn = np.argmax(groups + rng.gumbel(size=groups.shape), axis=1)
        return np.arange(n_groups) * size + drawn
