"""VGrow: particles that follow the gradient flow of an f-divergence, distilled into a generator."""

import os
import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor

from .. import registry
from ..architectures import Architecture
from ..divergences import Divergence, Scaling
from ..exceptions import TrainingError, TrainingWarning
from ..inputs import AffineScaler, Record, Seeds, entropy_of, validate
from ..nets import Clock, NonFinite, ProgressBar, resolve_device
from ._base import Sampler
from ._recorder import ParticleRecorder
from ._state import restore, resume, state_of
from ._vgrow_net import VGrowNet, VGrowSettings

__all__ = ["VGrowSampler"]

_AUTO_CLIP = 0.1


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
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken; None clamps nothing.
        ``"auto"`` is 0.1, which keeps the weights that grow with the ratio, such as Jeffreys', from running away;
        ``divergence="all"`` has a clip of its own, and takes none here.
    architecture : str or Architecture, default="mlp"
        One of ``fdgm.available("architecture")`` or an instance.
    latent_size : int or None, default=None
        Number of standard normal latents; None leaves it to the architecture.
    n_particles : int, default=2048
        Particles moved in each outer loop.
    n_particle_steps : int, default=20
        Steps of the particles in each outer loop (the paper's K).
    n_critic_steps : int, default=1
        Critic updates before each particle step.
    n_projection_steps : int, default=40
        Generator updates that fit the particles at the end of each outer loop.
    step_size : float, default=0.05
        Step of the particles, in units of the data's standard deviation.
    instance_noise : float, default=0.3
        Standard deviation, in the same units, of the noise added to both of the critic's samples, falling linearly
        to zero. It lets the critic see across gaps between modes.
    noise_end : float in (0, 1], default=0.8
        Share of the budget at which the noise has fallen to zero.
    critic_lr, generator_lr : float, default=0.0005 and 0.001
        Learning rates of Adam.
    decay_start : float in [0, 1), default=0.5
        Share of the budget after which the learning rates and the step size fall, along half a cosine.
    final_rate : float in (0, 1], default=0.05
        Share of them left at the end; 1 keeps them constant.
    batch_size : int, default=256
        Rows of each sample in a critic update, and particles in a projection step.
    max_iter : int or None, default=100
        Outer loops at most; None leaves the end to `max_seconds`.
    max_seconds : float or None, default=None
        Seconds of training at most; whichever comes first ends it.
    schedule : sequence of float or None, default=None
        Progress in [0, 1] at each outer loop, instead of a clock's: ``max_iter=s.n_iter_, schedule=s.schedule_``
        replays a fit that `max_seconds` ended.
    record_particles : sequence of int, default=()
        Outer loops, counted from 1, whose particles are kept in `particles_`.
    warm_start : bool, default=False
        Whether `fit` goes on from the networks of the last fit.
    device : str, default="auto"
        ``"auto"`` is a GPU where there is one; otherwise a device as torch names it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same bits for the same thread count and versions, if `max_iter` ends training.
    checkpoint : str, path or None, default=None
        File that keeps the whole state of an unfinished `fit`: called again with the same arguments and data, a
        `fit` that was killed goes on from it, to the same bits. It is removed when `fit` ends.
    checkpoint_seconds : float, default=60
        Seconds between writes.
    verbose : int, default=0
        1 shows a progress bar.
    callbacks : sequence of skorch callbacks or None, default=None
        Called with the net at each outer loop (skorch's epoch); a KeyboardInterrupt raised there stops training.

    Attributes
    ----------
    net_ : VGrowNet
        The skorch net, with ``generator_`` and ``critic_``.
    history_ : DataFrame of shape (n_loops, 5)
        critic_loss (2 log 2 = 1.386 where data and model cannot be told apart), displacement (mean over particles,
        in standard deviations), projection_loss, divergence (the critic's estimate of D_f(model‖data)), seconds.
    n_iter_ : int
        Outer loops run.
    stop_reason_ : {"max_iter", "max_seconds", "callback", "non_finite"}
    schedule_ : list of float
        Progress at each outer loop.
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
        "divergence": [str, Divergence],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), None],
        "architecture": [str, Architecture],
        "latent_size": [Interval(Integral, 1, None, closed="left"), None],
        "n_particles": [Interval(Integral, 2, None, closed="left")],
        "n_particle_steps": [Interval(Integral, 1, None, closed="left")],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "n_projection_steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "instance_noise": [Interval(Real, 0, None, closed="left")],
        "critic_lr": [Interval(Real, 0, None, closed="neither")],
        "generator_lr": [Interval(Real, 0, None, closed="neither")],
        "noise_end": [Interval(Real, 0, 1, closed="right")],
        "decay_start": [Interval(Real, 0, 1, closed="left")],
        "final_rate": [Interval(Real, 0, 1, closed="right")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "schedule": ["array-like", None],
        "record_particles": ["array-like"],
        "warm_start": ["boolean"],
        "device": [str],
        "random_state": ["random_state", np.random.Generator],
        "checkpoint": [str, os.PathLike, None],
        "checkpoint_seconds": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "callbacks": [list, tuple, None],
    }

    def __init__(
        self,
        divergence: str | Divergence = "kl",
        *,
        scale_clip: float | str | None = "auto",
        architecture: str | Architecture = "mlp",
        latent_size: int | None = None,
        n_particles: int = 2048,
        n_particle_steps: int = 20,
        n_critic_steps: int = 1,
        n_projection_steps: int = 40,
        step_size: float = 0.05,
        instance_noise: float = 0.3,
        critic_lr: float = 0.0005,
        generator_lr: float = 0.001,
        noise_end: float = 0.8,
        decay_start: float = 0.5,
        final_rate: float = 0.05,
        batch_size: int = 256,
        max_iter: int | None = 100,
        max_seconds: float | None = None,
        schedule: Sequence[float] | None = None,
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
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.latent_size = latent_size
        self.n_particles = n_particles
        self.n_particle_steps = n_particle_steps
        self.n_critic_steps = n_critic_steps
        self.n_projection_steps = n_projection_steps
        self.step_size = step_size
        self.instance_noise = instance_noise
        self.critic_lr = critic_lr
        self.generator_lr = generator_lr
        self.noise_end = noise_end
        self.decay_start = decay_start
        self.final_rate = final_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.schedule = schedule
        self.record_particles = record_particles
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.checkpoint_seconds = checkpoint_seconds
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn to sample from the distribution of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            At least two rows of finite numbers.
        y : ignored

        Returns
        -------
        self : VGrowSampler

        Raises
        ------
        ValueError, TypeError
            For a parameter out of range, or an X that is not two or more rows of finite real numbers.
        TrainingError
            If training met a NaN before there was a generator to keep.

        Warns
        -----
        TrainingWarning
            If training met a NaN later: the last good generator is kept.
        """
        self._validate_params()
        if self.max_iter is None and self.max_seconds is None:
            raise ValueError("max_iter of VGrowSampler must be an int where max_seconds is None, got None for both.")
        clock = Clock(self.max_iter, self.max_seconds, self._checked_schedule())
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        array, record = validate(self, X, reset=not goes_on, min_samples=2)
        if not goes_on:
            self._start(array)
        scaled = self._scaler.to_tensor(array)
        if self.checkpoint is None:
            return self._train(scaled, record, clock)
        self._record = record
        checkpointer = resume(self, scaled, clock)
        self._train(scaled, record, clock, checkpointer)
        checkpointer.finish()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One more outer loop on X, at full step size; the first call fixes the scaling.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        self : VGrowSampler
        """
        self._validate_params()
        goes_on = self.__sklearn_is_fitted__()
        array, record = validate(self, X, reset=not goes_on, min_samples=1 if goes_on else 2)
        if not goes_on:
            self._start(array)
        return self._train(self._scaler.to_tensor(array), record, Clock(1, None, [0.0]))

    def _checked_schedule(self) -> list[float] | None:
        if self.schedule is None:
            return None
        schedule = [float(value) for value in self.schedule]
        if not schedule or not all(0 <= value <= 1 for value in schedule):
            raise ValueError(
                f"schedule of VGrowSampler must hold at least one number, all in [0, 1], got {self.schedule!r}."
            )
        return schedule

    def _start(self, array: np.ndarray) -> None:
        """Scaling, seeds and fresh networks."""
        self._scaler = AffineScaler.fit(array)
        self._make_net(array.shape[1:], Seeds.from_entropy(entropy_of(self.random_state)))
        self.schedule_ = []
        self.particles_ = {}
        self._n_calls = 0

    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        architecture = registry.make("architecture", self.architecture)
        settings = VGrowSettings(
            architecture=architecture,
            scaling=Scaling.make(self.divergence, self.scale_clip, auto=_AUTO_CLIP),
            latent_size=architecture.latent_size(shape) if self.latent_size is None else self.latent_size,
            n_particles=self.n_particles,
            n_particle_steps=self.n_particle_steps,
            n_critic_steps=self.n_critic_steps,
            n_projection_steps=self.n_projection_steps,
            step_size=self.step_size,
            batch_size=self.batch_size,
            critic_lr=self.critic_lr,
            generator_lr=self.generator_lr,
            instance_noise=self.instance_noise,
            noise_end=self.noise_end,
            decay_start=self.decay_start,
            final_rate=self.final_rate,
        )
        self.net_ = VGrowNet(
            settings=settings, seeds=seeds, data_shape=shape, device=resolve_device(self.device)
        ).initialize()

    def _train(self, scaled: Tensor, record: Record, clock: Clock, *callbacks: Any) -> Self:
        self._record = record
        recorder = ParticleRecorder(
            tuple(int(loop) for loop in self.record_particles),
            self.particles_,
            lambda rows: self._scaler.to_array(rows, record.dtype),
        )
        extra = [ProgressBar(type(self).__name__)] if self.verbose else []
        net = self.net_
        net.callbacks = [recorder, *callbacks, *extra, *(self.callbacks or ())]
        net._initialize_callbacks()
        try:
            self.stop_reason_ = net.train(scaled, clock)
        except NonFinite as failure:
            self._keep_last_good(str(failure), clock)
        finally:
            net.callbacks, net.callbacks_ = None, []  # they belong to this call, and need not be picklable
        self.schedule_ = self.schedule_ + clock.readings
        self._summarise()
        return self

    def _summarise(self) -> None:
        self.n_iter_ = len(self.schedule_)
        self.history_ = pd.DataFrame(
            self.net_.history[:, self.net_.history_names], columns=list(self.net_.history_names)
        )

    def _state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return state_of(self)

    def _restore(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> Self:
        restore(self, tensors, state)
        self.stop_reason_ = state["stop_reason"]
        self._summarise()
        return self

    def _keep_last_good(self, what: str, clock: Clock) -> None:
        """Go back to the networks of the loop before, and say what happened and which knob to turn."""
        net = self.net_
        loop = len(net.history)
        losses = [round(row["critic_loss"], 4) for row in net.history[-3:]]
        message = (
            f"VGrowSampler: in outer loop {loop} {what} (last critic losses: {losses})."
            f" Lower step_size (now {self.step_size:g}) or critic_lr (now {self.critic_lr:g}), or bring"
            f" scale_clip nearer to 1 (now {self.scale_clip!r})."
        )
        if loop < 2:
            del self.net_
            raise TrainingError(message)
        del net.history[-1], clock.readings[-1]
        net.generator_.load_state_dict(net.good_[0])
        net.critic_.load_state_dict(net.good_[1])
        self.stop_reason_ = "non_finite"
        warnings.warn(message + " The generator of the loop before is kept.", TrainingWarning, stacklevel=4)
