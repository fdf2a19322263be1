"""VGrow: particles that follow the gradient flow of an f-divergence, distilled into a generator."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from .. import registry
from ..architectures import Architecture
from ..divergences import Divergence, Scaling
from ..exceptions import FileError
from ..inputs import Seeds
from ..nets import resolve_device
from ..options import (
    Adam,
    Checkpoint,
    EarlyStopping,
    InstanceNoise,
    Network,
    Optimizer,
    Option,
    Replay,
    RMSprop,
    StepSize,
)
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
        "generator": Network(
            latent_size=128,
            n_particles=20 * 64,
            n_particle_steps=20,
            passes=5,
            passes_schedule=((200, 2.0), (1000, 3.0), (1500, 4.0)),
            n_warmup_steps=0,
            ema=None,
            optimizer=RMSprop(1e-4, schedule=((400, 0.5), (800, 0.25))),
        ),
        "n_critic_steps": 1,
        "critic_optimizer": RMSprop(1e-4, schedule=((400, 0.5), (800, 0.25))),
        "step_size": StepSize(0.5, schedule=()),
        "instance_noise": 0.0,
        "data_range": (-1.0, 1.0),
        "batch_size": 64,
    }
}


class VGrowSampler(Sampler):
    """Sampler that minimises D_f(model‖data) by variational gradient flow.

    The order of the arguments is the paper's: ``divergence="kl"`` minimises KL(model‖data), which seeks modes;
    ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Each outer loop draws latents, turns them into particles, moves the particles some times along
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
    generator : str or Network, default="network"
        What is made of the particles. ``"network"`` is a generator that is fitted to them; ``Network(...)`` has its
        settings, among them the numbers of latents, particles and particle steps.
    n_critic_steps : int, default=1
        Critic updates before each particle step.
    step_size : float, "auto" or StepSize, default="auto"
        Step of the particles, in scaled units: the data's standard deviation, unless they have a range. ``"auto"`` is
        0.1 over the divergence's weight where the ratio is 1, so that all divergences move them alike once the model
        is near the data. It falls to a twentieth in the second half of the budget; ``StepSize(..., schedule=...)``
        has another schedule.
    scaling : {"auto", "standard", "robust", "whole"}, default="auto"
        How the networks see data that have no range. ``"standard"`` gives each column, or channel of images, mean 0
        and standard deviation 1. ``"robust"`` does so without the rows that lie far out, which the networks see on a
        logarithmic scale. ``"whole"`` is as ``"robust"``, with one scale for all columns. ``"auto"`` is ``"robust"``.
    data_range : (float, float), None or "auto", default="auto"
        The least and greatest value that X can have, in its units, and that any output has. X is mapped to [−1, 1] as
        a whole, and particles are clamped to it. ``"auto"`` takes X's own least and greatest value, of all columns
        together where the architecture makes bounded data, as those for images do; of each column, or channel,
        otherwise, and X is scaled by `scaling`. None is ``"auto"`` without bounds.
    instance_noise : float or InstanceNoise, default=0.3
        Standard deviation, in scaled units, of the noise added to both of the critic's samples. It lets the critic
        see across gaps between modes. It falls to 0 over training; ``InstanceNoise(..., schedule=...)`` has another
        schedule.
    critic_optimizer : Optimizer or None, default=None
        None is ``Adam(0.0005, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05)))``. An `Optimizer` takes from it
        what it leaves open.
    batch_size : int, default=256
        Rows of each sample in a critic update, and particles in a projection step.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the matrix products and convolutions inside the networks, in training and where samples are refined; they are
        drawn in float32. bfloat16 is faster where the processor has it.
    early_stopping : bool or EarlyStopping, default=False
        Whether to hold samples out, compare the model with them as training goes on, stop when that no longer
        improves, and keep the best generator. ``EarlyStopping(...)`` says how many and how often.
    max_iter : int or None, default=100
        Outer loops at most; None leaves the end to `max_seconds`.
    max_seconds : float or None, default=None
        Seconds of `fit` at most, with all that it does before training; whichever comes first ends it. The clock is
        looked at before each update. An outer loop that it cuts is undone and not counted, except the first of all,
        which ends there.
    replay : Replay or None, default=None
        What another fit's clock said at each outer loop, in the place of `max_iter` and `max_seconds`:
        ``replay=s.replay_`` gives that fit again, to the same bits.
    record_particles : sequence of int, default=()
        Outer loops, counted from 1, whose particles are kept in `particles_`.
    warm_start : bool, default=False
        Whether `fit` goes on from the networks of the last fit; the parameters that made them must stay as they were.
    device : str, default="auto"
        ``"auto"`` is a GPU where there is one; otherwise a device as torch names it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same bits for the same thread count and versions, if `max_iter` ends training.
    checkpoint : str, path, Checkpoint or None, default=None
        File that keeps the whole state of an unfinished `fit`: called again with the same arguments and data, a
        `fit` that was killed or interrupted goes on from it, to the same bits. It is removed when `fit` ends. Whether
        it can be written is tried before training; should it fail later, a warning says so once. It is written every
        minute; ``Checkpoint(path, seconds=...)`` has another interval.
    verbose : int, default=0
        1 shows a progress bar.
    callbacks : sequence of skorch callbacks or None, default=None
        Called with the net at each outer loop (skorch's epoch). One that raises :class:`fdgm.exceptions.StopTraining`
        ends training in good order, as skorch's EarlyStopping does. Of skorch's, GradientNormClipping clips the
        gradients of each network by itself, and LRScheduler multiplies each rate, beside its schedule. Those that
        need one module, one optimizer or labels are refused.

    Attributes
    ----------
    net_ : VGrowNet
        The skorch net, with ``generator_`` and ``critic_``, and ``average_`` where it is averaged.
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
    replay_ : Replay
        What replays this fit to the same bits.
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
        "generator": [StrOptions({"network"}), Network],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"}), StepSize],
        "instance_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise],
        "critic_optimizer": [Optimizer, None],
        "record_particles": ["array-like"],
    }
    _call_params: ClassVar = (*Sampler._call_params, "record_particles")
    _named_options: ClassVar = ("generator",)
    _components: ClassVar = {**Sampler._components, "divergence": "divergence", "ratio": "density_ratio"}
    _mends: ClassVar[dict[str, str]] = {
        "non_finite, the generator": "Lower the rate of the optimizer of {generator}.",
        "explosion, the generator": "Lower the rate of the optimizer of {generator}.",
        "non_finite": "Lower {step_size} or {critic_optimizer}, or bring {scale_clip} nearer to 1.",
        "explosion": "Lower {step_size} or {critic_optimizer}, or bring {scale_clip} nearer to 1.",
        "collapse": (
            "Lower {step_size} or {critic_optimizer}, raise the passes of {generator} or {instance_noise}, or bring"
            " {scale_clip} nearer to 1."
        ),
    }

    def __init__(
        self,
        divergence: str | Divergence = "kl",
        *,
        ratio: str | DensityRatio | None = None,
        scale_clip: float | str | None = "auto",
        architecture: str | Architecture = "mlp",
        generator: str | Network = "network",
        n_critic_steps: int = 1,
        step_size: float | str | StepSize = "auto",
        scaling: str = "auto",
        data_range: tuple[float, float] | str | None = "auto",
        instance_noise: float | InstanceNoise = 0.3,
        critic_optimizer: Optimizer | None = None,
        batch_size: int = 256,
        precision: str = "float32",
        early_stopping: bool | EarlyStopping = False,
        max_iter: int | None = 100,
        max_seconds: float | None = None,
        replay: Replay | None = None,
        record_particles: Sequence[int] = (),
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        verbose: int = 0,
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.divergence = divergence
        self.ratio = ratio
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.generator = generator
        self.n_critic_steps = n_critic_steps
        self.step_size = step_size
        self.scaling = scaling
        self.data_range = data_range
        self.instance_noise = instance_noise
        self.critic_optimizer = critic_optimizer
        self.batch_size = batch_size
        self.precision = precision
        self.early_stopping = early_stopping
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.replay = replay
        self.record_particles = record_particles
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.checkpoint = checkpoint
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
        >>> VGrowSampler.preset("images", divergence="js", max_iter=2000).generator.latent_size
        128
        """
        if name not in _PRESETS:
            raise ValueError(f"name of {cls.__name__}.preset must be one of {sorted(_PRESETS)}, got {name!r}.")
        chosen = {key: clone(value, safe=False) for key, value in _PRESETS[name].items()}
        return cls(**{**chosen, **params})

    @classmethod
    def _default_options(cls) -> dict[str, Option]:
        return {
            **super()._default_options(),
            "generator": Network(),
            "step_size": StepSize("auto", schedule=((0.5, 1.0), (1.0, 0.05))),
            "instance_noise": InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.0))),
            "critic_optimizer": Adam(0.0005, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05))),
        }

    def _make_net(self, shape: tuple[int, ...], seeds: Seeds) -> None:
        architecture = registry.make("architecture", self.architecture)
        scaling = Scaling.make(self.divergence, self.scale_clip, auto=_AUTO_CLIP)
        network = self._option("generator")
        latent_size = architecture.latent_size(shape) if network.latent_size is None else network.latent_size
        step = self._option("step_size")
        settings = VGrowSettings(
            architecture=architecture,
            scaling=scaling,
            latent_size=latent_size,
            network=network,
            n_critic_steps=self.n_critic_steps,
            step=step if step.size != "auto" else clone(step).set_params(size=_auto_step(scaling)),
            clamp=self._scaled_range(shape),
            batch_size=self.batch_size,
            critic_optimizer=self._option("critic_optimizer"),
            instance_noise=self._option("instance_noise"),
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
        self._check_idle(("critic_optimizer",), "with a ratio in the critic's place, which has settings of its own")
        return make_ratio("VGrowSampler", self.ratio, seeds.critic)

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


def _auto_step(scaling: Scaling) -> float:
    """A tenth of a standard deviation where the weight is that of equal densities."""
    return _AUTO_STEP / float(scaling.weight(torch.zeros((), dtype=torch.float32, device="cpu")))
