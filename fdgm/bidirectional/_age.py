"""AGE: an encoder and a generator that match the joint distributions of data and latents in an f-divergence."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .. import registry
from .._ambient import undisturbed
from ..architectures import DISTRIBUTIONS, MLP, Architecture
from ..divergences import Divergence, Scaling
from ..inputs import Seeds, validate, validate_latents
from ..nets import resolve_device
from ..options import Schedule
from ..training import map_rows
from ._density import DensityModel
from ._net import BidirectionalNet, BidirectionalSettings
from ._objective import JointObjective

__all__ = ["AGEBidirectional"]

_AUTO_CLIP = 0.5
_FAMILY = "joint_objective"

#: Without a critic these say nothing: the loss that is left, a VAE's, has its own term of reconstructions.
_OF_CRITIC = (
    "n_warmup_steps",
    "n_critic_steps",
    "min_critic_loss",
    "cycle_weight",
    "instance_noise",
    "noise_schedule",
    "critic_lr",
    "critic_betas",
)


class AGEBidirectional(DensityModel):
    """Representations, reconstructions and samples, by matching two joint distributions in an f-divergence.

    An encoder makes p_e(x, z) = p_data(x) p_e(z|x), a generator p_g(x, z) = p(z) p_g(x|z) with a standard normal
    p(z), and D_f(p_e‖p_g) is minimised. The order of the arguments is the paper's, data first: ``divergence="kl"``
    minimises KL(data‖model), which covers modes; ``"reverse_kl"`` minimises KL(model‖data), which seeks them.
    (`VGrowSampler` has the other order.)

    A critic of pairs (x, z) learns T = log p_e/p_g by logistic regression. The gradient of the divergence follows from
    it: the encoder descends weight_f(T) ∇T, the generator ascends weight_f~(−T) ∇T.

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (AGE-ALL: weights of one), or an instance.
    objective : str or JointObjective, default="age"
        What critic, encoder and generator are trained by, one of ``fdgm.available("joint_objective")`` or an instance:
        ``"age"``; its rivals ``"f_gan"``, ``"non_saturating"`` (BiGAN with the logD trick) and ``"hinge"`` (BigBiGAN);
        its special cases with a Gaussian generator, ``"vae"`` (which has no critic and a Gaussian encoder) and
        ``"avb"``. All but ``"age"`` and ``"f_gan"`` have no choice of divergence. :func:`~fdgm.bidirectional.VAE`,
        :func:`~fdgm.bidirectional.AVB`, :func:`~fdgm.bidirectional.BiGAN` and :func:`~fdgm.bidirectional.ALI` make
        an estimator with everything set.
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio e^T is clamped to [scale_clip, 1/scale_clip] before the weight is taken; None clamps nothing.
        ``"auto"`` is 0.5, appendix D's choice for images. ``divergence="all"`` has a clip of its own and takes none
        here, and neither does an objective other than ``"age"``.
    architecture : str, Architecture or None, default=None
        One of ``fdgm.available("architecture")``, with an encoder and a critic of pairs, or an instance.
        ``"hierarchical"`` has two levels of latents. None is AGE's perceptrons for two dimensions at 128 units,
        ``MLP.bidirectional()``, whose normalisations encoder and generator need to find to one another.
    latent_size : int or None, default=None
        Number of latents; None leaves it to the architecture.
    encoder, generator : {"deterministic", "gaussian", "isotropic", "implicit"}, default="gaussian" and "deterministic"
        The distributions p_e(z|x) and p_g(x|z). A Gaussian has a deviation for each coordinate that depends on the
        input, an isotropic one a single one, learned. An implicit one is a network that takes noise too. A Gaussian
        or isotropic generator gives `log_likelihood` and, with such an encoder, `elbo`. An implicit one, as the paper
        has for images, may learn to draw from its noise what the latents should say, and then reconstructs less.
    encoder_noise_size, generator_noise_size : int or None, default=None
        Size of an implicit distribution's noise; None leaves it to the architecture.
    n_warmup_steps : int, default=600
        Updates before the first outer loop, by which the encoder learns the scores of principal components, each of
        variance 1, and the generator to undo that. 0 begins with the initial weights, as published. A VAE has none.
    n_updates : int, default=50
        Updates of encoder and generator in each outer loop.
    n_critic_steps : int, default=1
        Critic updates before each of them.
    min_critic_loss : float or None, default=None
        Once the critic's loss on a batch is below it, the critic steps before an update end early: a critic that
        tells everything apart has gradients that lead nowhere. The logistic loss is 2 log 2 = 1.386 where nothing can
        be told apart. None never stops early.
    cycle_weight : float, default=0.0
        Weight, in the loss of encoder and generator, of the mean squared error of reconstructions of the data, in
        scaled units: each row is encoded and generated from its latents, with the noise of both. 0 is the paper's
        method, which matches the joint distributions alone; with some tens encoder and generator stay each other's
        inverse at greater rates.
    scaling : {"auto", "standard", "robust", "whole"}, default="auto"
        How the networks see data that have no range. ``"standard"`` gives each column, or channel of images, mean 0
        and standard deviation 1. ``"robust"`` does so without the rows that lie far out, which the networks see on a
        logarithmic scale. ``"whole"`` is as ``"robust"``, with one scale for all columns. ``"auto"`` is ``"robust"``.
    data_range : (float, float), None or "auto", default="auto"
        The least and greatest value that X can have, in its units, and that any output has. X is mapped to [−1, 1] as
        a whole. ``"auto"`` takes X's own least and greatest value, of all columns together where the
        architecture makes bounded data, as those for images do; of each column, or channel, otherwise, and X is scaled
        by `scaling`. None is ``"auto"`` without bounds.
    instance_noise : float, default=0.0
        Standard deviation, in scaled units, of the noise added to the rows of both kinds of pairs before the critic
        sees them.
    noise_schedule : sequence of (when, factor), default=((0.0, 1.0), (0.8, 0.0))
        Factors of `instance_noise`; as `lr_schedule`.
    optimizer : {"adam", "rmsprop"}, default="adam"
        Of all networks. RMSprop smooths by 0.9.
    critic_lr, generator_lr : float, default=0.002 and 0.00002
        Learning rates. Encoder and generator stay together only while the critic is much quicker than they are.
    encoder_lr : float or None, default=None
        Likewise; None is `generator_lr`.
    critic_betas, generator_betas : tuple of two floats in [0, 1) or None, default=None
        Of Adam, the latter of the encoder too; None is (0.5, 0.9). RMSprop has none.
    lr_schedule : sequence of (when, factor), default=((0.5, 1.0), (1.0, 0.05))
        Factors of all learning rates over the course of training: `when` is a float, a share of the budget, with
        straight lines between; or an int, an outer loop from which the factor holds. ``()`` keeps them constant.
    batch_size : int, default=128
        Pairs of each kind in an update.
    ema : float in (0, 1) or None, default=None
        Share that stays, at each outer loop, of exponential moving averages of encoder and generator, which are then
        used in their place once training is over.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the matrix products and convolutions inside the networks, in training and in `log_ratio`; samples are drawn
        in float32, and refined with a generator in this precision. bfloat16 is faster where the processor has it.
    early_stopping : bool, default=False
        Whether to hold rows out, compare samples with them as training goes on, stop when that no longer improves,
        and keep the best networks.
    validation_fraction : float in (0, 1), default=0.1
        Share of rows held out, up to 2,000 of them; without `early_stopping` none are.
    n_iter_no_change : int, default=10
        Comparisons without an improvement that end training.
    validate_every : int, default=5
        Outer loops from one comparison to the next.
    max_iter : int or None, default=25
        Outer loops at most; None leaves the end to `max_seconds`.
    max_seconds : float or None, default=None
        Seconds of `fit` at most, with all that it does before training; whichever comes first ends it. The clock is
        looked at before each update. An outer loop that it cuts is undone and not counted, except the first of all,
        which ends there.
    schedule : sequence of float or None, default=None
        Progress in [0, 1] at each outer loop, instead of a clock's. A fit that `max_seconds` ended is replayed by
        ``max_iter=m.n_iter_, schedule=m.schedule_, n_inner_steps=m.n_inner_steps_``.
    n_inner_steps : int or None, default=None
        Updates after which the first outer loop ends, of the warm-up and of all networks; None lets it run whole. It is
        for replays.
    warm_start : bool, default=False
        Whether `fit` goes on from the networks of the last fit; the parameters that made them must stay as they were.
    device : str, default="auto"
        ``"auto"`` is a GPU where there is one; otherwise a device as torch names it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same bits for the same thread count and versions, if `max_iter` ends training.
    checkpoint : str, path or None, default=None
        File that keeps the whole state of an unfinished `fit`: called again with the same arguments and data, a
        `fit` that was killed or interrupted goes on from it, to the same bits. It is removed when `fit` ends. Whether
        it can be written is tried before training; should it fail later, a warning says so once.
    checkpoint_seconds : float, default=60
        Seconds between writes.
    verbose : int, default=0
        1 shows a progress bar.
    callbacks : sequence of skorch callbacks or None, default=None
        Called with the net at each outer loop (skorch's epoch). One that raises :class:`fdgm.exceptions.StopTraining`
        ends training in good order, as skorch's EarlyStopping does. Of skorch's, GradientNormClipping clips the
        gradients of each network by itself, and LRScheduler multiplies each rate, beside `lr_schedule`. Those that
        need one module, one optimizer or labels are refused.

    Attributes
    ----------
    net_ : BidirectionalNet
        The skorch net, with ``encoder_`` and ``generator_``, ``critic_`` where the objective has one, and
        ``average_encoder_`` and ``average_generator_`` with `ema`.
    history_ : DataFrame of shape (n_loops, n_figures)
        critic_loss (2 log 2 = 1.386 where pairs cannot be told apart; no such column without a critic), loss (of
        encoder and generator together; a VAE's is minus its ELBO, in scaled units), divergence (the critic's estimate
        of D_f(p_e‖p_g), if it has one), reconstruction (mean squared error, in scaled units, of the networks
        in training, also with `ema`), spread (root of
        the generated rows' total variance over the data's), held_out_distance (if any was taken), seconds.
    n_iter_ : int
        Outer loops run.
    best_iter_ : int
        With `early_stopping`, the outer loop whose networks are kept.
    stop_reason_ : str
        What ended training: ``"max_iter"``, ``"max_seconds"``, ``"early_stopping"`` or ``"callback"`` (or the text of
        its StopTraining); ``"interrupted"``, by Ctrl-C, which `fit` raises again; or the failure that a warning tells
        of, ``"non_finite"``, ``"explosion"`` or ``"collapse"``.
    schedule_ : list of float
        Progress at each outer loop.
    n_inner_steps_ : int or None
        Updates after which the clock ended the first outer loop; None where that was whole.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had column names.

    References
    ----------
    Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, theorem 1,
    algorithm 1, section 3.2 and appendices C and D.
    Li et al., "ALICE: Towards Understanding Adversarial Learning for Joint Distribution Matching", NIPS 2017, of
    `cycle_weight`.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import AGEBidirectional
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> model = AGEBidirectional(latent_size=3, max_iter=2, random_state=0).fit(X)
    >>> model.transform(X).shape, model.reconstruct(X).shape, model.sample(4).shape
    ((200, 3), (200, 5), (4, 5))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **DensityModel._generative_constraints,
        "architecture": [str, Architecture, None],
        "divergence": [str, Divergence],
        "objective": [str, JointObjective],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), None],
        "encoder": [StrOptions(set(DISTRIBUTIONS))],
        "generator": [StrOptions(set(DISTRIBUTIONS))],
        "encoder_noise_size": [Interval(Integral, 1, None, closed="left"), None],
        "generator_noise_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "n_updates": [Interval(Integral, 1, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "min_critic_loss": [Interval(Real, None, None, closed="neither"), None],
        "cycle_weight": [Interval(Real, 0, None, closed="left")],
        "instance_noise": [Interval(Real, 0, None, closed="left")],
        "noise_schedule": [list, tuple],
        "critic_lr": [Interval(Real, 0, None, closed="neither")],
        "generator_lr": [Interval(Real, 0, None, closed="neither")],
        "encoder_lr": [Interval(Real, 0, None, closed="neither"), None],
        "critic_betas": [list, tuple, None],
        "generator_betas": [list, tuple, None],
        "lr_schedule": [list, tuple],
    }

    def __init__(
        self,
        divergence: str | Divergence = "kl",
        *,
        objective: str | JointObjective = "age",
        scale_clip: float | str | None = "auto",
        architecture: str | Architecture | None = None,
        latent_size: int | None = None,
        encoder: str = "gaussian",
        generator: str = "deterministic",
        encoder_noise_size: int | None = None,
        generator_noise_size: int | None = None,
        n_warmup_steps: int = 600,
        n_updates: int = 50,
        n_critic_steps: int = 1,
        min_critic_loss: float | None = None,
        cycle_weight: float = 0.0,
        scaling: str = "auto",
        data_range: Any = "auto",
        instance_noise: float = 0.0,
        noise_schedule: Sequence[tuple[float, float]] = ((0.0, 1.0), (0.8, 0.0)),
        optimizer: str = "adam",
        critic_lr: float = 0.002,
        generator_lr: float = 0.00002,
        encoder_lr: float | None = None,
        critic_betas: tuple[float, float] | None = None,
        generator_betas: tuple[float, float] | None = None,
        lr_schedule: Sequence[tuple[float, float]] = ((0.5, 1.0), (1.0, 0.05)),
        batch_size: int = 128,
        ema: float | None = None,
        precision: str = "float32",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        validate_every: int = 5,
        max_iter: int | None = 25,
        max_seconds: float | None = None,
        schedule: Sequence[float] | None = None,
        n_inner_steps: int | None = None,
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_seconds: float = 60.0,
        verbose: int = 0,
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.divergence = divergence
        self.objective = objective
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.latent_size = latent_size
        self.encoder = encoder
        self.generator = generator
        self.encoder_noise_size = encoder_noise_size
        self.generator_noise_size = generator_noise_size
        self.n_warmup_steps = n_warmup_steps
        self.n_updates = n_updates
        self.n_critic_steps = n_critic_steps
        self.min_critic_loss = min_critic_loss
        self.cycle_weight = cycle_weight
        self.scaling = scaling
        self.data_range = data_range
        self.instance_noise = instance_noise
        self.noise_schedule = noise_schedule
        self.optimizer = optimizer
        self.critic_lr = critic_lr
        self.generator_lr = generator_lr
        self.encoder_lr = encoder_lr
        self.critic_betas = critic_betas
        self.generator_betas = generator_betas
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.ema = ema
        self.precision = precision
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.validate_every = validate_every
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.schedule = schedule
        self.n_inner_steps = n_inner_steps
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.checkpoint_seconds = checkpoint_seconds
        self.verbose = verbose
        self.callbacks = callbacks

    @undisturbed()
    def log_ratio(self, X: Any, Z: Any) -> np.ndarray:
        """The critic's estimate of log p_e(x, z)/p_g(x, z) at pairs, at the end of training.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        Z : array-like of shape (n_samples, latent_size)
            With several levels of latents, all of them side by side, the one next to the data first.

        Returns
        -------
        log_ratio : ndarray of shape (n_samples,), float64
            Positive where the pair is likelier as data with its encoding than as a generated row with its latents.

        Raises
        ------
        ValueError
            If the objective's critic estimates no such ratio.
        """
        check_is_fitted(self)
        net = self.net_
        if not net.settings.objective.gives_log_ratio:
            able = [n for n in registry.available(_FAMILY) if registry.make(_FAMILY, n).gives_log_ratio]
            raise ValueError(
                f"log_ratio of {type(self).__name__} must come from a critic of the pairs' log-ratio, got one"
                f" fitted with objective={net.settings.objective!r}, which trains no such critic; one of {able} does."
            )
        array, _ = validate(self, X, reset=False)
        latents = validate_latents(f"{type(self).__name__}.log_ratio", Z, sum(net.settings.level_sizes))
        if len(latents) != len(array):
            raise ValueError(
                f"Z of {type(self).__name__}.log_ratio must have as many rows as X, which has {len(array)},"
                f" got {len(latents)}."
            )
        values = map_rows(
            net.critic_step_.log_ratio(),
            len(array),
            lambda rows, _: (self._scaler.to_tensor(array[rows]), torch.from_numpy(latents[rows])),
            net.device,
        )
        return values.astype(np.float64)

    def _architecture(self) -> Architecture:
        if self.architecture is None:
            return MLP.bidirectional()
        return registry.make("architecture", self.architecture)

    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        architecture = self._architecture()
        objective = registry.make(_FAMILY, self.objective)
        latent_size = architecture.latent_size(shape) if self.latent_size is None else self.latent_size
        level_sizes = architecture.level_sizes(shape, latent_size)
        if objective.max_levels is not None and len(level_sizes) > objective.max_levels:
            raise ValueError(
                f"architecture of {type(self).__name__} must have one level of latents with"
                f" objective={self.objective!r}, got {self.architecture!r}."
            )
        scaling = self._make_scaling(objective)
        if objective.critic(scaling) is None:
            idle = [name for name in _OF_CRITIC if name != "n_warmup_steps" or self.n_warmup_steps]
            self._check_idle(idle, f"with objective={self.objective!r}, which trains no critic")
        settings = BidirectionalSettings(
            architecture=architecture,
            objective=objective,
            scaling=scaling,
            level_sizes=level_sizes,
            encoder=self._distribution("encoder", objective.encoders),
            generator=self._distribution("generator", objective.generators),
            encoder_noise_size=self.encoder_noise_size,
            generator_noise_size=self.generator_noise_size,
            n_warmup_steps=self.n_warmup_steps,
            n_updates=self.n_updates,
            n_critic_steps=self.n_critic_steps,
            min_critic_loss=self.min_critic_loss,
            cycle_weight=float(self.cycle_weight),
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            critic_lr=self.critic_lr,
            critic_betas=self._betas("critic_betas", (0.5, 0.9)),
            generator_lr=self.generator_lr,
            generator_betas=self._betas("generator_betas", (0.5, 0.9)),
            encoder_lr=self.generator_lr if self.encoder_lr is None else self.encoder_lr,
            lr_schedule=self._schedule("lr_schedule"),
            instance_noise=self.instance_noise,
            noise_schedule=self._schedule("noise_schedule"),
            ema=self.ema,
            precision=self.precision,
        )
        self.net_ = BidirectionalNet(
            settings=settings, seeds=seeds, varies=self._scaler.varies, device=resolve_device(self.device)
        ).initialize()

    def _free(self, varies: np.ndarray) -> None:
        self.net_.free(varies)

    def _mend(self, reason: str, culprit: str) -> str:
        objective = self.net_.settings.objective
        has_critic = self.net_.objective_ is not None
        lower = [name for name in ("generator_lr", "encoder_lr") if getattr(self, name) is not None]
        change = ["objective"]
        if reason == "non_finite" and has_critic:
            lower.insert(0, "critic_lr")
        if reason == "collapse":
            change += ["n_critic_steps"] * has_critic
        else:
            change += ["divergence"] * objective.takes_divergence + ["scale_clip"] * objective.takes_scale_clip
        return f"Lower {_listed(lower, 'and')}, or change {_listed(change, 'or')}."

    def _make_scaling(self, objective: JointObjective) -> Scaling:
        """The divergence and its scaling clip, where they mean anything."""
        for name, takes, idle in (
            ("divergence", objective.takes_divergence, "kl"),
            ("scale_clip", objective.takes_scale_clip, "auto"),
        ):
            value = getattr(self, name)
            if not takes and not (isinstance(value, str) and value == idle) and value is not None:
                raise ValueError(
                    f"{name} of {type(self).__name__} must be left at {idle!r} with objective={self.objective!r}, which"
                    f" has none, got {value!r}."
                )
        if not objective.takes_scale_clip:
            if isinstance(self.divergence, str) and self.divergence == "all":
                raise ValueError(
                    f"divergence of {type(self).__name__} must be one with a weight of its own with"
                    f" objective={self.objective!r}, which clamps no ratio, got 'all'."
                )
            return Scaling.make(self.divergence, None)
        return Scaling.make(self.divergence, self.scale_clip, auto=_AUTO_CLIP)

    def _distribution(self, name: str, allowed: Sequence[str]) -> str:
        value: str = getattr(self, name)
        if value not in allowed:
            raise ValueError(
                f"{name} of {type(self).__name__} must be one of {sorted(allowed)} with objective={self.objective!r},"
                f" got {value!r}."
            )
        if value != "implicit":
            self._check_idle((f"{name}_noise_size",), f"with {name}={value!r}, which is not implicit")
        return value

    def _schedule(self, name: str) -> Schedule:
        return Schedule.make(type(self).__name__, name, getattr(self, name))


def _listed(names: list[str], last: str) -> str:
    """Parameters, to be filled in: "{a}, {b} or {c}"."""
    *others, final = (f"{{{name}}}" for name in names)
    return f"{', '.join(others)} {last} {final}" if others else final
