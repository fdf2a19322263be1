"""DGflow: samples move along the gradient flow of an f-divergence."""

import warnings
from dataclasses import astuple, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .._bar import Bar, Verbose
from .._literals import Auto, DataRange, SpaceName
from .._sklearn import Interval, StrOptions
from ..divergences import Divergence, Scaling
from ..exceptions import FileError, TrainingWarning, UnrefinedWarning
from ..flows import differentiated, euler_maruyama_step, euler_step, shortened, velocity
from ..inputs import with_seed
from ..persistence import State
from ..ratios import KLIEP, DensityRatio
from ._corrected import CorrectedRatio
from ._critic import finetune
from ._fields import neural_ratio
from ._leg import Leg
from ._paired import Confirmation, Distances, compare
from ._points import Moving, Space, Step
from ._reading import Reading
from ._rounds import first_round, later_rounds, smoothed_rounds
from ._search import Search, typical_step
from ._split import held_out_rows
from ._tables import frame_from_state, frame_to_state
from ._transformer import RowMover

__all__ = ["DGflowRefiner"]

_POPULATION = 5000  # most samples that log-ratios are estimated on in `fit`
_HELD_OUT = 2000  # most held-out rows to choose by, and to confirm by
_JUDGES = (500, 2000)  # samples to choose by: twice the rows, within these
_PAIRS = 5000  # samples to confirm by: each costs little, and the error falls with them
_FEWEST = 10  # held-out rows to choose by, and to confirm by
_EVERY = 20  # most steps along a ratio before it is estimated again, with refresh="auto"
_FOLDS = 2  # of the search of a kernel ratio's width in rounds, which is repeated
_OUTSIDE = 6  # frames from a warning of the choice to the caller of `fit`
_LEARNERS_KEY, _CHOICE_KEY, _STAGE_KEY, _KERNEL_KEY = 30, 35, 36, 37  # streams of the fit's own seed
#: What `rounds_` says of each leg that was tried.
_ROUNDS = {
    "ratio": str,
    "smoothing": float,
    "slope": float,
    "held_out_loss": float,
    "stage": int,
    "space": str,
    "step_size": float,
    "noise": float,
    "keeps_prior": bool,
    "ends": str,
    "n_steps": int,
    "distance": float,
    "kept": bool,
}


class DGflowRefiner(RowMover):
    """Refiner that moves samples along the gradient flow of D_f(model‖data) and of entropy.

    The order of the arguments follows the paper's formulas: ``divergence="kl"`` minimises KL(model‖data), which seeks
    modes; ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Each step is u ← u + η weight_f(−T) ∇T + √(2ηγ) ξ. Here u is a sample, or the latents that made it. Samples are
    clamped to their range after each step. Latents of a bounded prior are reflected at its bounds.

    By default, `fit` searches a plan of such steps. It keeps it only if rows of X that had no part in the search
    confirm a gain. Otherwise samples come back as they came, and an UnrefinedWarning says the likely reason. See
    `stop`. With ``stop=None`` and the paper's step size and number of steps it is the paper's method.

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
        latents, and otherwise the data space. With a search, the samples that the latents give are then moved on,
        except images.
    step_size : float or "auto", default="auto"
        η, in squared standard deviations per unit of T. They are the data's in the data space, and the prior's in the
        latent space. At ``"auto"`` the root mean square displacement of a first step is 3% of the points' spread.
        Longer steps than three times that are shortened. With a search, a quarter and four times of it are tried too.
    n_steps : int, default=100
        Number of steps, or the greatest number with a search. 0 refines nothing.
    noise : float or "auto", default="auto"
        γ, the weight of entropy. It spreads the samples of `sample` and `refine`. At 0 the flow is deterministic.
        Without `refresh` the ratio stays that of the unrefined samples. The distribution after a long flow is then
        close to e^{T/γ}, which does not depend on the generator. ``"auto"`` is 0. A search also tries Langevin steps of
        latents with γ of 0.3 and 1, u ← u′ + η ∇T. Here u′ is u after a diffusion that leaves the prior exactly as it
        is. Their distribution after a long flow is close to p_Z e^{T/γ}.
    scale_clip : float in (0, 1] or None, default=None
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken. None clamps nothing.
    stop : {"auto"} or None, default="auto"
        ``"auto"`` searches a plan by held-out rows of X. Neither the ratio nor a generator that is fitted here has
        seen those rows. Half of them choose: a stretch of steps is kept if it lowers the energy distance from them.
        The other half confirm, on 5,000 fresh samples before and after refinement. The plan is kept only if D + 1.645
        standard errors < 0. D is the change of the unbiased energy distance, and its error is from a jackknife over
        rows and over pairs of samples. So at most one harmful plan in twenty is kept. D is in scaled units. In X's own
        units there must be no loss: D − 1.645 standard errors must not be above 0 there. What is tried:

        - Steps of several sizes, along the ratio as it was given or fitted. All samples take the same number, or each
          stops as soon as its T equals that of the held-out row of its rank.
        - With `refresh`, rounds along a ratio that is estimated again.

        None takes `n_steps` steps, and asks no rows.
    validation_fraction : float in (0, 1), default=0.4
        Fraction of X that is held out, half to choose by and half to confirm by, up to 2,000 rows each. Without `stop`
        none are held out.
    refresh : int, "auto" or None, default="auto"
        When `fit` estimates the ratio anew, from X and the moved samples:

        - ``"auto"``: in rounds, as long as held-out rows see no harm. Rows and samples are noised, with less noise
          from round to round, and a step is the noise's variance. The ratio is then smooth, however far apart the two
          are. If no density ratio is named, each round's ratio is the better of a neural one and KLIEP on held-out
          rows. A critic of your own must have led closer first. For images rounds are of 20 steps, and the critic is
          trained on from its weights. Without `stop` it is None.
        - An int: after so many steps. Each estimate continues from the one before; a critic, also a sampler's own,
          continues from its weights.
        - None: never.
    ratio : str, DensityRatio, Sampler, CorrectedRatio or callable, default="auto"
        Estimator of T = log p_data/p_model:

        - ``"auto"``: a sampler's own critic. With any other generator, a LogisticRatio of three layers of 128 units.
        - A name of ``fdgm.ratios.with_gradient()`` or a DensityRatio: it is fitted on X against generated samples.
        - A fitted sampler: its critic is used. A :class:`CorrectedRatio` of a sampler corrects that critic.
        - A callable: it maps a tensor of rows in X's units to log-ratios, (n,) or (n, 1). Any PyTorch critic will do,
          also one with a sigmoid at its end, and one trained for the Wasserstein distance.

        With `stop`, T is read as a T + b by a logistic regression on held-out rows. If all of its values lie in
        [0, 1], their logit is read. A negative a is warned of, and turns T. If the interval of a covers 0, nothing
        moves along T.
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
    verbose : int or "auto", default="auto"
        1 shows a progress bar of the rounds in `fit`, and ``"auto"`` shows it at a terminal from the tenth second on.

    Attributes
    ----------
    generator_ : object or None
        The fitted generator that is refined.
    ratio_ : object
        The fitted estimator of the log-ratio.
    space_ : {"data", "latent"}
    n_steps_ : int
        Number of steps that samples take.
    rounds_ : DataFrame
        With `stop`, one row for each stretch of steps that was tried. Its columns are ratio, smoothing (the noise's
        standard deviation), slope (a) and held_out_loss (of a T + b), stage (number of the ratio), space, step_size,
        noise (γ), keeps_prior, ends ("same" number of steps, or each sample its "own"), n_steps (the best number, 0 if
        none is), distance (unbiased energy distance from the choosing rows, in scaled units) and kept.
    confirmation_ : Confirmation or None
        With `stop`, the change of the energy distance from the confirming rows: difference and standard_error in
        scaled units, difference_in_x and standard_error_in_x in X's own, n_rows, n_pairs and accepted. None if there
        was no plan to confirm.
    history_ : DataFrame of shape (n_steps + 1, 5)
        log_ratio (mean of T) and displacement (root mean square, in scaled units) of 256 samples, before the first step
        and after each step. The others are the leg (stretch of steps, counted from 1), its step_size and its noise (γ).
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

    References
    ----------
    Ansari, Ang and Soh, "Refining Deep Generative Models via Discriminator Gradient Flow", ICLR 2021, section 3,
    algorithm 1 and, for Wasserstein critics, appendix B. Efron, "Tweedie's Formula and Selection Bias", JASA 2011, for
    the step of the noise's variance. Székely and Rizzo, "Energy statistics", Journal of Statistical Planning and
    Inference 143, 2013. Efron and Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9, 1981.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm import DGflowRefiner
    >>> X = np.random.default_rng(0).normal(size=(500, 2)) ** 2
    >>> refiner = DGflowRefiner(GaussianMixture(), ratio="kliep", random_state=0).fit(X)
    >>> refiner.sample(3).shape
    (3, 2)
    >>> refiner.confirmation_.accepted
    True
    """

    n_steps_: int
    rounds_: pd.DataFrame
    confirmation_: Confirmation | None
    _plan: list[Leg]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **RowMover._mover_constraints,
        "divergence": [str, Divergence],
        "step_size": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "n_steps": [Interval(Integral, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "stop": [StrOptions({"auto"}), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "refresh": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), None],
        "verbose": ["verbose", StrOptions({"auto"})],
    }

    def __init__(
        self,
        generator: Any = None,
        divergence: str | Divergence = "kl",
        *,
        space: SpaceName = "auto",
        step_size: float | Auto = "auto",
        n_steps: int = 100,
        noise: float | Auto = "auto",
        scale_clip: float | None = None,
        stop: Auto | None = "auto",
        validation_fraction: float = 0.4,
        refresh: int | Auto | None = "auto",
        ratio: Any = "auto",
        data_range: DataRange = "auto",
        n_jobs: int | None = None,
        device: str = "auto",
        random_state: Any = None,
        verbose: Verbose = "auto",
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
        self.verbose = verbose

    def _legs(self) -> list[Leg]:
        return self._plan

    def _legs_of_rows(self) -> list[Leg]:
        if self._params.stop is None:
            return super()._legs_of_rows()
        return [leg for leg in self._plan if leg.space == "data"]  # the others were chosen for latents

    def _step(self, leg: Leg, space: Space, source: torch.Generator) -> Step:
        scaling, ends = self._weighting(), leg.ends
        end: Tensor | None = None

        def step(points: Tensor) -> Tensor:
            nonlocal end
            direction, t = velocity(differentiated(space.log_ratio), points, scaling)
            direction = shortened(direction, leg.reach / leg.step_size)
            if leg.keeps_prior and space.prior is not None:
                points = space.prior.diffused(points, leg.step_size * leg.noise, source)
                moved = euler_step(points, direction, leg.step_size)
            else:
                moved = euler_maruyama_step(points, direction, leg.step_size, leg.noise, source)
            if ends is None:
                return moved
            end = ends(t) if end is None else end
            return torch.where((t < end).view(-1, *[1] * (points.dim() - 1)), moved, points)

        return step

    def _weighting(self) -> Scaling:
        return Scaling.make(self._params.divergence, self._params.scale_clip)

    @property
    def _n_varying(self) -> int:
        """Number of columns that vary."""
        return max(1, int(self._scaler.varies.sum()))

    def _held_out(self, n: int) -> np.ndarray:
        if self._params.stop is None:
            return super()._held_out(n)
        return held_out_rows(n, self._params.validation_fraction, self._entropy)

    def _follow(self, array: np.ndarray) -> None:
        """Make the plan of steps."""
        self._plan, self.confirmation_ = [], None
        self.rounds_ = pd.DataFrame(columns=list(_ROUNDS)).astype(_ROUNDS)
        self._weighting()  # raises if there is none, as the next line does
        if isinstance(self._params.refresh, Integral):
            self._stage()
        if self._params.n_steps:
            if self._params.stop is None:
                self._take_all_steps(array)
            else:
                self._choose(array)
        self.n_steps_ = sum(leg.n_steps for leg in self._plan)

    def _take_all_steps(self, array: np.ndarray) -> None:
        """Plan `n_steps` steps, with the ratio re-estimated after every `refresh`."""
        params = self._params
        moving, source = self._fresh(self._n_learners, (self._entropy, _LEARNERS_KEY))
        every = params.n_steps if params.refresh in (None, "auto") else params.refresh
        leg = Leg(every, 1.0, space=self.space_, noise=0.0 if params.noise == "auto" else params.noise)
        if params.step_size == "auto":
            size, reach = typical_step(self, leg, moving.points)
            leg = replace(leg, step_size=size, reach=reach)
        else:
            leg = replace(leg, step_size=params.step_size)
        real = self._scaler.to_tensor(self._training_rows(array))
        for taken in range(0, params.n_steps, every):
            if taken:
                moving = self._move(moving, self._plan[-1:], source)
                self._stages.append(self._re_estimated(real, self._rows_of(moving)))
            steps = min(every, params.n_steps - taken)
            self._plan.append(replace(leg, n_steps=steps, stage=len(self._stages)))

    def _choose(self, array: np.ndarray) -> None:
        """Search a plan by some held-out rows. Keep it if other ones, opened once, confirm that it brings a gain."""
        held_out = np.random.default_rng(self._seed(_CHOICE_KEY)).permutation(
            np.flatnonzero(self._held_out(len(array)))
        )
        choosing, confirming = (
            self._scaler.to_tensor(array[np.sort(part[:_HELD_OUT])]) for part in np.array_split(held_out, 2)
        )
        if min(len(choosing), len(confirming)) < _FEWEST or (self._rows is not None and len(self._rows) < 5 * _FEWEST):
            reason: str | None = f"{len(array)} rows of X, or as few samples, are too few to choose and to confirm by."
        else:
            reason = self._planned(array, choosing, confirming)
        if reason is None:
            return
        self._plan, self._stages, self._readings = [], [], self._readings[:1]
        self.rounds_["kept"] = False
        warnings.warn(
            f"{type(self).__name__} moves nothing, and samples come back as they came: {reason}",
            UnrefinedWarning,
            stacklevel=_OUTSIDE,
        )

    def _planned(self, array: np.ndarray, choosing: Tensor, confirming: Tensor) -> str | None:
        """Search a plan and confirm it. Return None, or the likely reason why there is none."""
        n = int(np.clip(2 * len(choosing), *_JUDGES))
        search = Search(self, choosing, self._part(1, n), self._part(0))
        self._readings = [search.reading(self._bare_field(self.ratio_))]
        reason = self._searched(search, self._scaler.to_tensor(self._training_rows(array)))
        self._plan = search.legs
        self.rounds_ = pd.DataFrame(search.log, columns=list(_ROUNDS)).astype(_ROUNDS)
        if not self._plan:
            return reason
        before = self._part(2, _PAIRS)
        after = self._move(before, self._plan, search.source(0, 4))
        parts = [self._rows_of(before), self._rows_of(after), confirming]
        in_x = [torch.from_numpy(self._scaler.to_array(rows, "float64")) for rows in parts]
        self.confirmation_ = Confirmation.of(
            *(compare(*(Distances.measured(rows, real) for rows in pairs)) for *pairs, real in (parts, in_x))
        )
        return None if self.confirmation_.accepted else _unconfirmed(self.confirmation_)

    def _searched(self, search: Search, real: Tensor) -> str:
        """Search a plan. Return the likely reason for an empty one."""
        params, reading = self._params, self._readings[0]
        if reading.sign < 0 and self._is_given():
            warnings.warn(
                f"ratio of {type(self).__name__} is greater at samples than at held-out rows of X: its sign is the"
                f" opposite of log p_data/p_model. It is taken times {reading.slope:.3g}.",
                TrainingWarning,
                stacklevel=_OUTSIDE + 2,
            )
        fits = self._round_ratios()
        named = self._is_given() and not self._is_auto
        if not reading.sign and (named or not fits):
            return (
                "the ratio does not tell held-out rows of X from samples. It may be untrained, trained on other data,"
                " or the samples are as good as it can tell."
            )
        every = int(params.refresh) if isinstance(params.refresh, Integral) else params.n_steps
        if params.refresh == "auto":
            every = min(every, _EVERY)
        usable = reading.sign if self._is_given() else reading.sign > 0  # one that was fitted here has its sign
        if usable and (not fits or search.judges.latent or self._is_given()):
            first_round(search, most=every if fits or self._can_go_on() else params.n_steps, simple=bool(fits))
        if fits and (search.legs or not named):  # a critic that leads nowhere is not replaced behind the user's back
            with Bar(type(self).__name__, self.verbose) as bar:
                smoothed_rounds(search, real, fits, bar)
        elif params.refresh is not None and search.legs and self._can_go_on():
            later_rounds(search, real, every)
        return "no step along the ratio brings them closer to held-out rows of X. They may be as good as it can tell."

    def _round_ratios(self) -> list[DensityRatio]:
        """Estimators to choose among in rounds with noised rows. Images have none.

        Those of a critic, or of a ratio that is not named, are a neural one and KLIEP.
        """
        ratio = self.ratio_
        if self._params.refresh != "auto" or len(self._record.shape) > 1 or isinstance(ratio, CorrectedRatio):
            return []
        kernel = with_seed(KLIEP(cv=_FOLDS), self._seed(_KERNEL_KEY))
        if isinstance(ratio, DensityRatio):
            return [ratio, kernel] if self._is_auto else [ratio]
        return [with_seed(neural_ratio(), self._seed(_STAGE_KEY)), kernel]

    @property
    def _is_auto(self) -> bool:
        """Whether no ratio is named."""
        return isinstance(self._params.ratio, str) and self._params.ratio == "auto"

    def _is_given(self) -> bool:
        """Whether the first log-ratio was not fitted here."""
        return not isinstance(self.ratio_, DensityRatio)

    def _can_go_on(self) -> bool:
        """Whether the log-ratio can be estimated again."""
        try:
            self._stage()
        except ValueError:
            return False
        return True

    def _part(self, part: int, n_judges: int = 0) -> Moving:
        """Points that have not moved: for log-ratios to learn from (0), to choose by (1) and to confirm by (2).

        Given samples are divided among the three. Otherwise each is made anew: `n_judges` to choose or confirm by.
        """
        n = self._n_learners if part == 0 else n_judges
        if self._rows is None:
            return self._fresh(n, (self._entropy, _LEARNERS_KEY + part))[0]
        ends = [0, *(round(share * len(self._rows)) for share in (0.6, 0.8, 1.0))]
        n = min(n, ends[part + 1] - ends[part])
        return self._fresh(n, (self._entropy, _LEARNERS_KEY), skip=ends[part])[0]

    @property
    def _n_learners(self) -> int:
        """Number of points that log-ratios are estimated on."""
        if self._rows is None:
            return _POPULATION
        return min(_POPULATION, len(self._rows) if self._params.stop is None else round(0.6 * len(self._rows)))

    def _re_estimated(self, real: Tensor, rows: Tensor) -> DensityRatio:
        """The ratio for scaled rows that have moved, continued from the one before."""
        held = [*(ratio for ratio in [self.ratio_] if isinstance(ratio, DensityRatio)), *self._stages]
        last = held[-1] if held else with_seed(self._stage(), self._seed(_STAGE_KEY))
        return finetune(last, self._in_units_of(last, real), self._in_units_of(last, rows))

    def _add_stage(self, ratio: DensityRatio, reading: Reading) -> int:
        """Add a log-ratio for points that have moved. Return its number."""
        self._stages.append(ratio)
        self._readings.append(reading)
        return len(self._stages)

    def _drop_stage(self) -> None:
        """Drop the last log-ratio."""
        self._stages.pop()
        self._readings.pop()

    def to_state(self) -> State:
        state = super().to_state()
        state.parts |= {f"leg{k}": leg.to_state() for k, leg in enumerate(self._plan)}
        state.parts |= {f"reading{k}": reading.to_state() for k, reading in enumerate(self._readings)}
        state.json |= {"n_legs": len(self._plan), "n_readings": len(self._readings)}
        if self.confirmation_ is not None:
            state.json["confirmation"] = list(astuple(self.confirmation_))
        state.parts["rounds"] = frame_to_state(self.rounds_)
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        n = 1 + len(self._stages)
        n_legs, n_readings = (state.integer(name, most=len(state.parts)) for name in ("n_legs", "n_readings"))
        if n_readings not in (0, n):
            raise FileError(f"n_readings must be 0 or {n}, one for each log-ratio, got {n_readings}")
        self._plan = [Leg.from_state(state.part(f"leg{k}"), n) for k in range(n_legs)]
        self._readings = [Reading.from_state(state.part(f"reading{k}")) for k in range(n_readings)]
        self.n_steps_ = sum(leg.n_steps for leg in self._plan)
        self.confirmation_ = None
        if state.has("confirmation"):
            self.confirmation_ = Confirmation.from_json(state.value("confirmation"))
        self.rounds_ = frame_from_state(state.part("rounds"), _ROUNDS)
        return self


def _unconfirmed(found: Confirmation) -> str:
    """The likely reason why a plan that seemed to gain is not confirmed."""
    figures = f"the change of the energy distance is {found.difference:.2g} ± {found.standard_error:.1g}"
    if found.gains:
        return (
            f"{found.n_rows} rows of X that had no part in the choice see a gain in scaled units ({figures}) and a loss"
            f" in X's own ({found.difference_in_x:.2g} ± {found.standard_error_in_x:.1g}). Scale X's columns so that"
            " each counts as much as it should."
        )
    if found.difference < 0:
        return (
            f"{found.n_rows} rows of X that had no part in the choice are too few to be sure of a gain ({figures})."
            " More rows of X would tell."
        )
    return (
        f"{found.n_rows} rows of X that had no part in the choice see no gain ({figures}). The ratio has learned the"
        " rows that it was fitted on, or the samples were as good as it can tell."
    )
