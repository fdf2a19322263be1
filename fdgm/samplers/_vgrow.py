"""VGrow: particles that follow the gradient flow of an f-divergence, distilled into a generator."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from .. import registry
from ..architectures import Architecture
from ..divergences import Divergence, Scaling
from ..exceptions import FileError
from ..inputs import Seeds
from ..nets import resolve_device
from ..options import Schedule
from ..persistence import State, as_tensor
from ..ratios import DensityRatio
from ._base import Sampler
from ._ratio_step import make_ratio
from ._recorder import ParticleRecorder
from ._vgrow_net import VGrowNet, VGrowSettings

__all__ = ["VGrowSampler"]

_AUTO_CLIP = 0.1
_AUTO_STEP = 0.1  # of a standard deviation, where the weight is 1

#: Published settings, by name.
_PRESETS: dict[str, dict[str, Any]] = {
    "images": {
        "scale_clip": None,
        "architecture": "resnet",
        "latent_size": 128,
        "n_particles": 20 * 64,
        "n_particle_steps": 20,
        "n_critic_steps": 1,
        "n_projection_passes": 5,
        "n_warmup_steps": 0,
        "projection_schedule": ((200, 2.0), (1000, 3.0), (1500, 4.0)),
        "step_size": 0.5,
        "step_size_schedule": (),
        "instance_noise": 0.0,
        "data_range": (-1.0, 1.0),
        "optimizer": "rmsprop",
        "critic_lr": 1e-4,
        "generator_lr": 1e-4,
        "lr_schedule": ((400, 0.5), (800, 0.25)),
        "batch_size": 64,
        "ema": None,
    }
}


class VGrowSampler(Sampler):
    """Sampler that minimises D_f(model‖data) by variational gradient flow.

    The order of the arguments is the paper's: ``divergence="kl"`` minimises KL(model‖data), which seeks modes;
    ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Each outer loop draws latents, turns them into particles, moves the particles `n_particle_steps` times along
    weight_f(−T) ∇T, where T is a critic's estimate of log p_data/p_model, and fits the generator to where they went.

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (weights of one), or an instance.
    ratio : str, DensityRatio or None, default=None
        What estimates log p_data/p_model. None is a critic, trained by logistic regression along with the particles.
        Otherwise one of :func:`fdgm.ratios.with_gradient` or an instance with a gradient: it is fitted to the first
        particles and follows them, seeing all of them, and as many rows of X, at each of `n_critic_steps` updates. A
        kernel's pull is the distance over its squared width: should particles explode, lower `step_size` below that
        square, or take a wider one.
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken; None clamps nothing.
        ``"auto"`` is 0.1, which keeps the weights that grow with the ratio, such as Jeffreys', from running away;
        ``divergence="all"`` has a clip of its own, and takes none here.
    architecture : str or Architecture, default="mlp"
        One of ``fdgm.available("architecture")`` or an instance.
    latent_size : int or None, default=None
        Number of standard normal latents; None leaves it to the architecture.
    n_particles : int, default=1024
        Particles moved in each outer loop.
    n_particle_steps : int, default=20
        Steps of the particles in each outer loop (the paper's K).
    n_critic_steps : int, default=1
        Critic updates before each particle step.
    n_projection_passes : int, default=8
        Passes over the particles, at the end of each outer loop, that fit the generator to them.
    n_warmup_steps : int, default=300
        Updates of the generator before the first outer loop, towards a Gaussian with the mean of the data and half
        their spread, along as many of their principal directions as there are latents. 0 begins with the initial
        weights, as published.
    projection_schedule : sequence of (when, factor), default=()
        Factors of `n_projection_passes` over the course of training; as `lr_schedule`.
    step_size : float or "auto", default="auto"
        Step of the particles, in scaled units: the data's standard deviation, unless they have a range. ``"auto"`` is
        0.1 over the divergence's weight where the ratio is 1, so that all divergences move them alike once the model
        is near the data.
    step_size_schedule : sequence of (when, factor), default=((0.5, 1.0), (1.0, 0.05))
        Factors of `step_size`; as `lr_schedule`.
    scaling : {"auto", "standard", "robust", "whole"}, default="auto"
        How the networks see data that have no range. ``"standard"`` gives each column, or channel of images, mean 0
        and standard deviation 1. ``"robust"`` does so without the rows that lie far out, which the networks see on a
        logarithmic scale. ``"whole"`` is as ``"robust"``, with one scale for all columns. ``"auto"`` is ``"robust"``.
    data_range : (float, float), None or "auto", default="auto"
        The least and greatest value that X can have, in its units, and that any output has. X is mapped to [−1, 1] as
        a whole, and particles are clamped to it. ``"auto"`` takes X's own least and greatest value, of all columns
        together where the architecture makes bounded data, as those for images do; of each column, or channel,
        otherwise, and X is scaled by `scaling`. None is ``"auto"`` without bounds.
    instance_noise : float, default=0.3
        Standard deviation, in scaled units, of the noise added to both of the critic's samples. It lets the critic
        see across gaps between modes.
    noise_schedule : sequence of (when, factor), default=((0.0, 1.0), (1.0, 0.0))
        Factors of `instance_noise`; as `lr_schedule`.
    optimizer : {"adam", "rmsprop"}, default="adam"
        Of both networks. RMSprop smooths by 0.9.
    critic_lr, generator_lr : float, default=0.0005 and 0.001
        Learning rates.
    critic_betas, generator_betas : tuple of two floats in [0, 1) or None, default=None
        Of Adam; None is (0.5, 0.9) and (0.9, 0.999). RMSprop has none.
    lr_schedule : sequence of (when, factor), default=((0.5, 1.0), (1.0, 0.05))
        Factors of both learning rates over the course of training: `when` is a float, a share of the budget, with
        straight lines between; or an int, an outer loop from which the factor holds. ``()`` keeps them constant.
    batch_size : int, default=256
        Rows of each sample in a critic update, and particles in a projection step.
    ema : float in (0, 1) or None, default=0.98
        Share that stays, at each outer loop, of an exponential moving average of the generator, which samples are
        then drawn from; (1 + t)/(10 + t) at loop t where that is less. With None they are the generator's own.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the matrix products and convolutions inside the networks, in training and where samples are refined; they are
        drawn in float32. bfloat16 is faster where the processor has it.
    early_stopping : bool, default=False
        Whether to hold rows out, compare samples with them as training goes on, stop when that no longer improves,
        and keep the best generator.
    validation_fraction : float in (0, 1), default=0.1
        Share of rows held out, up to 2,000 of them; without `early_stopping` none are.
    n_iter_no_change : int, default=10
        Comparisons without an improvement that end training.
    validate_every : int, default=5
        Outer loops from one comparison to the next.
    max_iter : int or None, default=100
        Outer loops at most; None leaves the end to `max_seconds`.
    max_seconds : float or None, default=None
        Seconds of `fit` at most, with all that it does before training; whichever comes first ends it. The clock is
        looked at before each update. An outer loop that it cuts is undone and not counted, except the first of all,
        which ends there.
    schedule : sequence of float or None, default=None
        Progress in [0, 1] at each outer loop, instead of a clock's. A fit that `max_seconds` ended is replayed by
        ``max_iter=s.n_iter_, schedule=s.schedule_, n_inner_steps=s.n_inner_steps_``.
    n_inner_steps : int or None, default=None
        Updates after which the first outer loop ends, of the warm-up and of all networks; None lets it run whole. It is
        for replays.
    record_particles : sequence of int, default=()
        Outer loops, counted from 1, whose particles are kept in `particles_`.
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
    net_ : VGrowNet
        The skorch net, with ``generator_`` and ``critic_``, and ``average_`` with `ema`.
    history_ : DataFrame of shape (n_loops, 6), or 7 with rows held out
        critic_loss (2 log 2 = 1.386 where data and model cannot be told apart), displacement (mean over particles,
        in scaled units), spread (root of the particles' total variance over the data's), projection_loss,
        divergence (the critic's estimate of D_f(model‖data)), held_out_distance (if any was taken), seconds.
    n_iter_ : int
        Outer loops run.
    best_iter_ : int
        With `early_stopping`, the outer loop whose generator is kept.
    stop_reason_ : str
        What ended training: ``"max_iter"``, ``"max_seconds"``, ``"early_stopping"`` or ``"callback"`` (or the text of
        its StopTraining); ``"interrupted"``, by Ctrl-C, which `fit` raises again; or the failure that a warning tells
        of, ``"non_finite"``, ``"explosion"`` or ``"collapse"``.
    schedule_ : list of float
        Progress at each outer loop.
    n_inner_steps_ : int or None
        Updates after which the clock ended the first outer loop; None where that was whole.
    particles_ : dict of int to ndarray of shape (n_particles, n_features)
        Particles at the loops in `record_particles`, in X's units.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X had column names.

    References
    ----------
    Gao et al., "Deep Generative Learning via Variational Gradient Flow", ICML 2019, section 3 and algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm import VGrowSampler
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> VGrowSampler(max_iter=2, random_state=0).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Sampler._sampler_constraints,
        "divergence": [str, Divergence],
        "ratio": [str, DensityRatio, None],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), None],
        "n_particles": [Interval(Integral, 2, None, closed="left")],
        "n_particle_steps": [Interval(Integral, 1, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "n_projection_passes": [Interval(Integral, 1, None, closed="left")],
        "n_warmup_steps": [Interval(Integral, 0, None, closed="left")],
        "projection_schedule": ["array-like"],
        "step_size": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "step_size_schedule": ["array-like"],
        "instance_noise": [Interval(Real, 0, None, closed="left")],
        "noise_schedule": ["array-like"],
        "critic_lr": [Interval(Real, 0, None, closed="neither")],
        "generator_lr": [Interval(Real, 0, None, closed="neither")],
        "critic_betas": [list, tuple, None],
        "generator_betas": [list, tuple, None],
        "lr_schedule": ["array-like"],
        "record_particles": ["array-like"],
    }
    _call_params: ClassVar = (*Sampler._call_params, "record_particles")
    _mends: ClassVar[dict[str, str]] = {
        "non_finite, the generator": "Lower {generator_lr}.",
        "explosion, the generator": "Lower {generator_lr}.",
        "non_finite": "Lower {step_size} or {critic_lr}, or bring {scale_clip} nearer to 1.",
        "explosion": "Lower {step_size} or {critic_lr}, or bring {scale_clip} nearer to 1.",
        "collapse": (
            "Lower {step_size} or {critic_lr}, raise {n_projection_passes} or {instance_noise}, or bring {scale_clip}"
            " nearer to 1."
        ),
    }

    def __init__(
        self,
        divergence: str | Divergence = "kl",
        *,
        ratio: str | DensityRatio | None = None,
        scale_clip: float | str | None = "auto",
        architecture: str | Architecture = "mlp",
        latent_size: int | None = None,
        n_particles: int = 1024,
        n_particle_steps: int = 20,
        n_critic_steps: int = 1,
        n_projection_passes: int = 8,
        n_warmup_steps: int = 300,
        projection_schedule: Sequence[tuple[float, float]] = (),
        step_size: float | str = "auto",
        step_size_schedule: Sequence[tuple[float, float]] = ((0.5, 1.0), (1.0, 0.05)),
        scaling: str = "auto",
        data_range: tuple[float, float] | str | None = "auto",
        instance_noise: float = 0.3,
        noise_schedule: Sequence[tuple[float, float]] = ((0.0, 1.0), (1.0, 0.0)),
        optimizer: str = "adam",
        critic_lr: float = 0.0005,
        generator_lr: float = 0.001,
        critic_betas: tuple[float, float] | None = None,
        generator_betas: tuple[float, float] | None = None,
        lr_schedule: Sequence[tuple[float, float]] = ((0.5, 1.0), (1.0, 0.05)),
        batch_size: int = 256,
        ema: float | None = 0.98,
        precision: str = "float32",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        validate_every: int = 5,
        max_iter: int | None = 100,
        max_seconds: float | None = None,
        schedule: Sequence[float] | None = None,
        n_inner_steps: int | None = None,
        record_particles: Sequence[int] = (),
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_seconds: float = 60.0,
        verbose: int = 0,
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.divergence = divergence
        self.ratio = ratio
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.latent_size = latent_size
        self.n_particles = n_particles
        self.n_particle_steps = n_particle_steps
        self.n_critic_steps = n_critic_steps
        self.n_projection_passes = n_projection_passes
        self.n_warmup_steps = n_warmup_steps
        self.projection_schedule = projection_schedule
        self.step_size = step_size
        self.step_size_schedule = step_size_schedule
        self.scaling = scaling
        self.data_range = data_range
        self.instance_noise = instance_noise
        self.noise_schedule = noise_schedule
        self.optimizer = optimizer
        self.critic_lr = critic_lr
        self.generator_lr = generator_lr
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
        self.record_particles = record_particles
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.checkpoint_seconds = checkpoint_seconds
        self.verbose = verbose
        self.callbacks = callbacks

    @classmethod
    def preset(cls, name: str, **params: Any) -> Self:
        """A sampler with published settings, of which any can be changed.

        Parameters
        ----------
        name : {"images"}
            ``"images"``, for data in [−1, 1]: residual networks, 128 latents, a pool of 20 batches of 64, 20
            particle steps of 0.5 with one critic update each, RMSprop at 1e-4, halved at loops 400 and 800, and 5
            passes over the pool, growing to 10, 15 and 20 at loops 200, 1000 and 1500.
        **params
            Parameters in place of the preset's, or beside them.

        References
        ----------
        Gao et al., ICML 2019, section 5.1, and the authors' published code.

        Examples
        --------
        >>> from fdgm import VGrowSampler
        >>> VGrowSampler.preset("images", divergence="js", max_iter=2000).latent_size
        128
        """
        if name not in _PRESETS:
            raise ValueError(f"name of {cls.__name__}.preset must be one of {sorted(_PRESETS)}, got {name!r}.")
        return cls(**{**_PRESETS[name], **params})

    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        architecture = registry.make("architecture", self.architecture)
        scaling = Scaling.make(self.divergence, self.scale_clip, auto=_AUTO_CLIP)
        settings = VGrowSettings(
            architecture=architecture,
            scaling=scaling,
            latent_size=architecture.latent_size(shape) if self.latent_size is None else self.latent_size,
            n_particles=self.n_particles,
            n_particle_steps=self.n_particle_steps,
            n_critic_steps=self.n_critic_steps,
            n_projection_passes=self.n_projection_passes,
            n_warmup_steps=self.n_warmup_steps,
            projection_schedule=self._schedule("projection_schedule"),
            step_size=self._step_size(scaling),
            step_size_schedule=self._schedule("step_size_schedule"),
            clamp=self._scaled_range(shape),
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            critic_lr=self.critic_lr,
            critic_betas=self._betas("critic_betas", (0.5, 0.9)),
            generator_lr=self.generator_lr,
            generator_betas=self._betas("generator_betas", (0.9, 0.999)),
            lr_schedule=self._schedule("lr_schedule"),
            instance_noise=self.instance_noise,
            noise_schedule=self._schedule("noise_schedule"),
            ema=self.ema,
            precision=self.precision,
            ratio=self._checked_ratio(seeds),
        )
        self.net_ = VGrowNet(
            settings=settings, seeds=seeds, data_shape=shape, device=resolve_device(self.device)
        ).initialize()

    def _critic_copy(self) -> nn.Module | None:
        return None if self.net_.settings.ratio is not None else super()._critic_copy()

    def _checked_ratio(self, seeds: Seeds) -> DensityRatio | None:
        """The density ratio in the critic's place, where one was asked for.

        Raises
        ------
        ValueError
            If it has no gradient, or comes with settings of the critic that it replaces.
        """
        if self.ratio is None:
            return None
        self._check_idle(
            ("critic_lr", "critic_betas"), "with a ratio in the critic's place, which has settings of its own"
        )
        return make_ratio("VGrowSampler", self.ratio, seeds.critic)

    def _step_size(self, scaling: Scaling) -> float:
        if isinstance(self.step_size, str):
            return _AUTO_STEP / float(scaling.weight(torch.zeros((), dtype=torch.float32, device="cpu")))
        return self.step_size

    def _schedule(self, name: str) -> Schedule:
        return Schedule.make(type(self).__name__, name, getattr(self, name))

    def _callbacks(self) -> list[Any]:
        recorder = ParticleRecorder(
            tuple(int(loop) for loop in self.record_particles),
            self.particles_,
            lambda rows: self._scaler.to_array(rows, self._record.dtype),
        )
        return [*super()._callbacks(), recorder]

    def _noted(self) -> dict[str, Any]:
        return {**super()._noted(), "particles_": dict(self.particles_)}

    def to_state(self, *, compact: bool = False) -> State:
        state = super().to_state(compact=compact)
        state.parts["particles"] = State({str(loop): as_tensor(rows) for loop, rows in self.particles_.items()})
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        kept, shape = state.part("particles"), (None, *self._record.shape)
        for name in kept.tensors:
            if not (name.isascii() and name.isdigit()) or len(name) > 18:
                raise FileError(f"particles must be under the number of their outer loop, got {name[:40]!r}")
            self.particles_[int(name)] = kept.array(name, shape, self._record.dtype)
        return self

    def _reset(self) -> None:
        super()._reset()
        self.particles_: dict[int, np.ndarray] = {}
