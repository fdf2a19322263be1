"""MH-GAN: chains of samples by the Metropolis–Hastings rule."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from .._literals import Calibration
from .._sklearn import Interval
from ._selector import CANDIDATES, Selector

__all__ = ["MetropolisHastingsRefiner"]


class MetropolisHastingsRefiner(Selector):
    """Refiner that draws the last sample of a Markov chain. It is a baseline for DGflow, and moves no sample.

    A chain starts at a held-out real row x. A fresh sample x' replaces x with probability min(1, e^{T(x') − T(x)}),
    `n_steps` times. A real row is no sample of the model, so a chain that never left it starts again from its first
    proposal.

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
    n_steps : int in [1, 4096], default=640
        Number of proposals in one chain: the generator's samples for each sample that is returned.
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
    `refine` uses the rows of X as proposals, `n_steps` for each row that it returns.

    References
    ----------
    Turner et al., "Metropolis–Hastings Generative Adversarial Networks", ICML 2019, section 3 and algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm.refiners import MetropolisHastingsRefiner
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> refiner = MetropolisHastingsRefiner(GaussianMixture(), n_steps=50, ratio="kliep", random_state=0).fit(X)
    >>> refiner.sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Selector._selector_constraints,
        "n_steps": [Interval(Integral, 1, CANDIDATES, closed="both")],
    }

    def __init__(
        self,
        generator: Any = None,
        *,
        n_steps: int = 640,
        ratio: Any = "auto",
        calibration: Calibration | None = "sigmoid",
        validation_fraction: float = 0.2,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.n_steps = n_steps
        self.ratio = ratio
        self.calibration = calibration
        self.validation_fraction = validation_fraction
        self.device = device
        self.random_state = random_state

    def _select(self, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n_chains = len(t) // self._params.n_steps
        proposals = t[: n_chains * self._params.n_steps].reshape(n_chains, self._params.n_steps)
        start = rng.choice(self._held_out_t, n_chains)
        last = _chains(start, proposals, np.full(n_chains, -1), rng)
        stuck = np.flatnonzero(last < 0)
        first = proposals[stuck, 0]
        last[stuck] = _chains(first, proposals[stuck], np.zeros(len(stuck), dtype=last.dtype), rng)
        return np.arange(n_chains) * self._params.n_steps + last


def _chains(t: np.ndarray, proposals: np.ndarray, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ends (n,) of chains with log-ratios (n, n_steps): the index of a proposal, or of `at` if none was taken."""
    t, at = t.copy(), at.copy()
    for k in range(proposals.shape[1]):
        taken = np.log1p(-rng.random(len(t))) < proposals[:, k] - t
        t[taken], at[taken] = proposals[taken, k], k
    return at
