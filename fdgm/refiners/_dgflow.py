"""DGflow: samples move along the gradient flow of an f-divergence."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .._sklearn import Interval, StrOptions
from ..divergences import Divergence, Scaling
from ..exceptions import FileError
from ..flows import differentiated, euler_maruyama_step, velocity
from ..inputs import with_seed
from ..metrics import energy_distance
from ..persistence import State, as_tensor
from ..ratios import DensityRatio
from ._critic import finetune
from ._ends import Ends
from ._points import Moving, Space, Step
from ._split import held_out_rows
from ._transformer import RowMover

__all__ = ["DGflowRefiner"]

_POPULATION = 5000  # most samples that `fit` follows
_HELD_OUT = 2000  # most held-out rows for choosing the stop, some 60 ms a comparison
_STALE = ", stale"  # suffix of a rule that keeps the first ratio
_RULES = ("same", "own", "same, stale", "own, stale")
_TRIED = 20  # most step counts that are compared, except 0
_FOLLOW_KEY, _SECOND_KEY, _JUDGES_KEY, _STAGE_KEY = range(30, 34)  # streams of the fit's own seed


class DGflowRefiner(RowMover):
    """Refiner that moves samples along the gradient flow of D_f(model‖data) and of entropy.

    The order of the arguments follows the paper's formulas: ``divergence="kl"`` minimises KL(model‖data), which seeks
    modes; ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Each of `n_steps` steps is u ← u + η weight_f(−T) ∇T + √(2ηγ) ξ. Here u is a sample, or the latents that made it.
    Samples are clamped to their range after each step. Latents of a bounded prior are reflected at its bounds.

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
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (weights of one), or an instance.
    space : {"auto", "data", "latent"}, default="auto"
        The space where points move. ``"auto"`` is the latent space if the generator is a differentiable map from
        latents, and otherwise the data space.
    step_size : float, default=0.01
        η, in squared standard deviations per unit of T. They are the data's in the data space, and the prior's in the
        latent space.
    n_steps : int, default=100
        Number of steps. 0 refines nothing.
    noise : float, default=0.0
        γ, the weight of entropy. It spreads the samples of `sample` and `refine`. At 0 the flow is deterministic.
        Without `refresh` the ratio stays that of the unrefined samples. The distribution after a long flow is then
        close to e^{T/γ}, which does not depend on the generator.
    scale_clip : float in (0, 1] or None, default=None
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken. None clamps nothing.
    stop : {"auto"} or None, default=None
        ``"auto"`` chooses by held-out rows when to end each sample's evolution. Neither the ratio nor a generator that
        is fitted here has seen those rows. It tries these rules:

        - ``"same"``: all samples take the same number of steps.
        - ``"own"``: a sample stops earlier, as soon as its T equals that of the held-out row of its rank.
        - With `refresh` also ``"same, stale"`` and ``"own, stale"``, which keep the first ratio.

        The rule and the step count (of 20 at most) with the lowest energy distance from the held-out rows to fresh
        samples are kept. A second set of samples, without part in that choice, checks it. If refinement takes them
        farther from the held-out rows, no step is taken at all.
    validation_fraction : float in (0, 1), default=0.2
        Fraction of X that is held out. Up to 2,000 of these rows are compared. Without `stop` none are held out.
    refresh : int or None, default=None
        Number of steps after which `fit` estimates the ratio anew, from X and the moved samples. A long flow then does
        not run on a stale ratio. Each estimate continues from the one before; a critic, also a sampler's own,
        continues from its weights. None keeps the first ratio. Combine it with ``stop="auto"``, which detects a
        `step_size` that is too large for the new estimates.
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
    n_steps_ : int
        Maximum number of steps: `n_steps`, or fewer with `stop`.
    ends_ : {"same", "own", "same, stale", "own, stale"}
        The rule in use: whether all samples take the same number of steps, or each may stop earlier.
    held_out_distance_ : DataFrame of shape (n_tried, n_rules)
        With `stop`, the energy distance in scaled units, by rule and by number of steps tried.
    history_ : DataFrame of shape (n_steps + 1, 2)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the first
        step and after each step.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

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
    >>> refiner = DGflowRefiner(GaussianMixture(), ratio="kliep", n_steps=5, random_state=0).fit(X)
    >>> refiner.sample(3).shape
    (3, 2)
    """

    n_steps_: int
    ends_: str
    held_out_distance_: pd.DataFrame
    _ends: list[Ends]

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
        return self._params.refresh if self._params.refresh is not None and self._stages else super()._stage_length

    def _step(self, space: Space, source: torch.Generator) -> Step:
        scaling = Scaling.make(self._params.divergence, self._params.scale_clip)
        ends = self._ends[space.stage] if self._ends else None
        end: Tensor | None = None

        def step(points: Tensor) -> Tensor:
            nonlocal end
            direction, t = velocity(differentiated(space.log_ratio), points, scaling)
            moved = euler_maruyama_step(points, direction, self._params.step_size, self._params.noise, source)
            if ends is None:
                return moved
            end = ends(t) if end is None else end
            return torch.where((t < end).view(-1, *[1] * (points.dim() - 1)), moved, points)

        return step

    def _held_out(self, n: int) -> np.ndarray:
        if self._params.stop is None:
            return super()._held_out(n)
        return held_out_rows(n, self._params.validation_fraction, self._entropy)

    def _follow(self, array: np.ndarray) -> None:
        """Move a population as samples will be moved, re-estimate the ratio on it, and choose where to stop."""
        self.n_steps_, self.ends_, self.held_out_distance_ = self._params.n_steps, "same", pd.DataFrame(dtype=float)
        self._ends = []
        Scaling.make(self._params.divergence, self._params.scale_clip)  # raises if there is none, as the next line does
        if self._params.refresh is not None:
            self._stage()
        if self._params.stop is not None:
            self._choose(array)
        elif self._params.refresh is not None:
            self._evolve(array, None)

    def _choose(self, array: np.ndarray) -> None:
        """Try the stopping rules, with `refresh` also with the first ratio. Keep the best."""
        order = np.random.default_rng(self._seed(_JUDGES_KEY)).permutation(np.flatnonzero(self._held_out(len(array))))
        judges = self._scaler.to_tensor(array[np.sort(order[:_HELD_OUT])])
        tried: dict[str, dict[int, float]] = {}
        found: dict[str, tuple[list[DensityRatio], list[Ends]]] = {}
        for suffix in ("",) if self._params.refresh is None else ("", _STALE):
            for ends in ("same", "own"):
                tried[ends + suffix] = self._evolve(array, judges, own=ends == "own", stale=suffix == _STALE)
                found[ends + suffix] = self._stages, self._ends
        self.held_out_distance_ = pd.DataFrame(tried)
        self.ends_ = min(tried, key=lambda rule: min(tried[rule].values()))
        self.n_steps_ = min(tried[self.ends_], key=tried[self.ends_].__getitem__)
        stages, row_ends = found[self.ends_]
        last = (self.n_steps_ - 1) // (self._params.refresh or self.n_steps_ or 1)  # the stage of the last step
        self._stages, self._ends = stages[: max(0, last)], row_ends[: last + 1]
        if self.n_steps_ and not self._betters(judges):
            self.n_steps_ = 0
        if not self.n_steps_:
            self.ends_, self._stages, self._ends = "same", [], []

    def _evolve(
        self, array: np.ndarray, judges: Tensor | None, *, own: bool = False, stale: bool = False
    ) -> dict[int, float]:
        """Move a population to the last step, with one ratio for each stage. Stop each row at its end, if it has one.

        Parameters
        ----------
        array : ndarray of shape (n_samples, *shape)
        judges : Tensor of shape (n_judges, *shape) or None
            Held-out rows, scaled.
        own : bool, default=False
            Whether each row stops where `Ends` says.
        stale : bool, default=False
            Whether to keep the first ratio.

        Returns
        -------
        distances : dict of int to float
            Distance from the judges after each number of steps that is tried. Empty without judges.
        """
        self._stages, self._ends = [], []
        refresh = None if stale else self._params.refresh
        real = self._scaler.to_tensor(self._training_rows(array)) if refresh is not None else None
        points, spaces, source = self._fresh(self._n_followed, (self._entropy, _FOLLOW_KEY))
        moving = Moving.begin(points)
        distances: dict[int, float] = {}
        # Denser at the beginning, where the ratio is not stale yet and a steep one needs few steps.
        tried = {0, *np.geomspace(1, max(1, self._params.n_steps), _TRIED).round().astype(int).tolist()}
        space, length = spaces[0], refresh or max(1, self._params.n_steps)
        for k in range(self._params.n_steps + 1):
            if judges is not None and k in tried:
                rows = self._rows_of(moving.first(_HELD_OUT), space)
                distances[k] = energy_distance(judges.numpy(), rows.cpu().numpy())
            if k == self._params.n_steps:
                break
            if k % length == 0:
                if k and real is not None:
                    self._stages.append(self._re_estimated(real, self._rows_of(moving, space)))
                    space = self._spaces(self.space_ == "latent")[-1]
                if judges is not None and own:
                    self._ends.append(self._ends_in(space, self._settled(moving, space).points, judges))
                step = self._step(space, source)
            moving = self._advance(moving, step, space)
        return distances

    @property
    def _n_followed(self) -> int:
        """Number of samples in the population. With `stop`, at most half of the given samples."""
        if self._rows is None:
            return _POPULATION
        return min(_POPULATION, len(self._rows) if self._params.stop is None else (len(self._rows) + 1) // 2)

    def _re_estimated(self, real: Tensor, rows: Tensor) -> DensityRatio:
        """The ratio for scaled rows that have moved, continued from the one before."""
        held = [*(ratio for ratio in [self.ratio_] if isinstance(ratio, DensityRatio)), *self._stages]
        last = held[-1] if held else with_seed(self._stage(), self._seed(_STAGE_KEY))
        return finetune(last, self._in_units_of(last, real), self._in_units_of(last, rows))

    @torch.no_grad()
    def _ends_in(self, space: Space, points: Tensor, judges: Tensor) -> Ends:
        return Ends.learned(space.log_ratio(points), self._fields()[-1](judges.to(points.device)))

    def _betters(self, judges: Tensor) -> bool:
        """Whether moving brings samples that had no part in the choice no farther from the held-out rows."""
        if self._rows is None:
            points, spaces, source = self._fresh(_HELD_OUT, (self._entropy, _SECOND_KEY))
        else:
            followed = self._n_followed
            n = min(_HELD_OUT, len(self._rows) - followed)
            points, spaces, source = self._fresh(n, (self._entropy, _FOLLOW_KEY), skip=followed)
        both = Moving.begin(points), self._move(points, spaces, source)
        before, after = (
            energy_distance(judges.numpy(), self._rows_of(moving, spaces[0]).cpu().numpy()) for moving in both
        )
        return after <= before

    def to_state(self) -> State:
        state = super().to_state()
        state.json |= {"n_steps": self.n_steps_, "ends": self.ends_, "rules": list(self.held_out_distance_)}
        state.parts["tried"] = State(
            {
                "n_steps": as_tensor(np.array(self.held_out_distance_.index, dtype=np.int64)),
                "distances": as_tensor(self.held_out_distance_.to_numpy(np.float64)),
            }
        )
        ends = {str(k): torch.stack([end.samples, end.held_out]) for k, end in enumerate(self._ends)}
        state.parts["row_ends"] = State(ends)
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        self.n_steps_ = state.integer("n_steps", most=self.n_steps)
        rules = state.texts("rules", len(state.value("rules")))
        self.ends_ = state.choice("ends", ("same", *_RULES))
        if not set(rules) <= set(_RULES) or len(set(rules)) < len(rules):
            raise FileError(f"rules must be among {_RULES}, got {rules[:5]}")
        tried = state.part("tried")
        steps = tried.array("n_steps", (None,), "int64", least=0)
        distances = tried.array("distances", (len(steps), len(rules)), finite=False)
        self.held_out_distance_ = pd.DataFrame(distances, index=steps.tolist(), columns=rules, dtype=float)
        row_ends = state.part("row_ends")
        self._ends = []
        for k in range(len(row_ends.tensors)):
            samples, held_out = row_ends.tensor(str(k), (2, None), torch.float32)
            if len(samples) < 2 or not bool((samples.diff() >= 0).all() and (held_out.diff() >= 0).all()):
                raise FileError(f"row_ends/{k} must be growing quantiles, two at least, and are not")
            self._ends.append(Ends(samples, held_out))
        if self._ends and len(self._ends) < len(self._stages) + 1:
            raise FileError(f"row_ends must be one for each stage, {len(self._stages) + 1}, got {len(self._ends)}")
        return self
