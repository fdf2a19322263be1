"""MH-GAN: chains of samples, by Metropolis and Hastings' rule."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from ._selector import CANDIDATES, Selector

__all__ = ["MetropolisHastingsRefiner"]


class MetropolisHastingsRefiner(Selector):
    """Refiner that draws the last of a chain of samples: DGflow's rival, which moves nothing.

    A chain starts at a held-out real row x; a fresh sample x' takes its place with chance min(1, e^{T(x') − T(x)}),
    `n_steps` times. A chain that never left its real row, which is no sample of the model, starts again from the
    first of its proposals.

    Parameters
    ----------
    generator : object or None, default=None
        What is refined. A sampler or an AGEBidirectional, with its own critic; any other estimator or object with
        ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity; a zuko flow; or a
        :class:`LatentGenerator`, a PyTorch module with the law of its latents. What is fitted already
        is copied at `fit`, as it stands, and kept by `clone`; an estimator that is not is cloned and fitted on X. None
        refines the rows given as `X_generated`, and without them a VGrowSampler.
    n_steps : int in [1, 4096], default=640
        Proposals of one chain, and so samples of the generator for each that is returned.
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

    Notes
    -----
    `refine` takes the rows of X as proposals, `n_steps` for each row that it returns.

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
        calibration: str | None = "sigmoid",
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
    """Where chains (n,) end: the index of a proposal, of log-ratios (n, n_steps), or of `at` where none was taken."""
    t, at = t.copy(), at.copy()
    for k in range(proposals.shape[1]):
        taken = np.log1p(-rng.random(len(t))) < proposals[:, k] - t
        t[taken], at[taken] = proposals[taken, k], k
    return at
