"""DGflow: samples that go on along the gradient flow of an f-divergence."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor

from ..divergences import Divergence, Scaling
from ..flows import euler_maruyama_step, velocity
from ..metrics import energy_distance
from ..ratios import DensityRatio, with_gradient
from ._mover import Space, Step
from ._row_mover import RowMover
from ._split import held_out_rows

__all__ = ["DGflowRefiner"]

_POPULATION = 5000  # samples at most that are followed in `fit`
_HELD_OUT = 2000  # rows at most that a stop is sought with, some 60 ms a comparison
_TRIED = 20  # numbers of steps that are compared, about
_FOLLOW_KEY = 30  # a stream of the fit's own seed


class DGflowRefiner(RowMover):
    """Refiner that moves samples along the gradient flow of D_f(model‖data) and of entropy.

    The order of the arguments is the one that the paper's formulas mean: ``divergence="kl"`` minimises
    KL(model‖data), which seeks modes; ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Each of `n_steps` steps is u ← u + η weight_f(−T) ∇T + √(2ηγ) ξ, with u a sample or the latents that made it.

    Parameters
    ----------
    generator : object or None, default=None
        What is refined. A sampler of this package, with its own critic; any other estimator or object with
        ``sample(n)``, such as scikit-learn's GaussianMixture and KernelDensity; a zuko flow; or a
        :class:`LatentGenerator`, a PyTorch module with the law of its latents. What is fitted already is kept, also by
        `clone`; an estimator that is not is cloned and fitted on X. None refines the rows given as `X_generated`, and
        without them a VGrowSampler.
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (weights of one), or an instance.
    space : {"auto", "data", "latent"}, default="auto"
        Where points move. ``"auto"`` is among latents where the generator is a differentiable map from them, and
        among samples otherwise.
    step_size : float, default=0.01
        η, in standard deviations squared over units of T: of the data among samples, of the prior among latents.
    n_steps : int, default=100
        Steps; 0 refines nothing.
    noise : float, default=0.0
        γ, the weight of entropy. Samples of `sample` and `refine` are spread by it; at 0 the flow is deterministic.
        Without `refresh` the ratio stays as it was before refinement, so that with long flows the law comes near
        e^{T/γ}, in which the generator has no part.
    scale_clip : float in (0, 1] or None, default=None
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken; None clamps nothing.
    stop : {"auto"} or None, default=None
        ``"auto"`` ends the flow at the step, of about 20 that are tried, where fresh samples have the least energy
        distance from rows kept out of the ratio's training; not to move them at all is one of the 20.
    validation_fraction : float in (0, 1), default=0.2
        Share of X that is held out, up to 2,000 rows of it; without `stop` none are.
    refresh : int or None, default=None
        Steps after which the ratio is estimated anew, from X and samples as they then are, so that a long flow does
        not run on a stale one. It needs a density-ratio estimator as `ratio`, which is then fitted in `fit` once for
        each stage. None keeps the ratio as it was at first.
    ratio : str, DensityRatio, Sampler or callable, default="auto"
        What estimates T = log p_data/p_model. ``"auto"`` is a sampler's own critic, and ``"kliep"`` with any other
        generator. A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio is fitted on X against generated
        rows. A fitted sampler lends its critic. A callable takes a tensor of rows in X's units and gives log-ratios:
        any PyTorch critic, also one trained to the Wasserstein distance.
    data_range : (float, float), None or "auto", default="auto"
        Least and greatest value of X, in its units, to which rows are clamped after each step. ``"auto"`` is the
        generator's own, or X's where X has more than two axes; None clamps nothing.
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
    n_steps_ : int
        Steps that are taken: `n_steps`, or fewer with `stop`.
    held_out_distance_ : Series of float
        With `stop`, the energy distance after each number of steps that was tried, in scaled units.
    history_ : DataFrame of shape (n_steps + 1, 2)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the first
        step and after each.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had column names.

    References
    ----------
    Ansari, Ang and Soh, "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 3,
    algorithm 1 and, for Wasserstein critics, appendix B.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm import DGflowRefiner
    >>> X = np.random.default_rng(0).normal(size=(200, 2)) ** 2
    >>> refiner = DGflowRefiner(GaussianMixture(random_state=0), n_steps=5, random_state=0).fit(X)
    >>> refiner.sample(3).shape
    (3, 2)
    """

    n_steps_: int
    held_out_distance_: pd.Series

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowMover._mover_constraints,
        "divergence": [str, Divergence],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "stop": [StrOptions({"auto"}), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "refresh": [Interval(Integral, 1, None, closed="left"), None],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), None],
    }

    def __init__(
        self,
        generator: Any = None,
        divergence: str | Divergence = "kl",
        *,
        space: str = "auto",
        step_size: float = 0.01,
        n_steps: int = 100,
        noise: float = 0.0,
        scale_clip: float | None = None,
        stop: str | None = None,
        validation_fraction: float = 0.2,
        refresh: int | None = None,
        ratio: Any = "auto",
        data_range: tuple[float, float] | str | None = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.generator = generator
        self.divergence = divergence
        self.space = space
        self.step_size = step_size
        self.n_steps = n_steps
        self.noise = noise
        self.scale_clip = scale_clip
        self.stop = stop
        self.validation_fraction = validation_fraction
        self.refresh = refresh
        self.ratio = ratio
        self.data_range = data_range
        self.n_jobs = n_jobs
        self.device = device
        self.random_state = random_state

    @property
    def _n_moves(self) -> int:
        return self.n_steps_

    @property
    def _stage_length(self) -> int:
        return super()._stage_length if self.refresh is None else self.refresh

    def _step(self, space: Space, source: torch.Generator) -> Step:
        scaling = Scaling.make(self.divergence, self.scale_clip)

        def step(points: Tensor) -> Tensor:
            direction, _ = velocity(space.log_ratio, points, scaling)
            return euler_maruyama_step(points, direction, self.step_size, self.noise, source)

        return step

    def _training_rows(self, array: np.ndarray) -> np.ndarray:
        if self.stop is None:
            return array
        kept = ~held_out_rows(len(array), self.validation_fraction, self._entropy)
        return array[kept] if kept.sum() > 1 else array

    def _follow(self, array: np.ndarray) -> None:
        """Move a population as samples will be moved, estimate the ratio anew on it, and see where to stop."""
        self.n_steps_, self.held_out_distance_ = self.n_steps, pd.Series(dtype=float, name="held_out_distance")
        if self.refresh is not None and not isinstance(self.ratio_, DensityRatio):
            raise ValueError(
                f"ratio of {type(self).__name__} must be one of {with_gradient()} or a DensityRatio for refresh to"
                f" estimate it anew, got {self.ratio!r}."
            )
        if self.stop is None and self.refresh is None:
            return
        real = self._scaler.to_tensor(self._training_rows(array)).numpy()
        held_out = array[held_out_rows(len(array), self.validation_fraction, self._entropy)][:_HELD_OUT]
        compared = self._scaler.to_tensor(held_out).numpy()
        points, spaces, source = self._fresh(min(len(array), _POPULATION), (self._entropy, _FOLLOW_KEY))
        alive = torch.ones(len(points), dtype=torch.bool, device=points.device)
        distances: dict[int, float] = {}
        space, every = spaces[0], max(1, self.n_steps // _TRIED)
        step = self._step(space, source)
        for k in range(self.n_steps + 1):
            rows = self._rows_of(points, space).cpu().numpy()
            if self.stop is not None and (k % every == 0 or k == self.n_steps):
                distances[k] = energy_distance(compared, rows[:_HELD_OUT])
            if k == self.n_steps:
                break
            if self.refresh is not None and k and k % self.refresh == 0:
                self._stages.append(clone(self.ratio_).fit(real, rows))
                space = self._spaces(self.space_ == "latent")[-1]
                step = self._step(space, source)
            points, alive = self._advance(points, alive, step, space)
        if distances:
            self.held_out_distance_ = pd.Series(distances, name="held_out_distance")
            self.n_steps_ = min(distances, key=distances.__getitem__)

    def _learned(self) -> dict[str, Any]:
        distances = self.held_out_distance_
        followed = {"n_steps": self.n_steps_, "tried": list(map(int, distances.index)), "distances": list(distances)}
        return {**super()._learned(), **followed}

    def _set_learned(self, values: dict[str, Any]) -> None:
        super()._set_learned(values)
        self.n_steps_ = values["n_steps"]
        self.held_out_distance_ = pd.Series(
            values["distances"], index=values["tried"], name="held_out_distance", dtype=float
        )
