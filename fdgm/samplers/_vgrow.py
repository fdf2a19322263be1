"""VGrow: particles follow the gradient flow of an f-divergence and are distilled into a generator."""

import inspect
import math
import os
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .. import registry
from .._ambient import undisturbed
from .._bar import Verbose
from .._literals import Auto, DataRange, Precision, ScalingName
from .._sklearn import Interval, StrOptions
from ..architectures import Architecture
from ..divergences import Divergence, Scaling
from ..exceptions import FileError
from ..inputs import Record, Seeds
from ..nets import Clock, resolve_device
from ..options import (
    Adam,
    Checkpoint,
    EarlyStopping,
    InstanceNoise,
    Maps,
    Network,
    Optimizer,
    Option,
    Replay,
    StepSize,
)
from ..persistence import State, as_tensor
from ..ratios import DensityRatio
from ..training import BestGenerator, Keeper, check_idle, describe_history, same, scaled_range
from ._base import Sampler
from ._beside import Beside
from ._distill import distill_maps
from ._maps_net import MapsNet, latents_of
from ._presets import PRESETS
from ._ratio_step import make_ratio
from ._recorder import ParticleRecorder
from ._vgrow_net import VGrowNet

__all__ = ["VGrowSampler"]

_AUTO_CLIP = 0.1
_DISTILLING = 10_000  # updates of a network that replaces maps while training goes on
_AUTO_STEP = 0.1  # standard deviations, where the weight is 1
_OF_NETWORKS = ("ratio", "n_critic_steps", "step_size", "instance_noise")  # parameters that maps have no use for

#: Defaults with maps.
_OF_MAPS: dict[str, Option] = {
    "generator": Maps(),
    "critic_optimizer": Adam(0.001, betas=(0.9, 0.99), schedule=((0.5, 1.0), (1.0, 0.1))),
}


class VGrowSampler(Sampler):
    """Sampler that minimises D_f(model‖data) by variational gradient flow.

    The order of the arguments is the paper's: ``divergence="kl"`` minimises KL(model‖data), which seeks modes;
    ``"reverse_kl"`` minimises KL(data‖model), which covers them.

    Particles move along weight_f(−T) ∇T. T is a critic's estimate of log p_data/p_model. Samples come from the maps
    that moved the particles, or from a network that is fitted to them after each iteration; see `generator`.

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
        One of ``fdgm.available("divergence")``, ``"all"`` (weights of one), or an instance.
    ratio : str, DensityRatio or None, default=None
        Estimator of log p_data/p_model. None is a critic, trained by logistic regression along with the particles.
        Otherwise give one of :func:`fdgm.ratios.with_gradient`, or an instance with a gradient. It is fitted to the
        first particles and then follows them. Each of its `n_critic_steps` updates uses all particles and as many rows
        of X. The gradient of a kernel is the distance divided by its squared width. If particles explode, lower
        `step_size` below that square or choose a larger width.
    scale_clip : float in (0, 1], None or "auto", default="auto"
        The ratio is clamped to [scale_clip, 1/scale_clip] before the weight is taken. None clamps nothing.
        ``"auto"`` is 0.1, which bounds the weights that grow with the ratio, such as Jeffreys'.
        ``divergence="all"`` has its own clip and takes none here.
    architecture : str or Architecture, default="mlp"
        One of ``fdgm.available("architecture")`` or an instance.
    generator : str, Network or Maps, default="auto"
        What samples come from:

        - ``"auto"``: ``"maps"`` if rows are vectors, ``"network"`` if they are images. Also ``"network"`` if one of
          `ratio`, `n_critic_steps`, `step_size` and `instance_noise` is set, which maps have no use for. Vectors come
          nearer to the data by maps in equal time; images have not been seen to.
        - ``"network"`` or ``Network(...)``: a network from latents to samples, fitted to the particles after each
          iteration. The option has the numbers of latents, particles and particle steps.
        - ``"maps"`` or ``Maps(...)``: the maps that moved the particles, replayed. `ratio`, `n_critic_steps`,
          `step_size` and `instance_noise` must be left alone, and refiners move its samples, not its latents.
    condition : None or "y", default=None
        What samples can be asked for given: ``"y"`` is the y of `fit`, up to 50 classes, or numbers. Generator and
        critic see it beside latents and rows, and particles keep theirs. X must be vectors. None ignores y.
    n_critic_steps : int, default=1
        Critic updates before each particle step.
    step_size : float, "auto" or StepSize, default="auto"
        Step size of the particles, in scaled units: the data's standard deviation, unless they have a range.
        ``"auto"`` is 0.1 divided by the divergence's weight at ratio 1. All divergences then move particles equally
        far once the model is near the data. The step falls to a twentieth in the second half of the budget;
        ``StepSize(..., schedule=...)`` sets another schedule.
    scaling : {"auto", "standard", "robust", "whole", "rank"}, default="auto"
        How data without a range are scaled. ``"standard"`` gives each column, or channel of images, mean 0 and
        standard deviation 1. ``"robust"`` does the same but ignores rows that lie far out; the networks see those on a
        logarithmic scale. ``"whole"`` is ``"robust"`` with one scale for all columns. ``"rank"`` makes every column
        normal by its ranks. ``"auto"`` is ``"robust"``, and ``"rank"`` if X is a table with columns that are not floats
        or with missing values.
    data_range : (float, float), None or "auto", default="auto"
        Smallest and largest value that X can have, in its units. No output leaves this range. X as a whole is mapped
        to [−1, 1], and particles are clamped to that. ``"auto"`` takes the smallest and largest value of X. If the
        architecture makes bounded data, as those for images do, there is one range for all columns. Otherwise each
        column, or channel, has its own range, and X is scaled by `scaling`. None is ``"auto"`` without bounds.
    instance_noise : float or InstanceNoise, default=0.3
        Standard deviation, in scaled units, of the noise added to both of the critic's samples. The noise lets the
        critic see across gaps between modes. It falls to 0 during training; ``InstanceNoise(..., schedule=...)`` sets
        another schedule.
    critic_optimizer : Optimizer or None, default=None
        None is ``Adam(0.0005, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05)))`` with a network and
        ``Adam(0.001, betas=(0.9, 0.99), schedule=((0.5, 1.0), (1.0, 0.1)))`` with maps. A parameter that an `Optimizer`
        leaves open takes its value from this default.
    batch_size : int, default=256
        Rows of each of the two samples in a critic update, and particles in a projection step.
    precision : {"float32", "bfloat16"}, default="float32"
        Precision of the networks' matrix products and convolutions, in training and when samples are refined. Samples
        are drawn in float32. bfloat16 is faster on processors that support it.
    early_stopping : bool or EarlyStopping, default=False
        Whether to hold out rows of X and compare the model with them during training. Training stops when the distance
        no longer improves, and the best generator is kept. ``EarlyStopping(...)`` sets how many rows and how often.
    max_iter : int or None, default=100
        Maximum number of iterations. With None, `max_seconds` ends training.
    max_seconds : float or None, default=None
        Maximum number of seconds of `fit`, including all that it does before training. Whichever of the two limits
        comes first ends it. The clock is read before each update. An iteration that it cuts is undone and not counted,
        except the very first, which ends there.
    replay : Replay or None, default=None
        Clock readings of another fit at each iteration, instead of `max_iter` and `max_seconds`.
        ``replay=s.replay_`` repeats that fit bit for bit.
    record_particles : sequence of int, default=()
        Iterations, counted from 1, whose particles are kept in `particles_`.
    warm_start : bool, default=False
        Whether `fit` continues from the networks of the last fit. The parameters that made them must not have changed.
    device : str, default="auto"
        ``"auto"`` is a GPU if there is one. Any other value is the name of a torch device.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same bits with the same thread count and versions, provided that `max_iter` ends training.
    checkpoint : str, path, Checkpoint or None, default=None
        File that holds the whole state of an unfinished `fit`. A `fit` that was killed or interrupted resumes from it,
        bit for bit, when called again with the same arguments and data. The file is written every minute;
        ``Checkpoint(path, seconds=...)`` sets another interval. It is removed when `fit` ends. `fit` tests before
        training that the file can be written. If writing fails later, one warning says so.
    verbose : int or "auto", default="auto"
        1 shows a progress bar, and ``"auto"`` shows it at a terminal from the tenth second on.
    callbacks : sequence of skorch callbacks or None, default=None
        Called with the net at each iteration (skorch's epoch). A callback ends training cleanly by raising
        :class:`fdgm.exceptions.StopTraining`, as skorch's EarlyStopping does. Of skorch's callbacks,
        GradientNormClipping clips the gradients of each network separately, and LRScheduler multiplies each learning
        rate in addition to its schedule. Callbacks that need one module, one optimizer or labels are refused.

    Attributes
    ----------
    net_ : VGrowNet or MapsNet
        The skorch net. A VGrowNet has ``generator_`` and ``critic_``, and ``average_`` if the generator is averaged. A
        MapsNet has ``critic_`` and ``maps_``.
    history_ : DataFrame of shape (n_loops, 5), 1 column more with a network and 1 more with rows held out
        One row for each iteration, with the columns:

        - critic_loss: 2 log 2 = 1.386 if data and model cannot be told apart;
        - displacement: mean over particles, in scaled units;
        - spread: square root of the particles' total variance divided by the data's;
        - projection_loss: only with a network;
        - divergence: the critic's estimate of D_f(model‖data);
        - held_out_distance: only if it was measured;
        - seconds.
    n_iter_ : int
        Number of iterations run.
    best_iter_ : int
        With `early_stopping`, the iteration whose generator is kept.
    stop_reason_ : str
        What ended training:

        - ``"max_iter"``, ``"max_seconds"`` or ``"early_stopping"``;
        - ``"callback"``, or the text of its StopTraining;
        - ``"interrupted"``: Ctrl-C, which `fit` raises again;
        - ``"non_finite"``, ``"explosion"`` or ``"collapse"``: a failure, which a warning describes.
    replay_ : Replay
        Repeats this fit bit for bit, as the parameter `replay`.
    particles_ : dict of int to ndarray of shape (n_particles, n_features)
        Particles at the iterations in `record_particles`, in X's units; with ranks, their normal scores.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only if X had column names.

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
        "condition": [StrOptions({"y"}), None],
        "divergence": [str, Divergence],
        "ratio": [str, DensityRatio, None],
        "scale_clip": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"}), None],
        "generator": [StrOptions({"auto", "maps", "network"}), Maps, Network],
        "n_critic_steps": [Interval(Integral, 1, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"}), StepSize],
        "instance_noise": [Interval(Real, 0, None, closed="left"), InstanceNoise],
        "critic_optimizer": [Optimizer, None],
        "record_particles": ["array-like"],
    }
    _call_params: ClassVar = (*Sampler._call_params, "record_particles")
    _named_options: ClassVar = ("generator",)
    _option_defaults: ClassVar = {
        **Sampler._option_defaults,
        "generator": Network(),
        "step_size": StepSize("auto", schedule=((0.5, 1.0), (1.0, 0.05))),
        "instance_noise": InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.0))),
        "critic_optimizer": Adam(0.0005, betas=(0.5, 0.9), schedule=((0.5, 1.0), (1.0, 0.05))),
    }
    _forgotten: ClassVar = (*Sampler._forgotten, "particles_")
    _components: ClassVar = {**Sampler._components, "divergence": "divergence", "ratio": "density_ratio"}
    _failure_hints: ClassVar[dict[str, str]] = {
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
        scale_clip: float | Auto | None = "auto",
        architecture: str | Architecture = "mlp",
        generator: Literal["auto", "maps", "network"] | Maps | Network = "auto",
        condition: Literal["y"] | None = None,
        n_critic_steps: int = 1,
        step_size: float | Auto | StepSize = "auto",
        scaling: ScalingName = "auto",
        data_range: DataRange = "auto",
        instance_noise: float | InstanceNoise = 0.3,
        critic_optimizer: Optimizer | None = None,
        batch_size: int = 256,
        precision: Precision = "float32",
        early_stopping: bool | EarlyStopping = False,
        max_iter: int | None = 100,
        max_seconds: float | None = None,
        replay: Replay | None = None,
        record_particles: Sequence[int] = (),
        warm_start: bool = False,
        device: str = "auto",
        random_state: Any = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        verbose: Verbose = "auto",
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        self.divergence = divergence
        self.ratio = ratio
        self.scale_clip = scale_clip
        self.architecture = architecture
        self.generator = generator
        self.condition = condition
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
    def preset(cls, name: Literal["images"], **params: Any) -> Self:
        """Make a sampler with published settings, each of which can be changed.

        Parameters
        ----------
        name : {"images"}
            ``"images"`` is for data in [−1, 1]:

            - residual networks and 128 latents;
            - a pool of 20 batches of 64 particles;
            - 20 particle steps of 0.5, with one critic update each;
            - RMSprop at 1e-4, halved at iterations 400 and 800;
            - 5 passes over the pool, growing to 10, 15 and 20 at iterations 200, 1000 and 1500.
        **params
            Parameters that replace those of the preset or add to them.

        References
        ----------
        Gao et al., ICML 2019, section 5.1, and the authors' published code.

        Examples
        --------
        >>> from fdgm import VGrowSampler
        >>> VGrowSampler.preset("images", divergence="js", max_iter=2000).generator.latent_size
        128
        """
        if name not in PRESETS:
            raise ValueError(f"name of {cls.__name__}.preset must be one of {sorted(PRESETS)}, got {name!r}.")
        chosen = {key: clone(value, safe=False) for key, value in PRESETS[name].items()}
        return cls(**{**chosen, **params})

    def _default_option(self, name: str) -> Option:
        return _OF_MAPS[name] if self._wants_maps and name in _OF_MAPS else self._option_defaults[name]

    @property
    def _wants_maps(self) -> bool:
        """Whether `generator` asks for maps. Before data are seen, ``"auto"`` expects vectors."""
        if self.generator != "auto":
            return isinstance(self.generator, Maps) or self.generator == "maps"
        return len(vars(self).get("_row_shape", (1,))) == 1 and all(
            same(getattr(self, name), _DEFAULTS[name].default) for name in _OF_NETWORKS
        )

    def _make_net(self, settings: SimpleNamespace, shape: tuple[int, ...], seeds: Seeds) -> VGrowNet | MapsNet:
        architecture = registry.make("architecture", settings.architecture)
        device = resolve_device(self.device)
        vars(settings).update(
            architecture=architecture,
            scaling=Scaling.make(settings.divergence, settings.scale_clip, auto=_AUTO_CLIP),
            clamp=scaled_range(architecture, settings.data_range, shape),
            beside=None if self._condition is None else Beside(self._condition, device),
        )
        n_latents = latents_of(shape), architecture.latent_size(shape)
        if settings.beside is not None:
            shape = (shape[0] + settings.beside.size,)
        if isinstance(settings.generator, Maps):
            check_idle(self, _OF_NETWORKS, "with maps, whose option Maps has settings for it")
            vars(settings).update(maps=settings.generator, latent_size=n_latents[0])
            return MapsNet(settings=settings, seeds=seeds, data_shape=shape, device=device).initialize()
        network, step = settings.generator, settings.step_size
        vars(settings).update(
            network=network,
            latent_size=n_latents[1] if network.latent_size is None else network.latent_size,
            step=step if step.size != "auto" else step.set_params(size=_auto_step(settings.scaling)),
            ratio=None if settings.ratio is None else self._checked_ratio(settings.ratio, seeds),
        )
        return VGrowNet(settings=settings, seeds=seeds, data_shape=shape, device=device).initialize()

    @undisturbed()
    def distill(self, n_seconds: float = 10.0) -> Self:
        """Fit one network to the maps, for faster samples. The sampler itself stays as it is.

        The network learns by least squares what the maps make of latents, and takes the place of the base that the
        flow starts from. It blurs what lies between modes. Training may go on: new maps then follow the network.

        Parameters
        ----------
        n_seconds : float, default=10.0
            Above 0. 40% of them at most pass latents through the maps, the others fit the network.

        Returns
        -------
        distilled : VGrowSampler
            A fitted sampler without maps. Its `history_` has one row. ``held_out_distance`` there is what distilling
            costs: the energy distance between 2,000 samples of the maps and of the network, in scaled units. Its
            `log_ratio` is that of data to the maps' samples until it is trained on. Refiners may move its latents.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If samples do not come from maps, or from maps that are distilled already, or if `n_seconds` is not a
            finite number above 0.

        Examples
        --------
        >>> import numpy as np
        >>> from fdgm import VGrowSampler
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> sampler = VGrowSampler(max_iter=2, random_state=0).fit(X)
        >>> sampler.distill(n_seconds=0.5).sample(3).shape
        (3, 2)
        """
        check_is_fitted(self)
        owner = type(self).__name__
        if not self._keeps_maps:
            raise ValueError(f"generator of {owner} must be maps for distill, got {self._made_with['generator']!r}.")
        if not (isinstance(n_seconds, Real) and 0 < n_seconds < float("inf")):
            raise ValueError(f"n_seconds of {owner}.distill must be a finite number above 0, got {n_seconds!r}.")
        if not len(self.net_.maps_):
            raise ValueError(f"{owner} must have maps for distill, got one that is a single network already.")
        made = self._frozen()
        clock = Clock(None, float(n_seconds))
        distance = distill_maps(made.net_, clock)
        last = {**dict.fromkeys(made.net_.history_names, math.nan), "held_out_distance": distance}
        del made.net_.history[:]
        made.net_.history.append({"batches": [], "epoch": 1, **last, "seconds": clock.seconds})
        made._progress, made._n_inner_steps, made.stop_reason_ = [1.0], None, "max_seconds"
        made._best, made.particles_ = BestGenerator(), {}  # what early stopping found is not of the network
        made._n_calls = self._n_calls and 0
        made.net_.remember_good()
        describe_history(made)
        made._calibrate()
        return made

    def _go_on(self, X: np.ndarray, record: Record) -> None:
        super()._go_on(X, record)
        if self._keeps_maps and self.net_.n_added_ >= self.net_.settings.maps.max_added:
            distill_maps(self.net_, Clock(_DISTILLING, None))

    @property
    def _keeps_maps(self) -> bool:
        return isinstance(self.net_, MapsNet)

    def _critic_copy(self) -> nn.Module | None:
        if not self._keeps_maps and self.net_.settings.ratio is not None:
            return None
        return super()._critic_copy()

    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]] | None:
        has_maps = self._keeps_maps and len(self.net_.maps_) > 0
        return None if has_maps else super()._scaled_generator()

    def _checked_ratio(self, ratio: str | DensityRatio, seeds: Seeds) -> DensityRatio:
        """The density ratio that replaces the critic.

        Raises
        ------
        ValueError
            If it has no gradient, or if settings of the critic that it replaces are given too.
        """
        check_idle(self, ("critic_optimizer",), "with a ratio in the critic's place, which has settings of its own")
        return make_ratio("VGrowSampler", ratio, seeds.critic)

    def _keepers(self) -> list[Keeper]:
        iterations = tuple(int(iteration) for iteration in self.record_particles)
        self.particles_: dict[int, np.ndarray] = vars(self).get("particles_", {})
        width, to_array = self._record.shape[0], partial(self._scaler.to_array, dtype=self._record.dtype)
        return [ParticleRecorder(iterations, self.particles_, lambda rows: to_array(rows[:, :width]))]

    def to_state(self, *, compact: bool = False) -> State:
        state = super().to_state(compact=compact)
        state.parts["particles"] = State({str(loop): as_tensor(rows) for loop, rows in self.particles_.items()})
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        kept, shape = state.part("particles"), (None, *self._record.shape)
        self.particles_ = {}
        for name in kept.tensors:
            if not (name.isascii() and name.isdigit()) or len(name) > 18:
                raise FileError(f"particles must be under the number of their iteration, got {name[:40]!r}")
            self.particles_[int(name)] = kept.array(name, shape, self._record.dtype)
        return self


def _auto_step(scaling: Scaling) -> float:
    """Step of a tenth of a standard deviation where the two densities are equal."""
    return _AUTO_STEP / float(scaling.weight(torch.zeros((), dtype=torch.float32, device="cpu")))


_DEFAULTS = inspect.signature(VGrowSampler).parameters
