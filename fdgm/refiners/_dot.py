"""Discriminator optimal transport: one proximal step."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor

from ..flows import proximal_step
from ._moving import Space, Step
from ._row_mover import RowMover

__all__ = ["DOTRefiner"]


class DOTRefiner(RowMover):
    """Refiner that moves each sample once, by a backward-Euler step of the KL flow: DGflow's rival.

    The step is arg min of −T(u) + ‖u − u₀‖²/(2λ), with u a sample or the latents that made it; Adam looks for it. The
    minimum is over samples in their range, and over latents in the support of their prior.

    Parameters
    ----------
    generator : object or None, default=None
        What is refined. A sampler or an AGEBidirectional, with its own critic; any other estimator or object with
        ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity; a zuko flow; or a
        :class:`LatentGenerator`, a PyTorch module with the law of its latents. What is fitted already
        is copied at `fit`, as it stands, and kept by `clone`; an estimator that is not is cloned and fitted on X. None
        refines the rows given as `X_generated`, and without them a VGrowSampler.
    space : {"auto", "data", "latent"}, default="auto"
        Where points move. ``"auto"`` is among latents where the generator is a differentiable map from them, and
        among samples otherwise.
    step_size : float, default=1.0
        λ, in standard deviations squared over units of T: the greater, the farther a point may go.
    n_steps : int, default=100
        Updates of Adam in the search; 0 refines nothing.
    lr : float, default=0.01
        Of Adam.
    betas : tuple of two floats in [0, 1), default=(0.0, 0.9)
        Of Adam.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        What estimates T = log p_data/p_model. ``"auto"`` is a sampler's own critic, and with any other generator
        a LogisticRatio of three layers of 128 units. A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio is
        fitted on X against generated rows. A fitted sampler lends its critic; a :class:`CorrectedRatio` of one corrects
        it. A callable takes a tensor of rows in X's units and gives log-ratios: any PyTorch critic, also one trained to
        the Wasserstein distance.
    data_range : (float, float), None or "auto", default="auto"
        Least and greatest value of X, in its units, to which rows are clamped after each step and as they leave.
        ``"auto"`` is the generator's own, of each column where that has several, or X's where X has more than two
        axes. None clamps nothing.
    n_jobs : int or None, default=None
        Processes that chunks of 1,024 rows are spread over, by joblib, to the same bits. Each chunk runs on one
        thread.
    device : str, default="auto"
        ``"auto"`` is a GPU where there is one. A sampler stays where it was trained.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    generator_ : object or None
        What is refined, fitted.
    ratio_ : object
        What gives the log-ratio, fitted.
    space_ : {"data", "latent"}
    history_ : DataFrame of shape (2, 2)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the proximal
        step, which all `n_steps` of Adam solve, and after it; the first row alone where `n_steps` is 0.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had column names.

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
        space: str = "auto",
        step_size: float = 1.0,
        n_steps: int = 100,
        lr: float = 0.01,
        betas: tuple[float, float] = (0.0, 0.9),
        ratio: Any = "auto",
        data_range: tuple[float, float] | str | None = "auto",
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

    @property
    def _n_moves(self) -> int:
        return int(self._params.n_steps > 0)

    def _follow(self, array: np.ndarray) -> None:
        self._checked_betas()

    def _step(self, space: Space, source: torch.Generator) -> Step:
        betas = self._checked_betas()

        def nearest(points: Tensor) -> Tensor:
            if space.prior is not None:
                return space.prior.nearest(points)
            return points if self._clamp is None else points.clamp(*self._clamp)

        def step(points: Tensor) -> Tensor:
            return proximal_step(
                space.log_ratio,
                points,
                self._params.step_size,
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
