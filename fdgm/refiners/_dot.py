"""Discriminator optimal transport: one proximal step."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from .._literals import DataRange, SpaceName
from .._sklearn import Interval
from ..flows import proximal_step
from ._leg import Leg
from ._points import Space, Step
from ._transformer import RowMover

__all__ = ["DOTRefiner"]


class DOTRefiner(RowMover):
    """Refiner that moves each sample once, by a backward-Euler step of the KL flow. It is a baseline for DGflow.

    The step is arg min of −T(u) + ‖u − u₀‖²/(2λ), where u is a sample or the latents that made it. Adam searches for
    the minimum, over samples in their range or over latents in the support of their prior.

    Parameters
    ----------
    generator : object or None, default=None
        The generator to refine:

        - a sampler or an AGEBidirectional, with its own critic;
        - any other estimator or object with ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity;
        - a zuko flow;
        - a :class:`LatentGenerator`: a PyTorch module with the distribution of its latents.

        `fit` copies a fitted generator in its present state, and `clone` keeps it. An unfitted estimator is cloned and
        fitted on X. None refines the samples given as `X_generated` or, without them, a VGrowSampler.
    space : {"auto", "data", "latent"}, default="auto"
        The space where points move. ``"auto"`` is the latent space if the generator is a differentiable map from
        latents, and otherwise the data space.
    step_size : float, default=1.0
        λ, in squared standard deviations per unit of T. A greater λ lets points move farther.
    n_steps : int, default=100
        Number of Adam updates in the search. 0 refines nothing.
    lr : float, default=0.01
        Learning rate of Adam.
    betas : tuple of two floats in [0, 1), default=(0.0, 0.9)
        Decay rates of Adam's moments.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        Estimator of T = log p_data/p_model:

        - ``"auto"``: a sampler's own critic. With any other generator, a LogisticRatio of three layers of 128 units.
        - A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio: it is fitted on X against generated samples.
        - A fitted sampler: its critic is used. A :class:`CorrectedRatio` of a sampler corrects that critic.
        - A callable: it maps a tensor of rows in X's units to log-ratios. Any PyTorch critic will do, also one trained
          for the Wasserstein distance.
    data_range : (float, float), None or "auto", default="auto"
        Smallest and largest value of X, in its units. Samples are clamped to it after each step and at the end.
        ``"auto"`` is the generator's own range, which may differ by column. If the generator has none and X has more
        than two axes, it is the range of X. None clamps nothing.
    n_jobs : int or None, default=None
        Number of processes for chunks of 1,024 rows, by joblib. It does not change the results' bits. Each chunk runs
        on one thread.
    device : str, default="auto"
        ``"auto"`` is a GPU if there is one. A sampler stays on the device that it was trained on.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    generator_ : object or None
        The fitted generator that is refined.
    ratio_ : object
        The fitted estimator of the log-ratio.
    space_ : {"data", "latent"}
    history_ : DataFrame of shape (2, 5)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before and after the
        proximal step. All `n_steps` of Adam solve that one step. If `n_steps` is 0, only the first row.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Tanaka, "Discriminator Optimal Transport", NeurIPS 2019, section 4; Ansari, Ang and Soh, ICLR 2021, section 4 and
    appendix D.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm.refiners import DOTRefiner
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> DOTRefiner(GaussianMixture(), n_steps=5, ratio="kliep", random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowMover._mover_constraints,
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "betas": [list, tuple],
    }

    def __init__(
        self,
        generator: Any = None,
        *,
        space: SpaceName = "auto",
        step_size: float = 1.0,
        n_steps: int = 100,
        lr: float = 0.01,
        betas: tuple[float, float] = (0.0, 0.9),
        ratio: Any = "auto",
        data_range: DataRange = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.space = space
        self.step_size = step_size
        self.n_steps = n_steps
        self.lr = lr
        self.betas = betas
        self.ratio = ratio
        self.data_range = data_range
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    def _legs(self) -> list[Leg]:
        return [Leg(1, self._params.step_size, space=self.space_)] if self._params.n_steps else []

    def _follow(self, array: np.ndarray) -> None:
        self._checked_betas()

    def _step(self, leg: Leg, space: Space, source: torch.Generator) -> Step:
        betas = self._checked_betas()

        def nearest(points: Tensor) -> Tensor:
            if space.prior is not None:
                return space.prior.nearest(points)
            return points if self._clamp is None else points.clamp(*self._clamp)

        def step(points: Tensor) -> Tensor:
            return proximal_step(
                space.log_ratio,
                points,
                leg.step_size,
                n_iter=self._params.n_steps,
                lr=self._params.lr,
                betas=betas,
                nearest=nearest,
            )

        return step

    def _checked_betas(self) -> tuple[float, float]:
        try:
            first, second = (float(beta) for beta in self._params.betas)
        except (TypeError, ValueError):
            first = second = -1.0
        if not (0 <= first < 1 and 0 <= second < 1):
            raise ValueError(f"betas of DOTRefiner must be two floats in [0, 1), got {self._params.betas!r}.")
        return first, second
